// Columns that a target gets in place: they were added in the source, and the catalog shows that they are NULL in every
// row so far (Difference::Kind::extended).
//
// If rows with such a column come before the stream has caught up with the catalog, they bring it: the target is
// altered at the start of their load (alter_targets), and their record has the column from then on (BatchApply::add).
// Otherwise it is added once the stream has caught up, with the records of that moment. Worked:
//
//   source   0/50 ALTER TABLE t ADD COLUMN a; 0/60 INSERT INTO t (id, a); 0/70 ALTER TABLE t ADD COLUMN b
//   catalog  read at 0/80: a and b are new → SyncedOutput::addable {a, b}
//   stream   0/60 describes t with a → the load adds a, then the row
//   stream   reaches 0/80, and nothing described b → b is added alone, and the record takes over the fingerprint
#pragma once

#include <string>
#include <vector>

#include "replication/core/record_changes.h"
#include "replication/core/synced_table.h"

namespace walbrook::replication {

// Rows of `schema` fit the output's target once it has columns that may be added in place.
[[nodiscard]] bool may_be_extended_for(const SyncedOutput& output, const OutputRecord& record,
                                       const TableSchema& schema);
// The columns of `schema` that the record lacks, to be added to its target. REQUIRES: may_be_extended_for().
[[nodiscard]] destination::Alteration addition(const OutputRecord& record, const TableSchema& schema);

enum class Extended {
  now,         // its record has them; the alteration is to be made with it
  later,       // rows may still bring them
  impossible,  // only a new copy brings them
};
// Gives the output the columns `added` of its table, or notes them as addable. If the record has one of them already, a
// column of that name was dropped without a message, and the target has its values. `is_caught_up`: everything that the
// catalog showed was read from the stream. REQUIRES: the output is streaming, and its table's fingerprint is extended.
[[nodiscard]] Extended extend(const SyncedTable& table, SyncedOutput& output, const std::vector<std::string>& added,
                              bool is_caught_up, std::vector<TargetAlteration>& alterations);
// Makes the record that of a table with the columns of `schema`. REQUIRES: may_be_extended_for(), and the target has
// them.
void note_brought(const SyncedTable& table, OutputRecord& record, const TableSchemaRef& schema);

}  // namespace walbrook::replication
