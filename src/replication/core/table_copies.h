// The copies of whole tables: when they are ordered, what follows when they end, and how they become visible.
//
//   pending ──order──> copying ──ended: copied──> whole ──swapped in──> streaming
//      ^                  │                         │
//      └──── postponed ───┴── needs another copy ───┘      failed: the output is suspended
//
// While an output is copied its changes are spooled: the consistent point of the copy is not known yet. The source's
// columns may be altered meanwhile. A copy that is whole gets the columns of the changes that wait for it before it is
// swapped in, as a target that streams gets them before a load (columns_in_place.h). Worked:
//
//   catalog   t has the columns (id, a); its copy is ordered with that fingerprint
//   snapshot  consistent point 0/60, columns (id, a), attributes 1 and 2
//   stream    0/70 INSERT; 0/80 ALTER TABLE t RENAME a TO b; 0/90 INSERT: both rows go to the spool
//   catalog   shows (id, b): no row was written again, so the copy stays useful
//   loader    0/90 is reached: the copy's column is renamed, in a load of its own, and the copy is swapped in; the row
//             of 0/70 is put into the columns (id, b)
//
// That load is not made twice. After a failure it is not known whether the copy has its new columns, and names that
// were exchanged twice are the former ones: the table is copied again. A crash costs the same, since a copy ends with
// its process.
//
// Threads: the loader's alone.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "replication/core/columns_in_place.h"
#include "replication/core/copy_order.h"
#include "replication/core/load_records.h"
#include "replication/core/output_failed.h"
#include "replication/core/record_changes.h"
#include "replication/core/statistics.h"

namespace walbrook::replication {

class TableCopies {
 public:
  struct Options {
    bool follow = false;
    bool together = false;  // the first copies become visible in one load
  };
  // Borrows all references for its lifetime.
  TableCopies(Options options, TableSync& sync, Spool& spool, destination::Destination& destination,
              Statistics& statistics)
      : options_(options), sync_(sync), spool_(spool), destination_(destination), statistics_(statistics) {}

  // An output may have become pending.
  void look() { look_ = true; }
  [[nodiscard]] bool is_order_due(SteadyTime now) const { return look_ || (next_due_ && now >= *next_due_); }
  // Something has to be ordered, or begun, before anything else may be applied.
  [[nodiscard]] bool has_to_begin() const { return look_ || some_begin_with_changes_; }
  // When the first postponed copy is due.
  [[nodiscard]] std::optional<SteadyTime> next_due() const { return next_due_; }

  // Marks the outputs that wait for a copy `copying`; `load_id` is the id of the load row that reports them. Suspends
  // those whose target name is taken by a table that is not walbrook's. Returns the changed records, and sets
  // `uses_id` if the id is taken.
  RecordChanges order(std::int64_t load_id, bool& uses_id, Now now);
  // Hands out what `order` has marked. REQUIRES: the records are durable.
  void give_orders(TableCopier& table_copier);
  // Takes the result of an order. It counts only while the output is `copying` and has not been ordered again.
  RecordChanges ended(const CopyResult& result, SteadyTime now);
  // The output is `pending` again and due after a wait. The caller discards its spooled changes once that is stored:
  // the snapshot that is still to be taken holds them.
  RecordChanges postpone(SyncedOutput& output, const CannotCopyNow& why, SteadyTime now);

  // Outputs whose rows are not copied need no snapshot, and their changes must not wait for one: spooled changes are
  // lost with the process, and no copy would bring them back. So the empty target is created and swapped in before the
  // next batch is applied.
  //
  // The state `copying` is stored before, together with the other records that the catalog poll changed: a renamed
  // table has a record under each name, and the new one must not be stored alone. A crash in between leaves an empty
  // copy that readers never see. No checkpoint has passed a change of the table by then, and the next run begins the
  // output again.
  //
  // Creates the targets, as of the checkpoint, and returns the outputs that can be swapped in. `refused` gets the
  // records of the others.
  [[nodiscard]] std::vector<FoundOutput> begin_with_changes(Lsn checkpoint, RecordChanges& refused);
  [[nodiscard]] bool some_begin_with_changes() const { return some_begin_with_changes_; }
  void all_have_begun() { some_begin_with_changes_ = false; }

  // The copies that can be swapped in at the checkpoint `reached`; none as long as the first ones wait for each other.
  [[nodiscard]] std::vector<FoundOutput> ready(Lsn reached);
  // Gives those copies the columns of the changes that wait for them, each in a load of its own. A copy that cannot get
  // them is made again: it is removed from `ready`, and its record is returned.
  RecordChanges follow_columns(std::vector<FoundOutput>& ready);
  // Puts the copies into `load`: overflow columns are added, because without transactional DDL a load begins with its
  // alterations; for each output the copy takes the target's place and its spooled changes are merged; the records and
  // the load rows are stored. Throws OutputFailed.
  void put(destination::Transaction& load, const std::vector<FoundOutput>& ready, TableChanges& changes);
  // The load of `put` is durable, and its changes are adopted: nothing is kept for these copies any more.
  void swapped_in(const std::vector<FoundOutput>& ready);
  // Answers an output whose copy cannot be swapped in, or whose spooled changes cannot be applied to it: it is
  // suspended.
  RecordChanges failed(const OutputFailed& failed);

 private:
  // The output's record as it will be once its copy is swapped in: with the style of new targets, and the new target
  // name if the output moves.
  [[nodiscard]] OutputRecord swapped_in_record(const SyncedOutput& output) const;
  RecordChanges suspend_name_conflicts(SteadyTime now);
  RecordChanges copied(const FoundOutput& found, const CopyResult& result);
  [[nodiscard]] std::optional<Adaptation> adaptation_of(const FoundOutput& copy) const;

  Options options_;
  TableSync& sync_;
  Spool& spool_;
  destination::Destination& destination_;
  Statistics& statistics_;

  CopyOrder order_;                       // marked, and not handed out yet
  bool look_ = false;                     // an output may have become pending since `order`
  std::optional<SteadyTime> next_due_;    // when the first postponed copy is due
  bool any_copied_ = false;               // a copy may be whole and not swapped in
  bool some_begin_with_changes_ = false;  // outputs without copied rows are marked copying and not begun
  bool any_swapped_in_ = false;           // some copies of this run were swapped in
  Adaptations adapted_;                   // of copies that have the columns of the changes that wait for them
  CopyLoads copy_loads_;
  // What `put` has done, until its load is durable.
  struct {
    CopyLoads copy_loads;
    Counts counts;
    std::map<OutputId, BatchApply::OutputCounts> output_counts;
  } put_;
};

}  // namespace walbrook::replication
