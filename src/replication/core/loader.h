// The loader: batches → destination, and the durable checkpoint.
//
// A state machine (next.h). It alone begins loads and owns the table records; what the catalog poll and the table
// copier have to say comes as messages. A batch is applied in one load with its checkpoint. A load that fails is
// rolled back; what it was of is kept, and tried again after a while.
//
// What a step does, in this order, each only when everything before it is durable:
//   1. messages: the catalog's findings, copies that ended, requests
//   2. tables that wait for a copy are marked `copying`
//   3. records that changed are stored; then the copies are ordered, and requests answered
//   4. copies that are whole become visible; findings that waited for this checkpoint are decided; tables leave
//   5. the batch in hand is applied, once the catalog has been read as of it; or an idle position becomes the
//      checkpoint
// So a step that failed in the midst is simply made again: what it had done is durable or still in memory.
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
#include "replication/core/copy_order.h"
#include "replication/core/load_records.h"
#include "replication/core/load_retry.h"
#include "replication/core/next.h"
#include "replication/core/output_failed.h"
#include "replication/core/spool.h"
#include "replication/core/statistics.h"
#include "replication/core/table_groups.h"

namespace walbrook::replication {

struct LoaderOptions {
  destination::Checkpoint checkpoint;  // where the run begins; durable already
  int retries = 8;
  Lsn until;                     // a run that ends by itself is done when this is durable and every table is settled
  bool follow = false;           // then it is never done
  bool together = false;         // the first copies become visible in one load, however long one of them takes
  std::int64_t newest_load = 0;  // its id; 0 = none
  // Borrowed: tells which timeline a checkpoint lies on; nullptr: that of `checkpoint`.
  const postgres::KnownServer* server = nullptr;
};

class Loader {
 public:
  // Borrows all. `durable` is set after every commit, then `advanced` is called.
  Loader(LoaderOptions options, const Clock& clock, destination::Destination& destination, Spool& spool,
         TableSync& sync, BatchFeed& batches, TableGroups& groups, Statistics& statistics,
         std::atomic<std::uint64_t>& durable, std::function<void()> advanced);
  // Borrowed. REQUIRES: before the first step.
  void set_table_copier(TableCopier& table_copier) { table_copier_ = &table_copier; }
  void set_catalog(CatalogReadings& catalog) { catalog_ = &catalog; }

  // The next step sees it.
  void post(LoaderMessage message) { messages_.push_back(std::move(message)); }
  // `Done`: every batch that was pushed is durable, and none will come. Throws what the run cannot go on with.
  [[nodiscard]] Next step(Now now);
  // A run without --follow has reached its end.
  [[nodiscard]] bool is_at_end() const;

 private:
  [[nodiscard]] Next work(Now now);
  void receive(LoaderMessage message, Now now);
  void publication_seen(const postgres::Publication& publication);
  void resync(const ResyncRequest& request);
  void copy_ended(const CopyResult& result, Now now);
  void postpone(SyncedOutput& output, const CannotCopyNow& why, Now now);

  // Marks the tables that wait for a copy, which is ordered once that is durable.
  void order_copies(Now now);
  // Those of them that cannot have their copy where it belongs leave: they are suspended.
  void suspend_name_conflicts(Now now);
  // Their records have changed, and are to be stored before anything else is applied.
  void note_changed(RecordChanges changed);
  void note_changed(const SyncedOutput& output) {
    note_changed(RecordChanges{.tables = {}, .outputs = {output.record}});
  }
  void store_changed();

  // What the checkpoint `reached` lets happen. An idle position counts before it is the checkpoint.
  void follow_checkpoint(Lsn reached);
  void swap_in_copied(Lsn reached);
  void swap_in(const std::vector<FoundOutput>& ready, Lsn reached);
  void note_swapped_in(const std::vector<FoundOutput>& outputs);
  // Outputs whose rows are not to be copied need no snapshot, and no changes may wait for one: those would be lost with
  // the process, and no copy would bring them again. So the empty target is created and swapped in before the next
  // batch is applied.
  //
  // The state `copying` is stored before, together with what else the catalog poll changed: a table that was renamed
  // has a record under each name, and the new one must not be there alone. A crash in between leaves an empty copy that
  // nobody sees. No checkpoint has passed a change of the table by then, and the next run begins it again.
  void begin_with_changes();
  [[nodiscard]] std::vector<FoundOutput> beginning_with_changes();
  // Something is to be stored or ordered before anything else may be applied.
  [[nodiscard]] bool has_to_store() const { return look_for_orders_ || some_begin_with_changes_ || !unstored_.empty(); }

  [[nodiscard]] Next apply();
  // Whatever the batch is of. One that failed is applied again.
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

  // The record as its copy will have it.
  [[nodiscard]] OutputRecord swapped_in_record(const SyncedOutput& output) const;
  // What follows for an output that cannot take its changes of the batch in hand: it is resynced where its target was
  // altered, else suspended.
  void output_failed(const OutputFailed& failed);
  // The same of a copy that was to take its place, or of the changes that waited for it: the output is suspended.
  void swap_in_failed(const OutputFailed& failed);
  // `last`: CommitBatch::last of what is applied in it.
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
  std::optional<Batch> batch_;  // in hand, until it is durable
  BatchNeeds needs_;
  LoadRetry retry_;

  // Until the next store.
  RecordChanges unstored_;
  CopyOrder order_;
  std::vector<std::shared_ptr<ResyncRequest::Answer>> answers_;

  bool some_begin_with_changes_ = false;  // and have not yet
  Lsn settled_at_;                        // the checkpoint that everything which it lets happen has happened for
  bool look_for_orders_ = false;          // a table may wait for a copy
  std::optional<SteadyTime> next_due_;    // when the first of the postponed copies is
  bool any_copied_ = false;               // a copy may be whole and not visible

  CatalogWait catalog_wait_;
  bool commits_wait_ = false;  // an idle position is made durable at once

  Lsn checkpoint_;
  Transaction last_;        // as HistoryCheck takes it
  std::int64_t next_load_;  // its id; one that was given to copies that failed stays unused
  CopyLoads copy_loads_;
  SteadyTime last_idle_commit_{};
  SteadyTime last_check_{};  // that the destination is still there
  bool swapped_in_ = false;  // some copies have become visible
};

}  // namespace walbrook::replication
