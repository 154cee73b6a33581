// What one load changes of the tables: nothing of it counts before the load is durable, so that a load that failed
// leaves no trace.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "replication/core/table_sync.h"

namespace walbrook::replication {

class TableChanges {
 public:
  // Borrows.
  explicit TableChanges(TableSync& sync) : sync_(sync) {}

  // The record to be changed; a copy of the durable one at first.
  TableRecord& edit(const SyncedTable& table);
  // As this load sees it.
  [[nodiscard]] const TableRecord& look(const SyncedTable& table) const;
  [[nodiscard]] const std::map<Oid, TableRecord>& changed() const { return changed_; }

  // The commit that the table could not take (SyncedTable::set_aside_at).
  void note_set_aside(const SyncedTable& table, Lsn commit_lsn) { notes_[table.record.oid].set_aside_at = commit_lsn; }
  // SyncedTable::identity_altered_at, of which the last one counts.
  void note_identity_altered(const SyncedTable& table, Lsn commit_lsn);
  // Changes that wait for the table's copy hold a value of that column that goes to its variant.
  void note_variant(const SyncedTable& table, const std::string& column);

  // The load is durable.
  void adopt();

 private:
  struct Note {
    std::optional<Lsn> set_aside_at;
    Lsn identity_altered_at;
    std::set<std::string> variant_columns;
  };

  TableSync& sync_;
  std::map<Oid, TableRecord> changed_;
  std::map<Oid, Note> notes_;
};

}  // namespace walbrook::replication
