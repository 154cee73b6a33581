// Tables that have another name in the source: their target tables get it too, and no row is copied.
//
// The names follow the catalog, which may be ahead of the stream, at once. Rows are found by the OID of their table, so
// those that committed before the rename go into the same target. All tables that one look at the catalog shows under
// other names are renamed together, since they may have exchanged their names, and in a transaction of their own
// (Renames). Worked:
//
//   source   t (OID 700) is renamed to t_old, t_new (OID 701) to t
//   catalog  700 is t_old, 701 is t: both are known by OID, and the names of both targets are free
//   load     moves the targets t → t_old and t_new → t, and stores the two tables and their outputs under their names
//   stream   a row of 700 from before the rename goes to the target t_old
//
// A table whose name another one has now, and that is not renamed itself, is gone: the other one's target replaces its
// target, as the copy of a table that was created again does.
#pragma once

#include <span>
#include <vector>

#include "replication/core/new_outputs.h"
#include "replication/core/record_changes.h"
#include "replication/core/table_sync.h"

namespace walbrook::replication {

class TableRenames {
 public:
  // Borrows both.
  TableRenames(KnownTables& tables, NewOutputs& outputs, destination::Moves moves)
      : tables_(tables), outputs_(outputs), moves_(moves) {}

  // The table is known by another name, and its targets can follow.
  [[nodiscard]] bool can_follow(const postgres::SourceTable& table) const;
  // Renames the tables, and returns what has to be stored. REQUIRES: they can follow, and no other known table has one
  // of their names.
  [[nodiscard]] Renames rename(std::span<const postgres::SourceTable* const> tables);

 private:
  void rename_output(SyncedTable& table, SyncedOutput& output, Renames& renames);

  KnownTables& tables_;
  NewOutputs& outputs_;
  destination::Moves moves_;
};

// Stores the renames of `changed`, which has none afterwards. If the destination refuses to move a target, the renamed
// tables are copied under their new names, and the records that follow from that are added to `changed`.
void store_renames(destination::Destination& destination, TableSync& sync, RecordChanges& changed);

}  // namespace walbrook::replication
