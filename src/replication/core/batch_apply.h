// Applies the operations of one change batch inside one load of the destination.
//
// A row goes to each output of its table, by the output's state as this load sees it (table_changes.h): it is merged
// into the target of a streaming output (and spooled as well while a part of it is copied again), spooled for an output
// that is being copied, and dropped for all others. Rows that are merged wait until the batch ends, so that many
// batches of one table become one merge by their net effect; what has to be applied in order with them (a truncate, a
// change of columns, the parts of a large transaction) flushes them first.
//
// The table errors of the batch come before its operations: rows of a table that is suspended or copied again by one of
// them are dropped, no matter whether they came before the change that could not be read.
//
// Worked: table t has output 1, streaming, and output 2, whose copy has the consistent point 0/60. A batch has an
// insert into t at 0/50, a truncate of t at 0/60 and an insert into t at 0/70.
//
//   insert 0/50     output 1: the row waits. Output 2: the operation goes to the spool
//   truncate 0/60   output 1: the row that waits is dropped, the target is truncated. Output 2: to the spool
//   insert 0/70     output 1: the row waits. Output 2: to the spool
//   end             output 1: one merge, which appends one row
//   later, swap_in  output 2: the copy takes the target's place; the insert at 0/50 is skipped, as the copy holds it;
//                   the truncate at 0/60 and the insert at 0/70 are applied, to output 2 alone (only_)
//
// Threads: the loader's alone. An object serves one load; if that load fails, it is destroyed with it.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "model/batch.h"
#include "replication/core/columns_in_place.h"
#include "replication/core/output_failed.h"
#include "replication/core/run_status.h"
#include "replication/core/spool.h"
#include "replication/core/table_changes.h"

namespace walbrook::replication {

class BatchApply {
 public:
  // Borrows all references for its lifetime. Changes of records go to `changes`, never to `sync`. `load_id` is the id
  // of the row in _walbrook.loads that reports this load.
  BatchApply(destination::Transaction& load, Spool& spool, TableSync& sync, TableChanges& changes,
             std::int64_t load_id);
  // Puts changes into altered targets. Borrows `adaptations`, what alter_targets returned for this load.
  void adapt_to(const Adaptations& adaptations) { adaptations_ = &adaptations; }

  // Applies the batch in commit order. REQUIRES: everything that the spool holds from the batch's first commit on was
  // discarded. Throws Error: the load can only be destroyed then.
  void apply(const CommitBatch& batch);
  // Decides for each error what follows for the outputs of its table: they are suspended or copied again.
  void suspend_or_resync(const std::vector<TableError>& errors);
  // Keeps the changes of a prepared transaction in the destination, durable with the load, until the transaction is
  // committed or rolled back. The parts of it that were spooled are kept with them.
  void keep_prepared(const PreparedTransaction& batch);
  // Swaps in the output's copy and applies its spooled changes from the copy's consistent point on. REQUIRES: the copy
  // is whole (SyncedOutput::copied), and everything before its consistent point is applied.
  void swap_in(const FoundOutput& copied);
  // The keys whose bytes the load has used; the caller discards them once the load is durable.
  [[nodiscard]] const std::vector<SpoolKey>& taken_from_spool() const { return taken_from_spool_; }

  struct OutputCounts {
    std::uint64_t inserts = 0, updates = 0, deletes = 0;
  };
  // Counts changes of the source: a change that went to several outputs counts once.
  [[nodiscard]] const Counts& counts() const { return counts_; }
  [[nodiscard]] const std::map<OutputId, OutputCounts>& output_counts() const { return output_counts_; }

 private:
  void suspend_or_resync(const SyncedTable& table, const SyncedOutput& output, const TableError& error);
  void apply(const Operation& operation, const std::vector<Transaction>& transactions);
  void rows(const RowBatch& batch, const Operation& operation, const std::vector<Transaction>& transactions);
  void truncate(const Truncate& truncate, const std::vector<Transaction>& transactions);
  void alter(const AlteredTable& altered, const std::vector<Transaction>& transactions);
  // Each returns true if the output has rows or will have them: it is streaming or being copied.
  bool truncate_wholly(const SyncedOutput& output, const Operation& operation,
                       const std::vector<Transaction>& transactions);
  bool truncate_leaf(const SyncedTable& table, const SyncedOutput& output, const TableSchema& leaf);
  [[nodiscard]] std::vector<Oid> truncated_wholly(const Truncate& truncate) const;
  void merge_parts(const MergeParts& merge, const std::vector<Transaction>& transactions);
  void spool(const SyncedOutput& output, const Operation& operation, const std::vector<Transaction>& transactions);
  // Queues the rows for the next merge of the output. Returns false if the target cannot take them: the output then
  // needs a new copy.
  bool add(const FoundOutput& to, const RowBatch& batch, const std::vector<Transaction>& transactions);
  bool queue(const SyncedOutput& output, const RowBatch& batch, const std::vector<Transaction>& transactions);
  [[nodiscard]] const Adaptation* adaptation_of(const SyncedOutput& output) const;
  // Returns the rows with the columns of the altered target.
  const RowBatch& adapted(const Adaptation& adaptation, const RowBatch& batch);
  // Checks that the changes of one table come in the order of their commits, whether from the stream, the spool or a
  // prepared transaction.
  void check_order(const SyncedTable& table, Lsn first_commit, Lsn last_commit);
  void flush(const SyncedOutput& output);
  void flush_all();

  destination::Transaction& load_;
  Spool& spool_;
  TableSync& sync_;
  TableChanges& changes_;
  std::int64_t load_id_;
  const Adaptations* adaptations_ = nullptr;
  Lsn first_commit_;              // first commit of the batch
  std::optional<OutputId> only_;  // set while the spooled changes of one output are applied
  std::vector<SpoolKey> taken_from_spool_;
  // Rows that wait for the next merge of each output. The batches are borrowed from the change batch, the spooled part
  // or adapted_.
  std::map<OutputId, std::vector<const RowBatch*>> waiting_;
  std::deque<RowBatch> adapted_;
  // The transactions that RowBatch::transaction of all of them points into.
  const std::vector<Transaction>* transactions_ = nullptr;
  std::map<Oid, std::size_t> descriptions_;  // by relation: how many descriptions of it came so far
  // The commit of the last change of each table, for check_order.
  std::map<Oid, Lsn> reached_;
  Counts counts_;
  std::map<OutputId, OutputCounts> output_counts_;
};

}  // namespace walbrook::replication
