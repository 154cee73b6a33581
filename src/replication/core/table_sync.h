// The table records of a run: which output of which table is in which state, and what follows from what the catalog,
// the user and the stream report. Pure decisions: no I/O, clock or thread.
//
// A table of the source has one output or several, each with a state. A change of the table goes to each output by that
// output's state; one output can be streaming while another is being copied.
//
//                  order_copies           BatchApply::swap_in
//    new ──> pending ──────────> copying ──────────> streaming
//              ^                    │                    │
//              └────────────────────┴────────────────────┘   the output needs a new copy
//
//  state      set by                                                    its changes are
//  pending    new outputs (NewOutputs::make); every decision that an    dropped: they committed before the copy's
//             output needs a new copy (require_copy, copy_again,        snapshot is taken, which holds them
//             restyle); a postponed copy (postpone)
//  copying    order_copies, before the copy is ordered                  spooled (spool.h): the consistent point Y of
//                                                                       the copy is not known yet
//  streaming  BatchApply::swap_in, in the load that swaps the copy in   merged into its target
//             and applies the spooled changes with commit_lsn >= Y
//  suspended  suspend: its changes, its copy, its target or its source  dropped: only a new copy brings it back
//             table is an obstacle that `reason` describes; or a user
//             requested it (suspended_tables.h)
//  left_out   leave_out: walbrook's own publication must not hold the   none: they are not published
//             table, since its UPDATEs and DELETEs would then fail
//  removed    LeavingTables: the table left the publication or was      dropped, or none; its last copy stays
//             dropped; Loader::copy_ended: it was dropped before its
//             copy; match_outputs: the output is not defined any more;
//             leave_old_name: the table was renamed
//  loaded     a program that loads rows (api/stream_run.cpp): the       none: only its id and its target's name are
//             output has no source                                      known here
//
// How each state ends:
//   pending    The first order_copies after its postponement, if any, marks it `copying`, or suspends it if the role
//              cannot read the table.
//   copying    The load that swaps its copy in makes it `streaming`. It is `pending` again if the copy is postponed or
//              outdated, `suspended` if the copy fails, and `removed` if the table was dropped meanwhile.
//   streaming  It becomes `pending` when its rows cannot be brought up to date by changes alone, when a resync is
//              requested, or when names, types or metadata columns are configured differently; `suspended` when an
//              error concerns it alone.
//   suspended  A resync, an obstacle that is gone (rejoin), an attempt (suspended_tables.h) or the next run makes it
//              `pending`. By request: only a resync or a resume does; it is `removed` or `left_out` like any other.
//   left_out   It becomes `pending` when the table is seen in the publication (rejoin).
//   removed    It becomes `pending` when the table is published again. An output that has its changes alone goes back
//              to `streaming`, with a gap (continue_with_changes).
//   loaded     It never ends.
// An output in any state except `streaming` is removed at once when its table leaves the publication. A streaming one
// stays `streaming` until the last change that was published is applied (leaving.h): leaving is recorded with the
// table, not with the output.
//
// Durability: the state is a field of the output's record, so each is durable. Decisions are made in memory and stored
// by Loader::store_changed before anything else is applied; `streaming` and the decisions of BatchApply are stored in
// the load that they belong to. A new run (constructor) begins with the stored states, except that `copying` becomes
// `pending`, since the copy ended with its process, and `suspended` becomes `pending`, as a second chance. An output
// that has its changes alone stays suspended: only a copy, which nobody asked for, would help it. So does one that a
// user suspended.
//
// Why `copying` is stored before its copy is ordered, and what would be lost otherwise, is worked through in loader.h.
// Why spooled changes need not be durable is in spool.h.
//
// An output whose rows are not copied (--no-snapshot, OutputRecord::changes_only) is `copying` for a moment only
// (Loader::begin_with_changes).
//
// The seam, worked: a writer commits at 0/50 (the start of its commit record), and the consistent point of the
// temporary slot is 0/50 as well. The snapshot was built from transactions that ended before 0/50, so it lacks this
// one, and the rule commit_lsn >= Y takes it from the stream. With > it would be lost. With the LSN of the change's
// frame, 0/30, it would be lost too; with end_lsn, 0/80, the transaction before it, whose record ends at 0/50, would be
// applied twice.
//
// Only the loader's thread uses it. Changes that belong to a load are made on a TableChanges (table_changes.h) and
// adopted when that load is durable, so that a load that fails leaves no trace here.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "destination/destination.h"
#include "postgres/catalog/catalog.h"
#include "postgres/catalog/table_name.h"
#include "postgres/slot/slot.h"
#include "replication/core/known_tables.h"
#include "replication/core/leaving_tables.h"
#include "replication/core/new_outputs.h"
#include "replication/core/record_changes.h"
#include "replication/core/suspicion.h"
#include "replication/core/table_groups.h"

