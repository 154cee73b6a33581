// Which columns, and what is said of them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace walbrook {

// Table (`table` or `schema.table`) to the columns that are copied; of a table that is not named, all are. Columns of
// the replica identity (by default the primary key) must be among them: without them rows are not found again.
using IncludeColumns = std::map<std::string, std::vector<std::string>>;

// What a column is to be in the copy. Where nothing is said, walbrook decides types by the source's (docs/types.md) so
// that no value is lost, and keeps names. An override is followed where no value is lost by it; one that would lose
// some, or change what the copy means, is refused before anything is read, as an Error(configuration) with the reason.
// A field that is absent says nothing.
//
// The destination remembers: a later run without overrides goes on as the copy is. An override that changes what a
// copied column is called or its type has the table copied again.
struct ColumnOverride {
  // "text" (as PostgreSQL prints it), "bigint" (64 bits; `precision` 16, 32 or 64), "double", "decimal", "bool",
  // "date", "time", "timestamp", "binary", "json"; or DuckDB's own name of a type, "INTEGER", "DECIMAL(10,2)". Wider
  // than the column's: every type to text, integers to longer ones and to decimals with room for them, decimals to
  // larger ones, numeric without precision to any decimal (what it cannot hold goes to the overflow column), real to
  // double.
  std::optional<std::string> data_type{};
  std::optional<int> precision{};            // digits of a decimal (38), bits of a bigint
  std::optional<int> scale{};                // of a decimal
  std::optional<bool> timezone{};            // of a timestamp or a time: as it is
  std::optional<bool> nullable{};            // the copy's columns are; `false` is refused
  std::optional<bool> primary_key{};         // it belongs to the replica identity
  std::optional<bool> merge_key{};           // the same: changes find their rows by it
  std::optional<std::string> name{};         // its name in the copy
  std::optional<std::string> description{};  // the comment of the copy's column; "" takes it away
};

using ColumnOverrides = std::map<std::string, ColumnOverride>;        // by column
using TableColumnOverrides = std::map<std::string, ColumnOverrides>;  // by table: `table` or `schema.table`

}  // namespace walbrook
