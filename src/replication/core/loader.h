// The loader: batches → destination, and the durable checkpoint.
//
// A state machine (next.h). The loader alone begins loads and owns the table records; the catalog poll, the table
// copier and the user reach it by messages. A batch is applied in one load together with its checkpoint. A load that
// fails is rolled back, the batch stays in hand, and the load is tried again after a wait (load_retry.h).
//
// A step does the following, in this order, each only when everything before it is durable:
//   1. It takes in messages: what the catalog shows, copies that ended, requests. They may change the state of a table,
//      and everything below goes by these states.
//   2. It marks outputs that wait for a copy `copying`. Whole copies and changes are not touched yet.
//   3. It stores the records that changed. Then it orders the copies and answers the requests: a copy is never under
//      way, and a request never answered, without a durable record of it.
//   4. It swaps in copies, and applies parts of tables (part_copies.h), whose consistent point the checkpoint has
//   reached, decides what waited for this checkpoint,
//      and lets tables leave. This comes before the batch, so that a table that is whole takes the batch's changes into
//      its target and not into the spool. It comes after the checkpoint: a copy that was swapped in before the stream
//      reached its consistent point would get changes that it already holds.
//   5. It applies the batch in hand, once the catalog has been read as of that batch (catalog_wait.h); without a batch,
//      it makes an idle position the checkpoint.
// A step that fails midway is simply made again: what it had done is durable or still in memory.
//
// Worked: t is streaming, a resync of it is requested, and a row of it changes meanwhile.
//
//   loader        takes the request: t is `pending` in memory; the step marks it `copying`, stores that, orders copy 1
//   loader        applies the batch of commits 0/40 to 0/50, which has a change of t at 0/50: the change goes to the
//                 spool. The checkpoint 0/58, the end of the commit record, is durable
//   table copier  the consistent point of its slot is 0/60: the snapshot holds the change. It posts
//                 CopyResult{copied, 0/60}
//   loader        0/58 is before 0/60: the copy waits, and readers see the old one
//   loader        applies the batch with the commit at 0/60, again into the spool; the checkpoint is 0/68
//   loader        swaps the copy in: one load replaces the target, drops the spooled change at 0/50, applies the one at
//                 0/60 (commit_lsn >= 0/60) and stores `streaming`. After that load the spooled changes are discarded
//
// A crash at any of these points loses nothing: until the last load is durable the next run finds t `copying`, copies
// it again, and that snapshot holds both changes. If `copying` were stored later than the checkpoint 0/58, the next run
// could find t `streaming` at a checkpoint that has passed a change which its target lacks.
//
// Threads: one thread calls step() and post(); messages of other threads wait in its inbox (runtime/run_threads.h).
// `durable` is atomic and read by the receiver.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "replication/core/batch_flow.h"
#include "replication/core/batch_needs.h"
#include "replication/core/catalog_wait.h"
#include "replication/core/load_records.h"
#include "replication/core/load_retry.h"
#include "replication/core/next.h"
#include "replication/core/output_failed.h"
#include "replication/core/part_copies.h"
#include "replication/core/spool.h"
#include "replication/core/statistics.h"
#include "replication/core/suspended_tables.h"
#include "replication/core/table_copies.h"
#include "replication/core/table_groups.h"

namespace walbrook::replication {

struct LoaderOptions {
  destination::Checkpoint checkpoint;  // where the run begins; it is durable
  int retries = 8;
  milliseconds suspended_retry{0};     // RunOptions::suspended_retry; 0 = never
  bool waits_for_destination = false;  // one that cannot be reached is waited for without end
  // A run without `follow` is at its end when this is durable and every table is settled.
  Lsn until;
  bool follow = false;           // true: the run never ends by itself
  bool together = false;         // true: the first copies become visible in one load, however long one of them takes
  std::int64_t newest_load = 0;  // the id of the newest load at the destination; 0 = none
  // Borrowed for the loader's lifetime: knows on which timeline an LSN lies. nullptr: all LSNs lie on the timeline of
  // `checkpoint`.
  const postgres::KnownServer* server = nullptr;
};

class Loader {
 public:
  // Borrows all references for its lifetime. `durable` is set after every commit of a checkpoint; `advanced` is called
  // when a batch is finished, copies are swapped in or an idle position became durable.
  Loader(LoaderOptions options, const Clock& clock, destination::Destination& destination, Spool& spool,
         TableSync& sync, BatchFeed& batches, TableGroups& groups, Statistics& statistics,
         std::atomic<std::uint64_t>& durable, std::function<void()> advanced);
  // Both are borrowed for the loader's lifetime. REQUIRES: they are set before the first step.
  void set_table_copier(TableCopier& table_copier) { table_copier_ = &table_copier; }
  void set_catalog(CatalogReadings& catalog) { catalog_ = &catalog; }

