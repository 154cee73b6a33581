// A destination in a folder of its own, and what every test of the contract does with it.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "destination/open_destination.h"
#include "test/contract/destinations.h"
#include "test/contract/rows.h"

namespace walbrook::contract {

using destination::Checkpoint;
using destination::State;
using destination::TableRecord;
using destination::TableState;
using destination::Transaction;

class ContractTest : public testing::TestWithParam<DestinationKind> {
 protected:
  ContractTest();
  ~ContractTest() override;

  // Opens the destination as a new process would; what was open before is closed.
  State open(const std::string& pipeline = "walbrook");
  void close() { destination_.reset(); }
  [[nodiscard]] destination::Destination& destination() { return *destination_; }
  [[nodiscard]] const std::string& folder() const { return folder_; }
  [[nodiscard]] destination::DestinationOptions options() const { return GetParam().options(folder_); }

  // The record of a table whose copy stands under its own name in schema "public".
  [[nodiscard]] static TableRecord record(const TableSchemaRef& schema, TableState state = TableState::streaming);
  [[nodiscard]] static Checkpoint at(std::uint64_t lsn);

  // Begins a load, does `work`, commits it with the checkpoint.
  void load(std::uint64_t lsn, const std::function<void(Transaction&)>& work);
  // Copies `rows` and promotes them.
  TableRecord create(const TableSchemaRef& schema, const std::vector<std::vector<Cell>>& rows = {});
  destination::MergeCounts merge(const TableRecord& table, const RowOperations& effect);

  // Rows of a query as text: cells joined by '|', NULL as "-".
  [[nodiscard]] std::vector<std::string> ask(const std::string& sql);
  [[nodiscard]] static std::vector<std::string> ask(destination::ReadSession& session, const std::string& sql);

  // Runs `work` in a process of its own, which opens the destination itself and ends by kill -9 at the latest when
  // `work` is done.
  void killed(const std::function<void(destination::Destination&)>& work);
  [[noreturn]] static void die();

 private:
  std::string folder_;
  std::unique_ptr<destination::Destination> destination_;
  std::uint64_t lsn_ = 0x1000;
};

using Strings = std::vector<std::string>;

// The kind and cause of what `work` throws; "" when it does not.
[[nodiscard]] std::string error_of(const std::function<void()>& work);

}  // namespace walbrook::contract
