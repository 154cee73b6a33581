// Which columns of a table are copied, and how they differ from the source's.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace walbrook {

// Maps a table (`table` or `schema.table`) to the columns that are copied. If a table is not in the map, all of its
// columns are copied. REQUIRES: the columns of the replica identity (by default the primary key) are among them,
// because rows are found by them.
using IncludeColumns = std::map<std::string, std::vector<std::string>>;

// How a column of the target table differs from what walbrook chooses. Without an override, a column keeps its name,
// and its type follows from the source's (docs/types.md) so that no value is lost. An override that would lose values,
// or change what the target table means, throws Error(configuration) with the reason before anything is read. A field
// that is not set changes nothing.
//
// The destination stores overrides: a later run without overrides keeps them. If an override changes the name or the
// type of a column that was copied, the table is copied again.
struct ColumnOverride {
  // One of "text" (as PostgreSQL prints the value), "bigint" (64 bits; or `precision` 16, 32 or 64), "double",
  // "decimal", "bool", "date", "time", "timestamp", "binary" and "json", or DuckDB's name of a type, such as "INTEGER"
  // or "DECIMAL(10,2)". The type must be the column's or a wider one: text for every type; for integers, longer
  // integers and decimals with room for them; for smallint, also FLOAT; for smallint, integer and real, double; for
  // decimals, larger ones; for numeric(p,0), the integers that hold p digits (bigint up to 18), and double up to 15
  // digits; for numeric without precision, any decimal (values that it cannot hold go to the overflow column).
  std::optional<std::string> data_type{};
  std::optional<int> precision{};            // digits of a decimal (at most 38), or bits of a bigint
  std::optional<int> scale{};                // digits of a decimal after the decimal point
  std::optional<bool> timezone{};            // of a timestamp or a time; must state what the column has
  std::optional<bool> nullable{};            // must be true: all columns of a target table take NULL
  std::optional<bool> primary_key{};         // must state whether the column is in the replica identity
  std::optional<bool> merge_key{};           // same as primary_key
  std::optional<std::string> name{};         // the column's name in the target table
  std::optional<std::string> description{};  // the comment on the target table's column; "" removes it
};

using ColumnOverrides = std::map<std::string, ColumnOverride>;        // by the source's column name
using TableColumnOverrides = std::map<std::string, ColumnOverrides>;  // by table: `table` or `schema.table`

}  // namespace walbrook
