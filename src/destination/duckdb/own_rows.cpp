#include "destination/duckdb/own_rows.h"

#include <fmt/format.h>

#include "base/error.h"
#include "destination/duckdb/types.h"

namespace walbrook::destination::duckdb {
namespace {

std::string own_name(const Connection& connection, const Target& target) {
  return connection.database().full_name(target.schema, target.table);
}

// The column's name in the table, quoted.
std::string own_column(const Target& target, const std::string& source) {
  if (const auto* column = target.column_of(source)) return identifier(column->name);
  throw Error(ErrorKind::internal, fmt::format("no column \"{}\" in {}.{}", source, target.schema, target.table));
}

}  // namespace

std::uint64_t keep_last_rows(Connection& connection, const Target& target, const std::vector<std::string>& key) {
  if (target.has_column_named("rowid")) {
    throw Error(ErrorKind::configuration,
                "rows cannot be merged into a table with a column \"rowid\": DuckDB's own tells which row came last",
                "Give the column another name.", {.column = "rowid"});
  }
  std::string columns;
  for (const auto& column : key) columns += (columns.empty() ? "" : ", ") + own_column(target, column);
  return connection.execute(fmt::format("DELETE FROM {0} WHERE rowid NOT IN (SELECT max(rowid) FROM {0} GROUP BY {1})",
                                        own_name(connection, target), columns),
                            "keeping the last row of each key");
}

MergeCounts add_rows(Connection& connection, const Target& live, const Target& copy,
                     const std::vector<std::string>& key) {
  const auto doing = fmt::format("adding rows to {}.{}", live.schema, live.table);
  MergeCounts counts;
  std::string same;
  for (const auto& column : key) {
    same +=
        fmt::format("{}t.{} = s.{}", same.empty() ? "" : " AND ", own_column(live, column), own_column(copy, column));
  }
  if (!same.empty()) {
    counts.removed = connection.execute(fmt::format("DELETE FROM {} AS t USING {} AS s WHERE {}",
                                                    own_name(connection, live), own_name(connection, copy), same),
                                        doing);
  }
  std::string into;
  std::string from;
  for (const auto& column : copy.columns) {
    if (column.is_variant) continue;  // rows of a program have none
    into += (into.empty() ? "" : ", ") + own_column(live, column.source);
    from += (from.empty() ? "" : ", ") + identifier(column.name);
  }
  counts.written = connection.execute(fmt::format("INSERT INTO {} ({}) SELECT {} FROM {}", own_name(connection, live),
                                                  into, from, own_name(connection, copy)),
                                      doing);
  return counts;
}

void add_missing_columns(Connection& connection, StateTables& state, TargetRecord& record,
                         const std::vector<ColumnSchema>& columns, Naming naming) {
  auto& target = record.target;
  bool added = false;
  for (const auto& column : columns) {
    if (target.column_of(column.name) != nullptr) continue;
    const auto name = free_name(column_name(column, naming),
                                [&target](const std::string& other) { return target.has_column_named(other); });
    connection.execute(fmt::format("ALTER TABLE {} ADD COLUMN {} {}", own_name(connection, target), identifier(name),
                                   sql_type(column.type)),
                       "adding column " + column.name);
    target.columns.push_back({.name = name, .source = column.name});
    added = true;
  }
  if (added) state.put_target(record);
}

}  // namespace walbrook::destination::duckdb
