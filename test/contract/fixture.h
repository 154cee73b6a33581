// A destination in a folder of its own, and what every test of the contract does with it.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "destination/destination.h"
#include "test/contract/destinations.h"
#include "test/contract/rows.h"

namespace walbrook::contract {

using destination::Checkpoint;
using destination::Destination;
using destination::OutputRecord;
using destination::OutputState;
using destination::State;
using destination::Transaction;
using Strings = std::vector<std::string>;
using Rows = std::vector<std::vector<Cell>>;

class DestinationCase : public testing::Test {
 protected:
  explicit DestinationCase(const DestinationKind& kind);
  DestinationCase(const DestinationCase&) = delete;
  DestinationCase& operator=(const DestinationCase&) = delete;
  ~DestinationCase() override;

  // Opens the destination as a new process would; what was open before is closed.
  State open(const std::string& pipeline = "walbrook");
  void close() { destination_.reset(); }
  [[nodiscard]] Destination& destination() { return *destination_; }
  [[nodiscard]] const std::string& folder() const { return folder_; }
  [[nodiscard]] destination::DestinationOptions options(const std::string& pipeline = "walbrook") const;

  // The record of a table whose target has its own name, in schema "public".
  [[nodiscard]] static OutputRecord record(const TableSchemaRef& schema, OutputState state = OutputState::streaming);
  [[nodiscard]] static Checkpoint at(std::uint64_t lsn);

  // Does `work` in a transaction, and commits it with the checkpoint.
  void load(std::uint64_t lsn, const std::function<void(Transaction&)>& work);
  // A transaction that its owner ends.
  [[nodiscard]] std::unique_ptr<Transaction> begin() { return destination_->begin({}); }
  [[nodiscard]] std::unique_ptr<destination::CopyWriter> copy_writer(const OutputRecord& table);
  // A finished copy of the table with these rows.
  void copy(const OutputRecord& table, const Rows& rows);
  // Copies `rows` and swaps them in.
  OutputRecord create(const TableSchemaRef& schema, const Rows& rows = {});
  destination::MergeCounts merge(const OutputRecord& table, const RowOperations& effect);
  // The table's columns of these names get overflow columns.
  void add_overflow(const OutputRecord& table, const Strings& columns);

  // What readers see of the table, sorted: the cells of its record's columns as to_text has them, joined by '|'.
  [[nodiscard]] Strings rows(const OutputRecord& table);
  [[nodiscard]] bool is_there(const OutputRecord& table);
  [[nodiscard]] State state() { return destination_->read_state(); }

  // Runs `work` on a destination that it has for itself and that ends with die(), at the latest when `work` is done: as
  // by kill -9, in a process of its own where the destination outlives one.
  void killed(const std::function<void(Destination&)>& work);
  [[noreturn]] void die() const;

 private:
  void kill_process(const std::function<void(Destination&)>& work);

  const DestinationKind& kind_;
  std::string folder_;
  std::shared_ptr<void> kept_;
  std::unique_ptr<Destination> destination_;
  std::uint64_t lsn_ = 0x1000;
};

// A test that runs over every destination.
class ContractTest : public DestinationCase, public testing::WithParamInterface<DestinationKind> {
 protected:
  ContractTest() : DestinationCase(GetParam()) {}
};

// The kind and cause of what `work` throws; "" when it does not.
[[nodiscard]] std::string error_of(const std::function<void()>& work);

}  // namespace walbrook::contract