namespace walbrook::replication {

struct TableSyncOptions {
  // The schema of all target tables; "" = each has the name of its source schema.
  std::string dataset;
  destination::TargetStyle style{};         // of target tables that are created from now on
  std::vector<postgres::TableName> wanted;  // empty = all of the publication
  bool snapshot = true;                     // false: a new table begins with its changes alone
  bool copy_joining = false;                // RunOptions::copy_joining
  SuspicionOptions suspicion{};
  // What the destination can do with the target of a renamed table (table_renames.h); where it cannot follow, the table
  // is copied under its new name.
  destination::Moves moves = destination::Moves::none;
  // The outputs that a table has. Empty: each table has one output, merged. An output that is no longer defined for its
  // table is removed; its last copy stays.
  DefineOutputs outputs{};
};

class TableSync {
 public:
  // Borrows `names`, the destination's name rules, for its lifetime. `known` is the state that the last run left.
  TableSync(TableSyncOptions options, const destination::NameRules& names, destination::State known);

  TableSync(const TableSync&) = delete;
  TableSync& operator=(const TableSync&) = delete;

  // Takes in the publication as the catalog shows it; `reached` is the checkpoint. Returns the records that changed, to
  // be stored: outputs that became pending, suspended, left out or removed, and those with another fingerprint.
  RecordChanges publication_seen(const postgres::Publication& publication, Lsn reached);
  // Decides about the outputs whose fingerprint publication_seen could not judge because the stream had not come that
  // far. REQUIRES: everything before `reached` is applied. Returns the records that changed, to be stored.
  RecordChanges decide(Lsn reached);
  // Marks all outputs of these tables `pending`, whatever state they have; with `all`, those of every table that is
  // still published. Left as they are: outputs that are removed or left out, those of tables that leave or cannot be
  // replicated as they are, and those that have their changes alone unless their table is named. REQUIRES:
  // publication_seen was called. Returns the records that changed, to be stored.
  RecordChanges copy_again(const std::vector<postgres::TableName>& names, bool all, const std::string& reason);
  // Compares target tables with the records: an output whose target is not as walbrook left it is resynced or
  // suspended. REQUIRES: publication_seen was called. Returns the records that changed, to be stored. Throws what
  // Destination::inspect throws.
  RecordChanges compare_targets(destination::Destination& destination);
  // The destination refused to move the targets of renamed tables: the tables are copied under their new names, and
  // their last copies under the former names stay. Returns the records that changed, to be stored.
  RecordChanges copy_renamed(const std::vector<Renames>& renames);
  // Removes the outputs of tables that have left the publication and whose last published change is applied with
  // `checkpoint`. Returns their records, to be stored.
  RecordChanges remove_departed(Lsn checkpoint) { return leaving_.remove_departed(checkpoint); }
  // The LSN at which the last of the leaving tables is removed; unset: no table leaves, or the LSN is not known yet.
  [[nodiscard]] Lsn last_leaves_at() const { return leaving_.last_leaves_at(); }
  // The streaming outputs whose column descriptions changed since the last call; their records hold the new
  // descriptions.
  [[nodiscard]] std::vector<OutputRecord> take_described() { return std::exchange(described_, {}); }
  // Marks the pending outputs whose copy is not postponed beyond `now` as copying, and returns them; their copies are
  // reported under `load_id` in _walbrook.loads. Outputs whose table the role cannot read are suspended instead, and
  // are returned as well: look at the state. REQUIRES: the caller stores the records before it orders the copies.
  std::vector<FoundOutput> order_copies(std::int64_t load_id, SteadyTime now);

  // All records as they are in memory.
  [[nodiscard]] destination::State state() const { return tables_.state(); }
  [[nodiscard]] const KnownTables& known() const { return tables_; }
  // The table that the changes of `relation` belong to; nullptr: it is not replicated.
  [[nodiscard]] SyncedTable* find_by_relation(Oid relation);
  [[nodiscard]] SyncedTable* find(Oid table) { return tables_.find(table); }
  [[nodiscard]] FoundOutput find(OutputId output) { return tables_.find(output); }
  [[nodiscard]] const std::map<Oid, SyncedTable>& tables() const { return tables_.all(); }
  [[nodiscard]] std::map<Oid, SyncedTable>& tables() { return tables_.all(); }

