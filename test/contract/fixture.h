// A destination in its own folder, and the operations that the contract tests perform on it.
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

  // Opens the destination as a new process would, after closing the one that is open.
  State open(const std::string& pipeline = "walbrook");
  void close() { destination_.reset(); }
  // Opens it as open() does, but only to read.
  State open_to_read();
  // Drops the target table as somebody else would, while the destination is closed.
  void drop_behind_its_back(const OutputRecord& table);
  [[nodiscard]] Destination& destination() { return *destination_; }
  [[nodiscard]] const std::string& folder() const { return folder_; }
  [[nodiscard]] destination::DestinationOptions options(const std::string& pipeline = "walbrook") const;

  // Returns the record of a table whose target has the same name, in schema "public".
  [[nodiscard]] static OutputRecord record(const TableSchemaRef& schema, OutputState state = OutputState::streaming);
  [[nodiscard]] static Checkpoint at(std::uint64_t lsn);

  // Runs `work` in a transaction, and commits it together with the checkpoint.
  void load(std::uint64_t lsn, const std::function<void(Transaction&)>& work);
  // Returns a transaction that the caller ends.
  [[nodiscard]] std::unique_ptr<Transaction> begin() { return destination_->begin({}); }
  [[nodiscard]] std::unique_ptr<destination::CopyWriter> copy_writer(const OutputRecord& table);
  // Makes a finished copy of the table with these rows.
  void copy(const OutputRecord& table, const Rows& rows);
  // Copies `rows` and swaps them in.
  OutputRecord create(const TableSchemaRef& schema, const Rows& rows = {});
  // Applies the effect, in a transaction of its own. Where rows do not change, the rows that readers see before and
  // after tell how many were removed.
  destination::MergeCounts merge(const OutputRecord& table, const RowOperations& effect);
  // The same in a transaction of the caller's: by row operations, or, where rows do not change, by changes that have
  // this effect. It does not count removed rows then.
  destination::MergeCounts apply(Transaction& transaction, const OutputRecord& table, const RowOperations& effect);
  // Adds overflow columns for the table's columns of these names.
  void add_overflow(const OutputRecord& table, const Strings& columns);

  // Whether row operations other than append work.
  [[nodiscard]] bool rows_change() const;
  // Whether columns have the type; otherwise they are text, as ValueLimits says.
  [[nodiscard]] bool is_held(const PhysicalType& type) const;

  // Returns what readers see of the table, sorted: the cells of its record's columns as to_text prints them, joined by
  // '|'.
  [[nodiscard]] Strings rows(const OutputRecord& table);
  [[nodiscard]] bool is_there(const OutputRecord& table);
  [[nodiscard]] State state() { return destination_->read_state(); }

  // Runs `work` on its own instance of the destination, which dies by die() as if by kill -9, at the latest when `work`
  // returns. If the destination outlives processes, it runs in its own process.
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

// Returns the kind and cause of the Error that `work` throws; "" if it throws none.
[[nodiscard]] std::string error_of(const std::function<void()>& work);

}  // namespace walbrook::contract
