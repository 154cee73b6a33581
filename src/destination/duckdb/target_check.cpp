#include "destination/duckdb/target_check.h"

#include <fmt/format.h>

#include "destination/duckdb/types.h"

namespace walbrook::destination::duckdb {
namespace {

constexpr const char* how_to_free =
    "It is not touched. Rename or drop it, or use another schema for the target tables: --dataset NAME. The next run "
    "then resyncs the table.";

std::string dotted_name(const Target& target) {
  return target.schema + "." + target.table;
}

}  // namespace

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

TargetDifference TargetCheck::missing(const Target& target) const {
  const auto& file = connection_.database().label();
  if (!schemas_.contains(folded(target.schema))) {
    return {.kind = TargetFinding::Kind::missing,
            .reason = fmt::format("schema {} was dropped in {}", target.schema, file),
            .hint = {}};
  }
  return {.kind = TargetFinding::Kind::missing,
          .reason = fmt::format("target table {} was dropped or renamed in {}", dotted_name(target), file),
          .hint = {}};
}

// Compares types as text first. DuckDB may write a type differently (quotes in a STRUCT): then the type itself is
// compared.
bool TargetCheck::has_type(const Target& target, const TargetColumn& column, const std::string& type,
                           const TableSchema& columns) {
  if (type == type_of(column, columns)) return true;
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
  if (found == relations_.end()) return missing(target);
  const auto& file = connection_.database().label();
  const auto& relation = found->second;
  if (relation.is_view) {
    return TargetDifference{.kind = TargetFinding::Kind::name_conflict,
                            .reason = fmt::format("{} in {} is a view, and not the target table that walbrook created",
                                                  dotted_name(target), file),
                            .hint = how_to_free};
  }
  std::size_t made = 0, there = 0, unaltered = 0;
  std::string first;
  for (const auto& column : target.columns) {
    if (columns != nullptr && type_of(column, *columns).empty()) continue;
    ++made;
    const auto type = relation.columns.find(folded(column.name));
    const auto label = fmt::format("{} \"{}\" of target table {}", column.is_overflow ? "overflow column" : "column",
                                   column.name, dotted_name(target));
    if (type == relation.columns.end()) {
      if (first.empty()) first = fmt::format("{} was dropped or renamed in {}", label, file);
      continue;
    }
    ++there;
    if (columns == nullptr || has_type(target, column, type->second, *columns)) {
      ++unaltered;
    } else if (first.empty()) {
      first =
          fmt::format("{} is {} in {}, and was created as {}", label, type->second, file, type_of(column, *columns));
    }
  }
  if (unaltered == made) return std::nullopt;
  // An ALTER leaves most columns unchanged; a table in which most are different is another table.
  if (there == made || 2 * unaltered >= made) return TargetDifference{.reason = std::move(first), .hint = {}};
  return TargetDifference{
      .kind = TargetFinding::Kind::name_conflict,
      .reason = fmt::format("{} in {} has other columns than the target table that walbrook created: {}",
                            dotted_name(target), file, first),
      .hint = how_to_free};
}

}  // namespace walbrook::destination::duckdb
