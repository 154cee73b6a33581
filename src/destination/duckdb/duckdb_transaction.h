// A transaction of the loader's connection.
//
// DuckDB cannot alter a table whose rows it has changed in the same transaction. So the transaction begins with the
// first thing that is asked of it other than `alter`: what is added before is committed by itself.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "destination/duckdb/kept_prepared.h"
#include "destination/duckdb/relation_names.h"
#include "destination/duckdb/row_operations.h"
#include "destination/duckdb/state.h"
#include "destination/transaction.h"

namespace walbrook::destination::duckdb {

// What a pipeline's committed state says and every transaction needs to know; kept in memory, since asking for it costs
// more than a small load.
struct Known {
  std::map<std::pair<std::string, std::string>, Target> live;  // the tables that readers see, by (schema, table)
  std::int64_t newest_load = 0;
};

class DuckDbTransaction final : public destination::Transaction {
 public:
  // Tells its owner when it is over: whether it was committed, and with which checkpoint.
  struct Outcome {
    bool committed = false;
    bool uncertain = false;  // COMMIT itself failed: it may be durable or not
    std::optional<Checkpoint> checkpoint;
    std::vector<OutputId> taken_copies;  // of these outputs; gone where it is durable
  };
  using Ended = std::function<void(const Outcome&)>;

  // Borrows `connection` and `known`, which it changes when it commits.
  DuckDbTransaction(Connection& connection, const std::string& pipeline, Known& known, Ended ended);
  ~DuckDbTransaction() override;

  void alter(const OutputRecord& output, const Alteration& alteration) override;
  void swap_in(const OutputRecord& output, const TargetName* former) override;

  void complete(const OutputRecord& output, const RowsOf& rows, std::span<const Patch> patches) override;
  std::uint64_t remove(const OutputRecord& output, const RowsOf& rows, std::span<const Removal> removals) override;
  AppendCounts append(const OutputRecord& output, const RowsOf& rows, std::span<const RowRef> appended) override;
  void truncate(const OutputRecord& output) override;

  void put(const StateChange& change) override;
  void read_prepared(std::uint32_t xid, const std::function<void(std::string_view)>& sink) override;

  void commit() override;

 private:
  using Key = std::pair<std::string, std::string>;  // target schema and table

  void begin();  // where it has not begun
  void drop_former(const TargetName& name);
  void put_table(const TableRecord& record);
  // Writes the records that were put, all at once.
  void flush_records();
  void describe(const OutputRecord& output);
  void put_load(LoadRecord load);
  void put_checkpoint(const Checkpoint& checkpoint);
  [[nodiscard]] const Target& target_of(const OutputRecord& output) const;
  [[nodiscard]] Target finished_copy_of(const OutputRecord& output);

  Connection& connection_;
  std::string pipeline_;
  StateTables state_;
  KeptPrepared prepared_;
  RelationNames names_;
  Known& known_;
  bool begun_ = false;
  std::map<Key, Target> swapped_in_;  // by this transaction
  // Put and not written.
  std::map<Oid, TableRecord> tables_;
  std::map<Key, Oid> table_names_;  // of tables_, by schema and name in the source
  std::map<OutputId, OutputRecord> outputs_;
  std::vector<Key> dropped_;
  std::map<Key, CompletedRows> completed_;
  int completions_ = 0;
  std::int64_t newest_load_;
  Ended ended_;
  Outcome outcome_;
};

}  // namespace walbrook::destination::duckdb
