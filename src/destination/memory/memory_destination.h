// A transactional destination in the memory of this process: for tests, for the simulation, and as the simplest example
// of what a destination must do. It answers no queries.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "destination/destination.h"
#include "destination/memory/memory_store.h"
#include "destination/memory/memory_transaction.h"
#include "destination/open_destination.h"

namespace walbrook::destination::memory {

class MemoryDestination final : public destination::Destination {
 public:
  // The destination's store is the one that the URL, memory:NAME, names.
  explicit MemoryDestination(const DestinationOptions& options);

  [[nodiscard]] const Capabilities& capabilities() const override;
  [[nodiscard]] std::string name() const override { return name_; }
  [[nodiscard]] std::string type_name(const PhysicalType& type) const override;

  [[nodiscard]] State open() override;
  [[nodiscard]] State read_state() override;
  [[nodiscard]] std::vector<TargetFinding> inspect(std::span<const OutputRecord> outputs) override;
  [[nodiscard]] std::unique_ptr<Transaction> begin(const AttemptId& attempt) override;
  [[nodiscard]] std::unique_ptr<CopyWriter> begin_copy(std::span<const CopyTarget> outputs) override;
  void drop(DropScope scope, std::span<const OutputRecord> outputs) override;

 private:
  [[nodiscard]] bool is_durable(const MemoryTransaction::Outcome& uncertain);
  void check_writable() const;
  void drop_outputs(MemoryStore::Contents& contents, std::span<const OutputRecord> outputs);

  std::string name_;
  std::string pipeline_;
  bool read_only_;
  std::shared_ptr<MemoryStore> store_;
  bool is_open_ = false;  // a transaction is open
  // Set while a commit has failed and begin() has not yet found out whether it is durable.
  std::optional<MemoryTransaction::Outcome> uncertain_;
  // The newest checkpoint and load that are known to be durable.
  std::optional<Checkpoint> last_checkpoint_;
  std::int64_t last_load_ = 0;
};

}  // namespace walbrook::destination::memory
