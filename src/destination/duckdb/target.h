// A table that walbrook made in the file: the names of its columns, and how they follow from the source's names.
//
// The names are those of destination/target_shape.h. DuckDB cannot tell names apart that differ only in the case of
// ASCII letters. Values that a column cannot hold are in `<column>__v_text`; if a source column has that name already,
// underscores are appended until it is free. A table without columns, which DuckDB cannot have, gets one column that is
// always NULL. The result is stored in _walbrook.targets, so that it still holds after columns of the source are
// dropped.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "destination/target_shape.h"
#include "model/table_schema.h"

namespace walbrook::destination::duckdb {

inline constexpr std::string_view empty_table_column = "_walbrook_empty";
inline constexpr std::string_view overflow_suffix = "__v_text";

struct TargetColumn {
  std::string name;
  std::string source;  // column of the source; "" for a metadata column and for empty_table_column
  bool is_overflow = false;
  MetadataColumn metadata = MetadataColumn::none;
  friend bool operator==(const TargetColumn&, const TargetColumn&) = default;
};

struct Target {
  std::string schema;
  std::string table;
  std::vector<TargetColumn> columns;

  [[nodiscard]] const TargetColumn* column_of(std::string_view source) const;
  [[nodiscard]] const TargetColumn* overflow_of(std::string_view source) const;
  [[nodiscard]] bool has_column_named(std::string_view name) const;  // as DuckDB tells names apart
  // Adds the overflow column of `source` and returns its name; nullopt if there is one already.
  std::optional<std::string> add_overflow(std::string_view source);
  friend bool operator==(const Target&, const Target&) = default;
};

// Makes the target of a table with these columns. Throws Error(data) if a column has the name of a metadata column.
[[nodiscard]] Target make_target(std::string schema, std::string table, const TableSchema& columns,
                                 const TargetStyle& style);
// Returns the SQL type of a column of the target; "" if `columns` no longer has the source's column.
[[nodiscard]] std::string type_of(const TargetColumn& column, const TableSchema& columns);
// Returns "CREATE TABLE catalog.schema.table (…)" for a target that make_target returned.
[[nodiscard]] std::string create_sql(const std::string& full_name, const Target& target, const TableSchema& columns);

// Converts the target's columns to one line of JSON, for the state, and back.
[[nodiscard]] std::string columns_to_json(const Target& target);
[[nodiscard]] std::vector<TargetColumn> columns_from_json(std::string_view json);

}  // namespace walbrook::destination::duckdb