  // The style of target tables that are created from now on.
  [[nodiscard]] const destination::TargetStyle& style() const { return options_.style; }
  [[nodiscard]] std::uint64_t resync_max_size() const { return options_.suspicion.resync_max_size; }

  // No output waits for a copy in this run: each is streaming, suspended, left out or removed, or its copy is left to
  // the next run.
  [[nodiscard]] bool is_settled() const;
  [[nodiscard]] bool any_streaming() const;  // tables that leave are not counted
  [[nodiscard]] bool any_leaving() const { return leaving_.any(); }
  // For the assembler: the table of each relation, and the row identity of each table that does not use the announced
  // one.
  [[nodiscard]] std::unordered_map<Oid, Oid> groups() const;
  [[nodiscard]] RowIdentities identities() const;
  // How many target names were looked up since the last publication_seen, for tests.
  [[nodiscard]] std::size_t name_steps() const { return new_outputs_.name_steps(); }
  // Judges the difference between the record and its table as the catalog shows it (suspicion.h). Rows of other columns
  // than the record's may go into its target where it is `none` or `in_place` (columns_in_place.h); `resync` if nothing
  // is known. REQUIRES: the record's output is streaming.
  [[nodiscard]] Suspicion::Kind judge_columns(const SyncedTable& table, const OutputRecord& record) const;
  // Every command that altered the table since the record's fingerprint has brought a description (ddl_trigger.h), or
  // will.
  [[nodiscard]] bool is_described(const SyncedTable& table, const OutputRecord& record) const;
  [[nodiscard]] bool alters_columns() const { return options_.suspicion.alters_columns; }
  // The output is left out, and its user misses it: it has a copy, or its table was asked for by name.
  [[nodiscard]] bool is_missed(const SyncedOutput& output) const;

 private:
  [[nodiscard]] bool is_wanted(const postgres::SourceTable& table) const;
  // Each compares one table or output with what was seen of it and updates the records. Returns true if a record
  // changed.
  bool adopt(const postgres::SourceTable& table);
  // What outputs of a renamed table pass on to those under its new name.
  struct Renamed {
    bool changes_only = false;  // one of them had its changes alone
    bool suspended = false;     // one of them was suspended by request
  };
  bool adopt_new(const postgres::SourceTable& table, const Renamed& before);
  bool adopt_output(SyncedTable& table, SyncedOutput& output, bool recreated);
  bool match_outputs(SyncedTable& table);
  bool rejoin(const postgres::SourceTable& table);
  bool leave_out(const postgres::LeftOutTable& table);
  // Compares the fingerprint of an output that is streaming or being copied with the catalog's, which was read at the
  // position `seen_at`. Returns true if the record changed.
  bool compare_with_catalog(const SyncedTable& table, SyncedOutput& output, Lsn seen_at);
  [[nodiscard]] bool is_caught_up() const;
  bool continue_with_changes(const SyncedTable& table, SyncedOutput& output);
  bool restyle(const SyncedTable& table, SyncedOutput& output);
  void describe(const SyncedTable& table, SyncedOutput& output);
  // Renames the tables whose targets can follow their names (table_renames.h).
  void follow_renames(const postgres::Publication& publication);
  // The table with this OID does not have its name any more: its outputs under the old name are removed, and their last
  // copies stay.
  Renamed leave_old_name(Oid oid, const std::string& reason);
  [[nodiscard]] bool begins_with_its_changes(Oid table) const;

  TableSyncOptions options_;
  std::set<std::pair<std::string, std::string>> wanted_;  // schema and name of options_.wanted
  KnownTables tables_;
  NewOutputs new_outputs_;
  std::unordered_map<Oid, Oid> members_;  // relation → table
  LeavingTables leaving_{tables_};
  std::vector<OutputRecord> left_;  // removed outputs of renamed tables, until they are stored
  std::vector<Renames> renames_;    // until they are stored
  std::vector<OutputRecord> described_;
  std::vector<TargetAlteration> alterations_;  // of records that changed, until they are stored
  // Publication::joined of the publication that was seen last.
  std::set<Oid> joined_;
  // The number of the newest copy, over all outputs: a renamed table has new outputs while the copy of an old one may
  // still be under way.
  std::uint64_t newest_copy_ = 0;
  Lsn position_;                // Publication::position of the publication that was seen last
  Lsn reached_;                 // the checkpoint that the caller passed last
  bool any_undecided_ = false;  // an output may have SyncedOutput::undecided set
  bool restyled_ = false;       // the first publication_seen has compared target names and types with the options
};

}  // namespace walbrook::replication
