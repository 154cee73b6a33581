// Columns that a target follows in place: they were added, renamed or widened in the source, and the catalog shows that
// no row was written again (Difference::Kind::in_place).
//
// If rows with the columns come before the stream has caught up with the catalog, they bring the change: at the start
// of their load the target gets the columns of the load's newest rows (alter_targets), and older rows in that load are
// translated (Adaptation::adapted). Otherwise the target is altered once the stream has caught up, with the records of
// that moment. Worked:
//
//   source   0/50 ALTER TABLE t RENAME a TO b, ADD COLUMN c int DEFAULT 7; 0/60 INSERT; 0/70 ALTER TABLE t ADD COLUMN d
//   catalog  read at 0/80: attribute 2 is called b, 3 and 4 are new; rows of before have 7 in c, and NULL in d
//   load     rows from 0/40 have (id, a), the row of 0/60 has (id, b, c): the target gets (id, b, c), with 7 in its
//   rows;
//            those of 0/40 become (id, b, c) too, with 7
//   stream   reaches 0/80, and no row had d: d is added alone, and the record takes over the fingerprint
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "model/row_batch.h"
#include "postgres/catalog/column_lineage.h"
#include "replication/core/record_changes.h"
#include "replication/core/synced_table.h"

namespace walbrook::replication {

// How the rows of one load, which have several versions of their table's columns, go into one target.
class Adaptation {
 public:
  // Returns the adaptation to the last of `versions`, the columns of a load's rows in their order; nullopt: rows of
  // some version cannot go into the target without a new copy, or all are of the record's own. Borrows `table`.
  [[nodiscard]] static std::optional<Adaptation> to_newest(const SyncedTable& table, const OutputRecord& record,
                                                           const std::vector<TableSchemaRef>& versions);

  [[nodiscard]] const TableSchema& columns() const { return *columns_; }
  // What the target needs before the load's rows; perhaps nothing.
  [[nodiscard]] const destination::Alteration& alteration() const { return alteration_; }
  // Makes the record that of the altered target.
  void adopt(OutputRecord& record) const;
  // Returns the names that columns have in the altered target, of those that have these names in some version.
  [[nodiscard]] std::set<std::string> names_now(const std::set<std::string>& names) const;
  // Returns the rows as the altered target takes them; nullopt: their columns are none of the versions.
  [[nodiscard]] std::optional<RowBatch> adapted(const RowBatch& rows) const;

 private:
  Adaptation(const SyncedTable& table, postgres::ColumnLineage lineage, TableSchemaRef columns,
             std::vector<std::size_t> places)
      : table_(&table), lineage_(std::move(lineage)), columns_(std::move(columns)), places_(std::move(places)) {}

  // The column of columns_ that is lineage_.columns()[place]; nullptr: it is gone, or not there yet.
  [[nodiscard]] const ColumnSchema* column_at(std::size_t place) const;
  [[nodiscard]] const Column* value_in_old_rows(std::size_t place) const;
  [[nodiscard]] bool plan(const OutputRecord& record);
  void note_names(const TableSchema& version);

  const SyncedTable* table_;
  postgres::ColumnLineage lineage_;
  TableSchemaRef columns_;           // of the newest rows, and of the target afterwards
  std::vector<std::size_t> places_;  // of columns_ in lineage_
  destination::Alteration alteration_;
  std::map<std::string, std::set<std::string>> names_now_;  // by a name in some version: in columns_
};

using Adaptations = std::map<OutputId, Adaptation>;

// Whether each column of the table is known by the record, or new: others only a new copy brings.
[[nodiscard]] bool may_follow(const SyncedTable& table, const OutputRecord& record);
// Gives the output the columns of its table as the catalog shows them. Returns false if only a new copy does. REQUIRES:
// the output is streaming, and everything that the catalog showed was read from the stream.
[[nodiscard]] bool follow_catalog(const SyncedTable& table, SyncedOutput& output,
                                  std::vector<TargetAlteration>& alterations);

}  // namespace walbrook::replication
