// Which output of which table is in which state, and what follows from what was seen: pure decisions over the records.
//
// A table of the source has one output or several, each with a state of its own:
// pending → copying → streaming, and suspended or removed beside the way.
//
//   pending    to be copied. Changes are dropped for it: they came before its snapshot is begun, which holds them.
//   copying    the table copier was told to. From here on its changes wait in the spool (spool.h), because the copy's
//              consistent point Y is not known yet. When the copy is whole and everything before Y is durable, one
//              load makes it visible, applies the spooled changes with commit_lsn >= Y, and the output is `streaming`.
//
// A change of a table goes to each of its outputs, by that one's state: one is streaming while another is copied.
//
// An output whose rows are not to be copied is `copying` for a moment only (Loader::begin_with_changes).
//
// The seam, worked: a writer commits at 0/50 (its commit record's start), the temporary slot's consistent point is 0/50
// as well. The snapshot was built from transactions that ended before 0/50, so it lacks this one, and the rule
// commit_lsn >= Y takes it from the stream. With > it would be lost. With the LSN of the change's frame, 0/30, it would
// be lost too; with end_lsn, 0/80, the transaction before it, whose record ends at 0/50, would be applied twice.
//
// Only the loader's thread uses it. Changes that belong to a load are made on a TableChanges (table_changes.h) and
// adopted when that load is durable, so that a load that failed leaves no trace here either.
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
#include "replication/core/new_outputs.h"
#include "replication/core/record_changes.h"
#include "replication/core/suspicion.h"
#include "replication/core/table_groups.h"

namespace walbrook::replication {

struct TableSyncOptions {
  std::string dataset;                      // "" = the source's schema names
  destination::TargetStyle style{};         // of target tables that are made from now on
  std::vector<postgres::TableName> wanted;  // empty = all of the publication
  bool snapshot = true;                     // false: a table that is new begins with its changes alone
  bool copy_joining = false;                // RunOptions::copy_joining
  SuspicionOptions suspicion{};
  // Empty: each table has one output, merged. An output that a table had and is no longer to have is removed; its last
  // copy stays.
  DefineOutputs outputs{};
};

class TableSync {
 public:
  // Borrows `names`, the rules of the destination. `known`: what the last run left.
  TableSync(TableSyncOptions options, const destination::NameRules& names, destination::State known);

  TableSync(const TableSync&) = delete;
  TableSync& operator=(const TableSync&) = delete;

  // What the publication holds now; `reached`: the checkpoint. Returns the records that changed, to be stored: outputs
  // that became pending or removed, or have another fingerprint.
  RecordChanges publication_seen(const postgres::Publication& publication, Lsn reached);
  // The same of outputs that could not be decided about and now can: everything before `reached` is applied.
  RecordChanges decide(Lsn reached);
  // All outputs of these tables are copied again whatever they have; those of every table that is still published,
  // with `all`. After the first publication_seen. Returns the records that changed, to be stored.
  RecordChanges copy_again(const std::vector<postgres::TableName>& names, bool all, const std::string& reason);
  // Target tables are compared with the records: what is not as walbrook left it is resynced or suspended. After the
  // first publication_seen. Returns the records that changed, to be stored.
  RecordChanges compare_targets(destination::Destination& destination);
  // Tables that have left the publication for good, now that everything before `checkpoint` is applied: their records,
  // to be stored.
  RecordChanges let_go(Lsn checkpoint);
  // Where the last of the tables that leave is to be let go; unset: none leaves, or it is not known yet.
  [[nodiscard]] Lsn last_leaves_at() const;
  // Streaming outputs whose columns are described otherwise than before; their records hold the new descriptions.
  [[nodiscard]] std::vector<OutputRecord> take_described() { return std::exchange(described_, {}); }
  // Outputs that wait for a copy and whose copy is not postponed beyond `now`, now marked copying; `load_id` will tell
  // of them. Those whose tables the role cannot read are suspended instead.
  std::vector<FoundOutput> order_copies(std::int64_t load_id, SteadyTime now);

