// A transaction of the loader's connection.
//
// DuckDB cannot alter a table whose rows were changed in the same transaction. The DuckDB transaction therefore begins
// with the first call other than `alter`; each `alter` before that is committed by itself.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "destination/duckdb/enum_types.h"
#include "destination/duckdb/kept_prepared.h"
#include "destination/duckdb/relation_names.h"
#include "destination/duckdb/row_operations.h"
#include "destination/duckdb/state.h"
#include "destination/pending_records.h"
#include "destination/transaction.h"

namespace walbrook::destination::duckdb {

// The part of a pipeline's committed state that every transaction needs. It is kept in memory, since reading it takes
// longer than a small load.
struct Known {
  std::map<std::pair<std::string, std::string>, Target> live;  // the tables that readers see, by (schema, table)
  std::int64_t newest_load = 0;
  Lsn checkpoint;
};

class DuckDbTransaction final : public destination::Transaction {
 public:
  // How the transaction ended, for its destination.
  struct Outcome {
    bool committed = false;
    bool uncertain = false;  // COMMIT itself failed: it may or may not be durable
    std::optional<Checkpoint> checkpoint;
    std::vector<OutputId> taken_copies;  // outputs whose copies are gone if it is durable
  };
  using Ended = std::function<void(const Outcome&)>;

  // Borrows `connection`, `known` and `enums`, and changes `known` when it commits. Calls `ended` when it is destroyed.
  DuckDbTransaction(Connection& connection, const std::string& pipeline, Known& known, const EnumTypes& enums,
                    Ended ended);
  ~DuckDbTransaction() override;

  void alter(const OutputRecord& output, const Alteration& alteration) override;
  void alter_copy(const OutputRecord& output, const Alteration& alteration) override;
  void swap_in(const OutputRecord& output, const TargetName* former) override;
  void move(std::span<const TargetMove> moves) override;

  void expect(const OutputRecord& output, const RowOperations& operations) override;
  void complete(const OutputRecord& output, const RowsOf& rows, std::span<const Patch> patches) override;
  std::uint64_t remove(const OutputRecord& output, const RowsOf& rows, std::span<const Removal> removals) override;
  AppendCounts append(const OutputRecord& output, const RowsOf& rows, std::span<const RowRef> appended) override;
  void truncate(const OutputRecord& output) override;

  void put(const StateChange& change) override;
  void read_prepared(std::uint32_t xid, const std::function<void(std::string_view)>& sink) override;

  void commit() override;

 private:
  using Key = std::pair<std::string, std::string>;  // target schema and table

  void begin();       // unless it has begun
  void begin_rows();  // for a change of rows
  void commit_begun();
  void drop_former(const TargetName& name);
  // Writes all records that were put and not yet written.
  void flush_records();
  void describe(const OutputRecord& output);
  void put_load(LoadRecord load);
  void put_checkpoint(const Checkpoint& checkpoint);
  void alter(TargetRecord& record, const OutputRecord& output, const Alteration& alteration);
  // Alters them in a transaction of their own.
  void alter_before(std::vector<TargetRecord> records, const OutputRecord& output, const Alteration& alteration);
  // Returns the tables that an alteration changes while the output is copied: the one that readers see, and the
  // finished copy.
  [[nodiscard]] std::vector<TargetRecord> altered_with_copy(const OutputRecord& output);
  [[noreturn]] void refuse_missing(const OutputRecord& output) const;
  [[nodiscard]] const Target& target_of(const OutputRecord& output) const;
  [[nodiscard]] Target finished_copy_of(const OutputRecord& output);

  Connection& connection_;
  std::string pipeline_;
  StateTables state_;
  KeptPrepared prepared_;
  RelationNames names_;
  Known& known_;
  const EnumTypes& enums_;
  std::unique_lock<std::timed_mutex> writing_;  // while it has begun
  bool begun_ = false;
  bool has_changed_rows_ = false;
  std::map<Key, Target> changed_;  // targets that this transaction swapped in or altered
  PendingRecords pending_;
  std::vector<Key> dropped_;
  std::set<Key> with_deleted_rows_;  // targets that cannot be altered in this transaction any more
  std::map<Key, CompletedRows> completed_;
  int completions_ = 0;
  std::int64_t newest_load_;
  Ended ended_;
  Outcome outcome_;
};

}  // namespace walbrook::destination::duckdb