  // The next step takes the message in.
  void post(LoaderMessage message) { messages_.push_back(std::move(message)); }
  // Returns `Done` when every batch that was pushed is durable and none will come. Throws an Error that the run cannot
  // continue after: DestinationLost, DestinationOutdated, a load that failed too often, or any other kind than
  // destination and in_doubt.
  [[nodiscard]] Next step(Now now);
  // A run without --follow has reached its end: LoaderOptions::until is durable, everything that this checkpoint allows
  // has happened, and no output waits for a copy.
  [[nodiscard]] bool is_at_end() const;

 private:
  [[nodiscard]] Next work(Now now);
  void receive(LoaderMessage message, Now now);
  void publication_seen(const postgres::Publication& publication);
  void take_request(const TableRequest& request);
  // Decides about suspended tables that are tried again.
  void retry_suspended(Now now);

  // Marks the outputs that wait for a copy `copying`; store_changed orders the copies once that is durable.
  void order_copies(Now now);
  // The records changed in memory and are stored before anything else is applied.
  void note_changed(RecordChanges changed);
  void note_changed(const SyncedOutput& output) {
    note_changed(RecordChanges{.tables = {}, .outputs = {output.record}});
  }
  void rename_tables();
  void store_changed();
  void store_records();

  // Does what the checkpoint `reached` allows: swaps in copies, decides what waited for it, lets tables leave.
  // `reached` may be an idle position that is not the checkpoint yet.
  void follow_checkpoint(Lsn reached, Now now);
  void swap_in_copied(Lsn reached, Now now);
  bool swap_in(const std::vector<FoundOutput>& ready, Lsn reached, Now now);
  void load_copies(const std::vector<FoundOutput>& ready, Lsn reached);
  // Applies the copied parts whose consistent point is reached, each in a load of its own.
  void apply_parts(Lsn reached, Now now);
  void apply_part(const PartResult& part, Lsn reached, Now now);
  // The batch in hand is not durable. What a failed attempt has spooled of it must not be applied with a copy: the next
  // attempt puts it again.
  void forget_batch_in_hand();
  void begin_with_changes(Now now);
  // Something has to be stored or ordered before anything else may be applied.
  [[nodiscard]] bool has_to_store() const { return copies_.has_to_begin() || !unstored_.empty(); }

  [[nodiscard]] Next apply();
  // One function for each kind of batch. A batch whose load failed is applied again.
  void apply_once(const CommitBatch& batch);
  void apply_once(const TransactionPart& part);
  void apply_once(const PreparedTransaction& batch);
  void apply_once(const DiscardSpooled& discard);
  void apply_once(const DiscardPrepared& discard);
  void apply_once(const StreamRestart& restart);
  void adopt(TableChanges& changes);
  void discard_spooled(const std::vector<SpoolKey>& keys);
  [[nodiscard]] Next be_idle(const BatchFeed::Taken& taken, Now now);
  [[nodiscard]] bool commits_idle(Lsn position, Now now) const;

  // Answers an output that cannot take its changes of the batch in hand: it is resynced if its target was altered, else
  // suspended.
  void output_failed(const OutputFailed& failed);
  // Commits `load` together with `checkpoint`, which the receiver confirms from then on. `last` is CommitBatch::last of
  // the batch in the load; unset: the last transaction with published changes stays as it is.
  void commit(destination::Transaction& load, Lsn checkpoint, const Transaction& last = {});

  LoaderOptions options_;
  const Clock& clock_;
  destination::Destination& destination_;
  Spool& spool_;
  TableSync& sync_;
  BatchFeed& batches_;
  TableGroups& groups_;
  Statistics& statistics_;
  std::atomic<std::uint64_t>& durable_;
  std::function<void()> advanced_;
  TableCopier* table_copier_ = nullptr;
  CatalogReadings* catalog_ = nullptr;

  std::deque<LoaderMessage> messages_;
  std::optional<Batch> batch_;  // the batch in hand, kept until it is durable
  BatchNeeds needs_;
  LoadRetry retry_;
  SuspendedTables suspended_;
  TableCopies copies_;
  PartCopies parts_;

  // Filled by messages and findings, emptied by store_changed.
  RecordChanges unstored_;
  std::vector<std::shared_ptr<TableRequest::Answer>> answers_;

  Lsn settled_at_;  // everything that this checkpoint allows has happened

  CatalogWait catalog_wait_;
  bool commits_wait_ = false;  // commits in the source wait for this run: an idle position is made durable at once

  Lsn checkpoint_;
  Transaction last_;        // the last transaction with published changes (HistoryCheck)
  std::int64_t next_load_;  // the id of the next load; an id given to copies that failed stays unused
  SteadyTime last_idle_commit_{};
  SteadyTime last_check_{};  // when the destination was last found to be there
};

}  // namespace walbrook::replication
