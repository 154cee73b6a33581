// What two versions of a table's columns differ in: as they are known, and as they are seen now.
//
// Columns are told apart by name, because the stream gives no attribute number: a renamed column is one that is missing
// and one that is new. PostgreSQL never moves a column, so that names of one relation in another order were swapped by
// renaming; a partition's columns may stand in another order than its root's.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "model/table_schema.h"

namespace walbrook {

struct ColumnChange {
  enum class Kind {
    added,    // only `now` has it
    altered,  // it has another type, type modifier or name in the destination
    dropped,  // only `known` has it
  } kind = Kind::added;
  std::string name;
  friend bool operator==(const ColumnChange&, const ColumnChange&) = default;
};

struct SchemaDiff {
  std::vector<ColumnChange> columns;  // added and altered ones in the order of `now`, then the dropped ones
  bool moved = false;                 // columns that both have stand in another order
  bool renamed = false;               // they do in one and the same relation: their names were swapped
  bool identity = false;              // rows are found by other columns, or by all of them

  [[nodiscard]] bool has(ColumnChange::Kind kind) const;
  // Rows of both can be folded together, column by column.
  [[nodiscard]] bool is_none() const { return columns.empty() && !moved && !identity; }
  // Columns that both have are the same: rows that come now fit the target, but for columns that are added to it.
  [[nodiscard]] bool keeps_common_columns() const { return !has(ColumnChange::Kind::altered) && !renamed; }
  // The target has every column of a row that comes now. Where that is not so, the values that a new or altered column
  // has in old rows are not in the stream.
  [[nodiscard]] bool fits_target() const { return keeps_common_columns() && !has(ColumnChange::Kind::added); }
  // Why a table whose rows do not fit must be copied. REQUIRES: !fits_target().
  [[nodiscard]] std::string reason() const;
};

[[nodiscard]] SchemaDiff schema_diff(const TableSchema& known, const TableSchema& now);
// The same of one relation's columns as the catalog shows them, which tell neither layouts nor the key.
[[nodiscard]] SchemaDiff schema_diff(const TableSchema& known, std::span<const SourceColumn> now);

}  // namespace walbrook
