#include "destination/duckdb/target_check.h"

#include <fmt/format.h>

#include "destination/duckdb/types.h"

namespace walbrook::destination::duckdb {

void TargetCheck::read() {
  is_read_ = true;
  const auto& catalog = connection_.database().catalog();
  for (const auto& row :
       connection_.rows("SELECT schema_name FROM duckdb_schemas() WHERE database_name = $1", catalog)) {
    schemas_.insert(folded(row.at(0).value_or("")));
  }
  for (const auto& row : connection_.rows("SELECT schema_name, table_name, column_name, data_type FROM "
                                          "duckdb_columns() WHERE database_name = $1 AND NOT internal",
                                          catalog)) {
    auto& relation = relations_[{folded(row.at(0).value_or("")), folded(row.at(1).value_or(""))}];
    relation.columns.emplace(folded(row.at(2).value_or("")), row.at(3).value_or(""));
  }
  for (const auto& row : connection_.rows(
           "SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = $1 AND NOT internal", catalog)) {
    relations_[{folded(row.at(0).value_or("")), folded(row.at(1).value_or(""))}].is_view = true;
  }
}

namespace {

// Returns the type that a column was created with; of an enum the name alone, since its labels change.
std::string made_type(const TargetColumn& column, const TableSchema& columns) {
  const auto* source = columns.find(column.source);
  const bool has_values = source != nullptr && !column.is_overflow && column.metadata == MetadataColumn::none;
  return has_values && !source->type.native.empty() ? "ENUM" : type_of(column, columns, {});
}

}  // namespace

// Compares types as text first. DuckDB may write a type differently (quotes in a STRUCT): then the type itself is
// compared.
bool TargetCheck::has_type(const Target& target, const TargetColumn& column, const std::string& type,
                           const TableSchema& columns) {
  if (type == made_type(column, columns)) return true;
  const auto* source = columns.find(column.source);
  if (column.is_overflow || source == nullptr) return false;
  Owned<duckdb_prepared_statement, duckdb_destroy_prepare> prepared;
  const auto sql = fmt::format("SELECT {} FROM {}", identifier(column.name),
                               connection_.database().full_name(target.schema, target.table));
  if (duckdb_prepare(connection_.raw(), sql.c_str(), prepared.out()) == DuckDBError) return false;
  const LogicalType actual(duckdb_prepared_statement_column_logical_type(prepared.get(), 0));
  return matches(actual.get(), source->type);
}

std::optional<TargetDifference> TargetCheck::difference(const Target& target, const TableSchema* columns) {
  if (!is_read_) read();
  const auto found = relations_.find({folded(target.schema), folded(target.table)});
  const auto& file = connection_.database().label();
  if (found == relations_.end()) return dropped_target(target, file, schemas_.contains(folded(target.schema)));
  const auto& relation = found->second;
  if (relation.is_view) {
    return conflicting_target(fmt::format("{}.{} in {} is a view, and not the target table that walbrook created",
                                          target.schema, target.table, file));
  }
  return compare_columns(target, file, [&](const TargetColumn& column) -> FoundColumn {
    using Found = FoundColumn::State;
    const auto made = columns == nullptr ? std::string() : made_type(column, *columns);
    if (columns != nullptr && made.empty()) return {.state = Found::not_made};
    const auto type = relation.columns.find(folded(column.name));
    if (type == relation.columns.end()) return {.state = Found::missing};
    if (columns == nullptr || has_type(target, column, type->second, *columns)) return {};
    return {.state = Found::other, .type = type->second, .made = made};
  });
}

}  // namespace walbrook::destination::duckdb
