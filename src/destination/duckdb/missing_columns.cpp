#include "destination/duckdb/missing_columns.h"

#include <fmt/format.h>

#include "destination/duckdb/duckdb_capabilities.h"

namespace walbrook::destination::duckdb {
namespace {

void drop_columns_of(Connection& connection, Target& target, std::string_view source) {
  std::erase_if(target.columns, [&](const TargetColumn& column) {
    if (column.source != source || column.metadata != MetadataColumn::none) return false;
    connection.execute(
        fmt::format("ALTER TABLE {} DROP COLUMN {}", connection.database().full_name(target.schema, target.table),
                    identifier(column.name)),
        "dropping a column");
    return true;
  });
}

}  // namespace

void add_missing_columns(Connection& connection, StateTables& state, TargetRecord& record, const Alteration& alteration,
                         Naming naming, const EnumTypes& enums) {
  auto& target = record.target;
  bool added = false;
  for (const auto& column : alteration.columns) {
    if (alteration.replaces_dropped) drop_columns_of(connection, target, column.name);
    if (target.column_of(column.name) != nullptr) continue;
    const auto name = free_name(capabilities().names, column_name(column, naming), [&target](const std::string& other) {
      return target.has_column_named(capabilities().names, other);
    });
    connection.execute(
        fmt::format("ALTER TABLE {} ADD COLUMN {} {}", connection.database().full_name(target.schema, target.table),
                    identifier(name), enums.column_type(column.type)),
        "adding column " + column.name);
    target.columns.push_back({.name = name, .source = column.name});
    added = true;
  }
  if (added) state.put_target(record);
}

}  // namespace walbrook::destination::duckdb
