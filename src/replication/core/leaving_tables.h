// The tables that have left the publication and are still applied (leaving.h), and the relations whose changes belong
// to them: the catalog does not show those any more.
#pragma once

#include <set>
#include <unordered_map>

#include "replication/core/known_tables.h"
#include "replication/core/record_changes.h"

namespace walbrook::replication {

class LeavingTables {
 public:
  // By relation: the table that its changes belong to.
  using Members = std::unordered_map<Oid, Oid>;

  // Borrows `tables` for its lifetime.
  explicit LeavingTables(KnownTables& tables) : tables_(tables) {}

  // Takes in a table that a former run left behind.
  void know(const TableRecord& record);
  // The publication no longer holds the table, or the user no longer wants it. Outputs are removed at once, except that
  // streaming ones wait for changes that are still to come. They do not wait if the table is published but not wanted,
  // since nobody misses its changes, or if the catalog's moment was not read. Returns true if a record changed.
  bool leave(SyncedTable& table, const postgres::Publication& publication, bool is_published);
  // The table is published again, with a gap. Returns false if it was not leaving.
  bool comes_back(SyncedTable& table);
  // REQUIRES: no table has this OID any more.
  void forget(Oid table) { leaving_.erase(table); }
  // Adds the relations of the tables that leave to `members`. `before` are those of the publication before.
  void keep_members(const Members& before, Members& members) const;
  // TableSync::remove_departed, TableSync::last_leaves_at.
  RecordChanges remove_departed(Lsn checkpoint);
  [[nodiscard]] Lsn last_leaves_at() const;
  [[nodiscard]] bool any() const { return !leaving_.empty(); }

 private:
  KnownTables& tables_;
  std::set<Oid> leaving_;
};

}  // namespace walbrook::replication
