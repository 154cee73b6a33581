// Which table is in which state, and what follows from what was seen: pure decisions over the table records.
//
// One record a table:  pending → copying → streaming, and quarantined or removed beside the way.
//
//   pending    to be copied. Its changes are dropped: they came before its snapshot is begun, which holds them.
//   copying    the copier was told to. From here on its changes wait in the spool (spool.h), because the copy's
//              consistent point Y is not known yet. When the copy is whole and everything before Y is durable, one
//              load makes it visible, applies the spooled changes with commit_lsn >= Y, and the table is `streaming`.
//
// A table whose rows are not to be copied is `copying` for a moment only (Loader::begin_with_changes).
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
#include "replication/core/suspicion.h"
#include "replication/core/table_groups.h"
#include "replication/core/target_names.h"

namespace walbrook::replication {

struct TableSyncOptions {
  std::string dataset;                      // "" = the source's schema names
  destination::TargetStyle style{};         // of target tables that are made from now on
  std::vector<postgres::TableName> wanted;  // empty = all of the publication
  bool snapshot = true;                     // false: a table that is new begins with its changes alone
  bool copy_joining = false;                // RunOptions::copy_joining
  SuspicionOptions suspicion{};
};

class TableSync {
 public:
  // Borrows `names`, the rules of the destination.
  TableSync(TableSyncOptions options, const destination::NameRules& names, std::vector<TableRecord> records);

  // What the publication holds now; `reached`: the checkpoint. Returns the records that changed, to be stored: to
  // pending or removed, or with another fingerprint.
  std::vector<TableRecord> publication_seen(const postgres::Publication& publication, Lsn reached);
  // The same of tables that could not be decided about and now can: everything before `reached` is applied.
  std::vector<TableRecord> decide(Lsn reached);
  // These get a copy anew whatever they have; every table that is still published, with `all`. Behind the first
  // publication_seen. Returns the records that changed, to be stored.
  std::vector<TableRecord> copy_anew(const std::vector<postgres::TableName>& names, bool all,
                                     const std::string& reason);
  // Target tables are compared with the records: what is not as walbrook left it is resynced or suspended. Behind the
  // first publication_seen. Returns the records that changed, to be stored.
  std::vector<TableRecord> compare_targets(destination::Destination& destination);
  // Tables that have left the publication for good, now that everything before `checkpoint` is applied: their records,
  // to be stored.
  std::vector<TableRecord> let_go(Lsn checkpoint);
  // Where the last of the tables that leave is to be let go; unset: none leaves, or it is not known yet.
  [[nodiscard]] Lsn last_leaves_at() const;
  // Streaming tables whose columns are described otherwise than before; their records hold the new descriptions.
  [[nodiscard]] std::vector<TableRecord> take_described() { return std::exchange(described_, {}); }
  // Tables that wait for a copy and whose copy is not postponed beyond `now`, now marked copying; `load_id` will tell
  // of them. Those that the role cannot read are suspended instead.
  std::vector<SyncedTable*> order_copies(std::int64_t load_id, SteadyTime now);
  // The tables that order_copies would mark, without those that it would suspend.
  [[nodiscard]] std::vector<const SyncedTable*> copies_due(SteadyTime now) const;
  // When the first of the postponed copies is; nullopt: this run makes none of them.
  [[nodiscard]] std::optional<SteadyTime> next_due() const;

  // The table that a relation's changes belong to; nullptr: none of ours.
  [[nodiscard]] SyncedTable* find_by_relation(Oid relation);
  [[nodiscard]] SyncedTable* find(Oid table) { return tables_.find(table); }
  [[nodiscard]] const std::map<Oid, SyncedTable>& tables() const { return tables_.all(); }
  [[nodiscard]] std::map<Oid, SyncedTable>& tables() { return tables_.all(); }

  // Of target tables that are made from now on.
  [[nodiscard]] const destination::TargetStyle& style() const { return options_.style; }
  [[nodiscard]] std::uint64_t resync_max_size() const { return options_.suspicion.resync_max_size; }

  // Every table is streaming, suspended, left out or removed, or its copy is left to the next run.
  [[nodiscard]] bool settled() const;
  [[nodiscard]] bool any_streaming() const;  // but for those that leave
  [[nodiscard]] bool any_leaving() const { return !leaving_.empty(); }
  // relation → table, for the assembler; and by what each table's rows are found.
  [[nodiscard]] std::unordered_map<Oid, Oid> groups() const;
  [[nodiscard]] RowIdentities identities() const;
  // How many names of targets the last publication_seen looked at, for tests.
  [[nodiscard]] std::size_t name_steps() const { return target_names_ ? target_names_->steps() : 0; }
  // A table that walbrook's publication leaves out, and that the user asked for by name or has a copy of.
  [[nodiscard]] bool is_missed(const SyncedTable& table) const;

 private:
  [[nodiscard]] bool wanted(const postgres::SourceTable& table) const;
  bool adopt(const postgres::SourceTable& table);
  // Compares a table that is streaming or being copied with what the catalog shows; true when its record changed.
  bool compare_with_catalog(SyncedTable& table);
  static void mark_suspect(SyncedTable& table, std::string reason);
  bool adopt_new(const postgres::SourceTable& table, bool changes_only);
  bool go_on_with_changes(SyncedTable& table, const postgres::SourceTable& now);
  bool restyle(SyncedTable& table);
  void describe(SyncedTable& table);
  bool leave_old_name(Oid oid);
  void keep_members(const std::unordered_map<Oid, Oid>& before);
  // True where the record changed.
  bool rejoin(const postgres::SourceTable& table);
  [[nodiscard]] bool begins_with_its_changes(Oid table) const;
  bool leave_out(const postgres::LeftOutTable& table);
  [[nodiscard]] TableRecord new_record(const postgres::SourceTable& table);
  // The name for a target that is made now, which is taken from then on. `former`: the name that the table gives up.
  [[nodiscard]] destination::TargetName choose_target(const TableRecord& record,
                                                      const std::optional<destination::TargetName>& former);
  [[nodiscard]] TargetNames& target_names();

  TableSyncOptions options_;
  std::set<std::pair<std::string, std::string>> wanted_;  // schema and name of options_.wanted
  const destination::NameRules& names_;
  KnownTables tables_;
  // Of all tables; only while a publication is looked at, and only if a new name is needed.
  std::optional<TargetNames> target_names_;
  std::unordered_map<Oid, Oid> members_;
  std::set<Oid> leaving_;          // of tables_
  std::vector<TableRecord> left_;  // records of names that tables no longer have, to be stored
  std::vector<TableRecord> described_;
  std::set<Oid> joined_;  // Publication::joined
  // Over all tables: one that was renamed has a new record, and the copy of the old one may still be under way.
  std::uint64_t newest_copy_ = 0;
  Lsn position_;  // of the catalog that was seen last
  Lsn reached_;   // the checkpoint, as told last
  bool any_undecided_ = false;
  bool restyled_ = false;                    // copies are called as they are now to be, or will be
  std::vector<TableRecord> without_source_;  // written by a program: none of ours, but for their names
};

}  // namespace walbrook::replication
