// The difference between two versions of a table's columns: those that are known and those that are seen now.
//
// Columns are identified by name, because the stream gives no attribute number: a renamed column is one that is missing
// and one that is new. PostgreSQL never moves a column, so if the names of one relation come in another order, columns
// were swapped by renaming; the columns of a partition may be in another order than its root's.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "model/table_schema.h"

namespace walbrook {

struct ColumnChange {
  enum class Kind {
    added,    // only `now` has it
    altered,  // its type, type modifier or name in the destination differs
    dropped,  // only `known` has it
  } kind = Kind::added;
  std::string name;
  friend bool operator==(const ColumnChange&, const ColumnChange&) = default;
};

struct SchemaDiff {
  // Added and altered ones in the order of `now`, then the dropped ones.
  std::vector<ColumnChange> columns;
  bool moved = false;     // columns that both have are in another order
  bool renamed = false;   // they are in another order in one relation: their names were swapped
  bool identity = false;  // rows are found by other columns, or by all of them

  [[nodiscard]] bool has(ColumnChange::Kind kind) const;
  // Rows of both versions can be folded together, column by column.
  [[nodiscard]] bool is_none() const { return columns.empty() && !moved && !identity; }
  // Columns that both versions have are the same: rows that come now fit the target, except for columns that are added.
  [[nodiscard]] bool keeps_common_columns() const { return !has(ColumnChange::Kind::altered) && !renamed; }
  // The target has every column of a row that comes now. If it does not, the stream lacks the values that a new or
  // altered column has in old rows.
  [[nodiscard]] bool fits_target() const { return keeps_common_columns() && !has(ColumnChange::Kind::added); }
  // Why a table whose rows do not fit has to be copied. REQUIRES: !fits_target().
  [[nodiscard]] std::string reason() const;
};

[[nodiscard]] SchemaDiff schema_diff(const TableSchema& known, const TableSchema& now);
// The difference to one relation's columns as the catalog shows them, without layouts and key.
[[nodiscard]] SchemaDiff schema_diff(const TableSchema& known, std::span<const SourceColumn> now);

}  // namespace walbrook
