// A transaction of a memory destination. It copies each table that it changes; commit() replaces the store's tables
// with these copies, together with the state.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "destination/memory/memory_store.h"
#include "destination/transaction.h"

namespace walbrook::destination::memory {

class MemoryTransaction final : public destination::Transaction {
 public:
  // How the transaction ended, for its destination.
  struct Outcome {
    bool committed = false;
    bool uncertain = false;  // commit() failed: the transaction may or may not be durable
    std::optional<Checkpoint> checkpoint;
    std::set<OutputId> taken_copies;  // outputs whose copies are gone if it is durable
    // The targets as they are if it is durable; nullptr: dropped.
    std::map<std::pair<std::string, std::string>, TableRef> targets;
  };
  using Ended = std::function<void(const Outcome&)>;

  MemoryTransaction(std::shared_ptr<MemoryStore> store, std::string pipeline, Ended ended);
  ~MemoryTransaction() override;

  void alter(const OutputRecord& output, const Alteration& alteration) override;
  void alter_copy(const OutputRecord& output, const Alteration& alteration) override;
  void swap_in(const OutputRecord& output, const TargetName* former) override;
  void move(std::span<const TargetMove> moves) override;
  void complete(const OutputRecord& output, const RowsOf& rows, std::span<const Patch> patches) override;
  std::uint64_t remove(const OutputRecord& output, const RowsOf& rows, std::span<const Removal> removals) override;
  AppendCounts append(const OutputRecord& output, const RowsOf& rows, std::span<const RowRef> appended) override;
  void truncate(const OutputRecord& output) override;
  void put(const StateChange& change) override;
  void read_prepared(std::uint32_t xid, const std::function<void(std::string_view)>& sink) override;
  void commit() override;

 private:
  using Name = MemoryStore::Name;
  using Deferred = std::variant<PutTable, PutOutput, PutCheckpoint, PutLoad>;

  // This transaction's version of the target table. The first form returns nullptr if there is none; the second one
  // throws TargetRefused.
  [[nodiscard]] MemoryTable* find_changed(const OutputRecord& output);
  [[nodiscard]] MemoryTable& changed(const OutputRecord& output);
  // Throws TargetRefused if the output's target name is another pipeline's.
  void check_owner(const OutputRecord& output);
  // The finished copy of the output that was not swapped in yet; nullptr if there is none.
  [[nodiscard]] TableRef finished_copy(OutputId output);
  [[nodiscard]] MemoryTable take_copy(const OutputRecord& output);
  [[nodiscard]] std::vector<std::string>& prepared(std::uint32_t xid);
  void apply_to(PipelineState& state);

  std::shared_ptr<MemoryStore> store_;
  std::string pipeline_;
  Ended ended_;
  Outcome outcome_;
  std::map<Name, std::optional<MemoryTable>> targets_;  // as they will be after the commit; nullopt: dropped
  std::map<OutputId, MemoryTable> altered_copies_;
  std::map<Name, RowBatch> completed_;                          // rows that wait for the next append
  std::map<std::uint32_t, std::vector<std::string>> prepared_;  // touched ones, as they will be after the commit
  std::vector<Deferred> state_;
};

}  // namespace walbrook::destination::memory
