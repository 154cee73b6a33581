// Target tables in DuckDB's SQL.
//
// A table without columns, which DuckDB cannot have, gets one column that is always NULL.
#pragma once

#include <string>
#include <string_view>

#include "destination/duckdb/enum_types.h"
#include "destination/target.h"
#include "model/table_schema.h"

namespace walbrook::destination::duckdb {

inline constexpr std::string_view empty_table_column = "_walbrook_empty";

// Makes the target of a table with these columns. Throws Error(data) if a column has the name of a metadata column.
[[nodiscard]] Target make_target(std::string schema, std::string table, const TableSchema& columns,
                                 const TargetStyle& style);
// Returns the SQL type of a column of the target; "" if `columns` no longer has the source's column.
[[nodiscard]] std::string type_of(const TargetColumn& column, const TableSchema& columns, const EnumTypes& enums);
// Returns "CREATE TABLE catalog.schema.table (…)" for a target that make_target returned.
[[nodiscard]] std::string create_sql(const std::string& full_name, const Target& target, const TableSchema& columns,
                                     const EnumTypes& enums);

}  // namespace walbrook::destination::duckdb
