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
//
// With walbrook's event triggers (postgres/catalog/ddl_trigger.h) the stream brings a description of the table at the
// place of each command, and the catalog is not needed (to_described). Worked:
//
//   source   0/50 ALTER TABLE t ADD COLUMN a int DEFAULT 7; 0/60 INSERT; DROP COLUMN a, ADD COLUMN a text; 0/70 INSERT
//   load     the first description has attribute 2 (a), the second one attribute 3 (a): the target gets 3; the row of
//            0/60 came after one description, so its a is attribute 2, which nobody has any more, and is left out
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "model/batch.h"
#include "postgres/catalog/column_lineage.h"
#include "replication/core/record_changes.h"
#include "replication/core/synced_table.h"

namespace walbrook::replication {

// The columns of some rows of a load.
struct RowsVersion {
  TableSchemaRef schema;
  std::size_t descriptions = 0;  // how many descriptions of the table the load had brought before them
};

// How the rows of one load, which have several versions of their table's columns, go into one target.
class Adaptation {
 public:
  // Returns the adaptation to the last of `versions`, the columns of a load's rows in their order; nullopt: rows of
  // some version cannot go into the target without a new copy, or all are of the record's own. Borrows `table`.
  [[nodiscard]] static std::optional<Adaptation> to_newest(const SyncedTable& table, const OutputRecord& record,
                                                           std::span<const RowsVersion> versions);
  // Returns the adaptation to the last of the descriptions that the load brings, at least one; nullopt as above.
  // REQUIRES: every command since the record's fingerprint has brought a description (is_described_between).
  [[nodiscard]] static std::optional<Adaptation> to_described(
      const SyncedTable& table, const OutputRecord& record, std::span<const RowsVersion> versions,
      std::span<const std::shared_ptr<const AlteredTable>> altered);

  [[nodiscard]] const TableSchema& columns() const { return *columns_; }
  // The target only gets columns that are NULL in all of its rows, under names that it never had.
  [[nodiscard]] bool adds_empty_columns() const;
  // Rows with equal columns may have other attributes: they are told apart by the descriptions before them.
  [[nodiscard]] bool is_described() const { return catalog_.empty(); }
  // What the target needs before the load's rows; perhaps nothing.
  [[nodiscard]] const destination::Alteration& alteration() const { return alteration_; }
  // Makes the record that of the altered target.
  void adopt(OutputRecord& record) const;
  // Returns the names that columns have in the altered target, of those that have these names in some version.
  [[nodiscard]] std::set<std::string> names_now(const std::set<std::string>& names) const;
  // Returns the rows as the altered target takes them; nullopt: their columns are none of the versions. `descriptions`:
  // RowsVersion::descriptions.
  [[nodiscard]] std::optional<RowBatch> adapted(const RowBatch& rows, std::size_t descriptions) const;

 private:
  using Values = std::vector<std::shared_ptr<const Column>>;

  Adaptation(postgres::ColumnLineage lineage, TableSchemaRef columns, std::vector<std::size_t> places, Values values)
      : lineage_(std::move(lineage)),
        columns_(std::move(columns)),
        places_(std::move(places)),
        values_(std::move(values)) {}

  // Returns nullopt if rows of some version cannot go into the target.
  [[nodiscard]] static std::optional<Adaptation> make(const OutputRecord& record, postgres::ColumnLineage lineage,
                                                      Values values, std::span<const RowsVersion> versions,
                                                      const RowsVersion& newest);
  // The column of columns_ that is lineage_.columns()[place]; nullptr: it is gone, or not there yet.
  [[nodiscard]] const ColumnSchema* column_at(std::size_t place) const;
  // The name of the target's column that takes its values; "": the target has none.
  [[nodiscard]] std::string name_in_target(std::size_t place) const;
  [[nodiscard]] bool plan(const OutputRecord& record);
  [[nodiscard]] bool takes(const RowsVersion& version) const;
  void note_names(const RowsVersion& version);

  postgres::ColumnLineage lineage_;
  TableSchemaRef columns_;           // of the newest rows, and of the target afterwards
  std::vector<std::size_t> places_;  // of columns_ in lineage_
  Values values_;                    // by place: what rows have from before the column was added; nullptr: NULL
  std::string fingerprint_;          // of the record, before and after; see adopt
  std::string catalog_;  // the fingerprint that the columns' entries are taken from; "": fingerprint_ has them
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
