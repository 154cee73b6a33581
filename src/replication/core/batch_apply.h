// Applies one change batch's operations inside one Load: what is merged, what waits in the spool, what is dropped.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "model/batch.h"
#include "replication/core/output_failed.h"
#include "replication/core/run_status.h"
#include "replication/core/spool.h"
#include "replication/core/table_changes.h"

namespace walbrook::replication {

class BatchApply {
 public:
  // Borrows all for its lifetime. Record changes go to `changes`.
  // `load_id`: of the row in _walbrook.loads that will tell of it.
  BatchApply(destination::Transaction& load, Spool& spool, TableSync& sync, TableChanges& changes,
             std::int64_t load_id);

  // In commit order. Changes of outputs that are being copied go to the spool. Throws Error; the load is dead then.
  // REQUIRES: what the spool has from the batch's first commit on was discarded.
  void apply(const CommitBatch& batch);
  void suspend_or_resync(const std::vector<TableError>& errors);
  // The changes of a prepared transaction wait, durable, until it is decided. What was spooled of it so far goes with
  // them.
  void keep_prepared(const PreparedTransaction& batch);
  // The copied output takes its place: its copy, then its spooled changes from its consistent point on.
  void swap_in(const FoundOutput& copied);
  // What the load took out of the spool, to be discarded once it is durable.
  [[nodiscard]] const std::vector<SpoolKey>& taken_from_spool() const { return taken_from_spool_; }

  struct OutputCounts {
    std::uint64_t inserts = 0, updates = 0, deletes = 0;
  };
  // Changes of the source: one that went to several outputs counts once.
  [[nodiscard]] const Counts& counts() const { return counts_; }
  [[nodiscard]] const std::map<OutputId, OutputCounts>& output_counts() const { return output_counts_; }

 private:
  void suspend_or_resync(const SyncedTable& table, const SyncedOutput& output, const TableError& error);
  void apply(const Operation& operation, const std::vector<Transaction>& transactions);
  void rows(const RowBatch& batch, const Operation& operation, const std::vector<Transaction>& transactions);
  void truncate(const Truncate& truncate, const std::vector<Transaction>& transactions);
  // Each true where the output has rows, or will.
  bool truncate_wholly(const SyncedOutput& output, const Operation& operation,
                       const std::vector<Transaction>& transactions);
  bool truncate_leaf(const SyncedTable& table, const SyncedOutput& output, const TableSchema& leaf);
  [[nodiscard]] std::vector<Oid> truncated_wholly(const Truncate& truncate) const;
  void merge_parts(const MergeParts& merge, const std::vector<Transaction>& transactions);
  void spool(const SyncedOutput& output, const Operation& operation, const std::vector<Transaction>& transactions);
  // False: the output's target cannot take these rows; it needs a new copy.
  bool add(const FoundOutput& to, const RowBatch& batch, const std::vector<Transaction>& transactions);
  // Changes of one table come in the order of their commits, from the stream, from the spool or kept as prepared.
  void check_order(const SyncedTable& table, Lsn first_commit, Lsn last_commit);
  void flush(const SyncedOutput& output);
  void flush_all();

  destination::Transaction& load_;
  Spool& spool_;
  TableSync& sync_;
  TableChanges& changes_;
  std::int64_t load_id_;
  Lsn first_commit_;              // of the batch
  std::optional<OutputId> only_;  // while the spooled changes of one output are applied
  std::vector<SpoolKey> taken_from_spool_;
  std::map<OutputId, std::vector<const RowBatch*>> waiting_;  // batches whose row operations are made together
  const std::vector<Transaction>* transactions_ = nullptr;    // that all of them point into
  std::map<Oid, Lsn> reached_;                                // by table: the commit of its last change
  Counts counts_;
  std::map<OutputId, OutputCounts> output_counts_;
};

}  // namespace walbrook::replication
