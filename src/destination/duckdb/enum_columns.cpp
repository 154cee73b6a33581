#include "destination/duckdb/enum_columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/utf8.h"
#include "destination/duckdb/copy.h"

namespace walbrook::destination::duckdb {
namespace {

bool is_of_enum(const ColumnSchema& column) {
  return !column.type.native.empty();
}

}  // namespace

std::vector<std::string> enum_labels(duckdb_logical_type type) {
  std::vector<std::string> labels;
  if (duckdb_get_type_id(type) != DUCKDB_TYPE_ENUM) return labels;
  for (idx_t i = 0; i < duckdb_enum_dictionary_size(type); ++i) {
    char* label = duckdb_enum_dictionary_value(type, i);
    labels.emplace_back(label);
    duckdb_free(label);
  }
  return labels;
}

bool EnumColumns::has_any(const TableSchema& schema) {
  return std::ranges::any_of(schema.columns, is_of_enum);
}

EnumColumns::EnumColumns(Connection& connection, const Target& target, const TableSchema& schema)
    : connection_(connection), target_(target), schema_(schema) {
  std::string names;
  for (std::uint32_t i = 0; i < schema.columns.size(); ++i) {
    const auto* place = is_of_enum(schema.columns[i]) ? target.column_of(schema.columns[i].name) : nullptr;
    if (place == nullptr) continue;
    names += (names.empty() ? "" : ", ") + identifier(place->name);
    columns_.push_back({.column = i, .name = place->name, .labels = {}, .known = {}, .lacking = {}});
  }
  if (columns_.empty()) return;
  Owned<duckdb_prepared_statement, duckdb_destroy_prepare> prepared;
  const auto sql = fmt::format("SELECT {} FROM {}", names, table());
  // The operation that follows reports what is wrong with the table.
  const bool failed = duckdb_prepare(connection.raw(), sql.c_str(), prepared.out()) == DuckDBError;
  for (idx_t i = 0; i < columns_.size() && !failed; ++i) {
    altered(columns_[i],
            enum_labels(LogicalType(duckdb_prepared_statement_column_logical_type(prepared.get(), i)).get()));
  }
  std::erase_if(columns_, [](const EnumColumn& column) { return column.labels.empty(); });
}

std::string EnumColumns::table() const {
  return connection_.database().full_name(target_.schema, target_.table);
}

void EnumColumns::altered(EnumColumn& column, std::vector<std::string> labels) {
  column.labels = std::move(labels);
  column.known = {column.labels.begin(), column.labels.end()};
  column.lacking.clear();
}

void EnumColumns::note(EnumColumn& column, std::string_view label) {
  if (column.known.contains(label) || !is_utf8(label)) return;
  column.known.emplace(label);
  column.lacking.emplace_back(label);
}

void EnumColumns::note(const RowRef& row) {
  for (auto& column : columns_) {
    const auto& values = row.batch->columns[column.column];
    if (values.is_null(row.row) || row.batch->unchanged(row.row, column.column)) continue;
    note(column, values.bytes_at(row.row));
  }
}

void EnumColumns::note(const RowBatch& batch) {
  for (std::uint32_t row = 0; row < batch.rows(); ++row) note(RowRef{.batch = &batch, .row = row});
}

bool EnumColumns::lack_labels() const {
  return std::ranges::any_of(columns_, [](const EnumColumn& column) { return !column.lacking.empty(); });
}

std::vector<std::string> EnumColumns::wanted(const EnumColumn& column, const EnumTypes& types) const {
  auto labels = types.labels(schema_.columns[column.column].type);
  Labels there(labels.begin(), labels.end());
  for (const auto* more : {&column.labels, &column.lacking}) {
    for (const auto& label : *more) {
      if (there.insert(label).second) labels.push_back(label);
    }
  }
  return labels;
}

void EnumColumns::alter(const EnumTypes& types) {
  for (auto& column : columns_) {
    auto labels = wanted(column, types);
    if (labels == column.labels) continue;
    connection_.execute(
        fmt::format("ALTER TABLE {} ALTER COLUMN {} TYPE {}", table(), identifier(column.name), enum_sql(labels)),
        "adding labels to column " + column.name + " of " + schema_.full_name());
    altered(column, std::move(labels));
  }
}

void EnumColumns::replace_table(const EnumTypes& types, const std::string& free_name) {
  if (!lack_labels()) return;
  std::string casts;
  for (auto& column : columns_) {
    auto labels = wanted(column, types);
    casts += fmt::format("{}{}::{} AS {}", casts.empty() ? "" : ", ", identifier(column.name), enum_sql(labels),
                         identifier(column.name));
    altered(column, std::move(labels));
  }
  const auto doing = "adding labels to columns of " + schema_.full_name();
  const auto wider = connection_.database().full_name(target_.schema, free_name);
  connection_.execute(fmt::format("CREATE TABLE {} AS SELECT * REPLACE ({}) FROM {}", wider, casts, table()), doing);
  connection_.execute("DROP TABLE " + table(), doing);
  connection_.execute(fmt::format("ALTER TABLE {} RENAME TO {}", wider, identifier(target_.table)), doing);
  describe_columns(connection_, target_, schema_);
}

}  // namespace walbrook::destination::duckdb
