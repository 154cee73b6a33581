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

// What is expected of a column in the destination. walbrook decides types by the source's (docs/types.md), so that no
// value is lost: a hint that says the same is taken, one that says otherwise is refused before anything is read, as an
// Error(configuration) with the reason. A field that is absent says nothing.
struct ColumnHint {
  // "text", "bigint", "double", "decimal", "bool", "date", "time", "timestamp", "binary", "json"; or DuckDB's own name
  // of a type as the copy has it, "INTEGER", "DECIMAL(10,2)".
  std::optional<std::string> data_type{};
  std::optional<int> precision{};            // of a decimal
  std::optional<int> scale{};                // of a decimal
  std::optional<bool> timezone{};            // of a timestamp or a time
  std::optional<bool> nullable{};            // the copy's columns are; `false` is refused
  std::optional<bool> primary_key{};         // it belongs to the replica identity
  std::optional<bool> merge_key{};           // the same: changes find their rows by it
  std::optional<std::string> name{};         // its name in the copy: the source's
  std::optional<std::string> description{};  // refused today: the copy holds no comments
};

using ColumnHints = std::map<std::string, ColumnHint>;        // by column
using TableColumnHints = std::map<std::string, ColumnHints>;  // by table: `table` or `schema.table`

}  // namespace walbrook