  // All records as they are now.
  [[nodiscard]] destination::State state() const { return tables_.state(); }
  [[nodiscard]] const KnownTables& known() const { return tables_; }
  // The table that a relation's changes belong to; nullptr: none of ours.
  [[nodiscard]] SyncedTable* find_by_relation(Oid relation);
  [[nodiscard]] SyncedTable* find(Oid table) { return tables_.find(table); }
  [[nodiscard]] FoundOutput find(OutputId output) { return tables_.find(output); }
  [[nodiscard]] const std::map<Oid, SyncedTable>& tables() const { return tables_.all(); }
  [[nodiscard]] std::map<Oid, SyncedTable>& tables() { return tables_.all(); }

  // Of target tables that are made from now on.
  [[nodiscard]] const destination::TargetStyle& style() const { return options_.style; }
  [[nodiscard]] std::uint64_t resync_max_size() const { return options_.suspicion.resync_max_size; }

  // Every table is streaming, suspended, left out or removed, or its copy is left to the next run.
  [[nodiscard]] bool is_settled() const;
  [[nodiscard]] bool any_streaming() const;  // but for those that leave
  [[nodiscard]] bool any_leaving() const { return !leaving_.empty(); }
  // relation → table, for the assembler; and by what each table's rows are found.
  [[nodiscard]] std::unordered_map<Oid, Oid> groups() const;
  [[nodiscard]] RowIdentities identities() const;
  // How many names of targets the last publication_seen looked at, for tests.
  [[nodiscard]] std::size_t name_steps() const { return new_outputs_.name_steps(); }
  // Of a table that walbrook's publication leaves out, and that the user asked for by name or has a copy of.
  [[nodiscard]] bool is_missed(const SyncedOutput& output) const;

 private:
  [[nodiscard]] bool is_wanted(const postgres::SourceTable& table) const;
  // Each takes in what was seen of a table or output; true where a record changed.
  bool adopt(const postgres::SourceTable& table);
  bool adopt_new(const postgres::SourceTable& table, bool changes_only);
  bool adopt_output(SyncedTable& table, SyncedOutput& output, bool recreated);
  bool match_outputs(SyncedTable& table);
  bool rejoin(const postgres::SourceTable& table);
  bool leave_out(const postgres::LeftOutTable& table);
  bool leave(SyncedTable& table, const postgres::Publication& publication, bool is_published);
  // Compares an output that is streaming or being copied with what the catalog shows; true when its record changed.
  bool compare_with_catalog(const SyncedTable& table, SyncedOutput& output);
  bool go_on_with_changes(const SyncedTable& table, SyncedOutput& output);
  bool restyle(const SyncedTable& table, SyncedOutput& output);
  void describe(const SyncedTable& table, SyncedOutput& output);
  // The table was renamed in the source. True where what it had here has its changes alone.
  bool leave_old_name(Oid oid);
  void keep_members(const std::unordered_map<Oid, Oid>& before);
  [[nodiscard]] bool begins_with_its_changes(Oid table) const;

  TableSyncOptions options_;
  std::set<std::pair<std::string, std::string>> wanted_;  // schema and name of options_.wanted
  KnownTables tables_;
  NewOutputs new_outputs_;
  std::unordered_map<Oid, Oid> members_;
  std::set<Oid> leaving_;           // of tables_
  std::vector<OutputRecord> left_;  // outputs under names that tables no longer have, to be stored
  std::vector<OutputRecord> described_;
  std::set<Oid> joined_;  // Publication::joined
  // Over all outputs: a table that was renamed has new ones, and the copy of the old one may still be under way.
  std::uint64_t newest_copy_ = 0;
  Lsn position_;  // of the catalog that was seen last
  Lsn reached_;   // the checkpoint, as told last
  bool any_undecided_ = false;
  bool restyled_ = false;  // copies are called as they are now to be, or will be
};

}  // namespace walbrook::replication
