#include "destination/filesystem/file_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "destination/duckdb/connection.h"
#include "destination/duckdb/target_sql.h"
#include "destination/duckdb/types.h"
#include "destination/filesystem/filesystem_capabilities.h"

namespace walbrook::destination::filesystem {
namespace {

using duckdb::identifier;

// Whether a file of the format holds values of the layout as they are.
bool is_native(Format format, Layout layout) {
  switch (format) {
    case Format::parquet:
      return layout != Layout::interval && layout != Layout::time_tz && layout != Layout::bit;
    case Format::jsonl:
      return layout == Layout::boolean || layout == Layout::int16 || layout == Layout::int32 ||
             layout == Layout::int64 || layout == Layout::uint32 || layout == Layout::utf8;
    case Format::csv:
      return layout == Layout::utf8;
  }
  return false;
}

// Returns the type with text in place of the scalars that the format does not hold.
PhysicalType held_type(Format format, const PhysicalType& type) {
  PhysicalType held = type;
  if (is_nested(type.layout)) {
    for (auto& child : held.children) child = held_type(format, child);
  } else if (!is_native(format, type.layout)) {
    held = {.layout = Layout::utf8, .children = {}, .names = {}};
  }
  return held;
}

bool is_document(Format format, const FileColumn& column) {
  return format == Format::csv &&
         (column.metadata == MetadataColumn::unchanged || (column.is_value() && is_nested(column.type.layout)));
}

bool is_taken(const FileTable& table, const std::string& name) {
  return std::ranges::any_of(table.columns,
                             [&](const FileColumn& column) { return capabilities().names.same(column.name, name); });
}

std::string unused_name(const FileTable& table, const std::string& name) {
  return free_name(capabilities().names, name, [&](const std::string& other) { return is_taken(table, other); });
}

}  // namespace

const FileColumn* FileTable::column_of(std::string_view source) const {
  const auto found = std::ranges::find_if(
      columns, [source](const FileColumn& column) { return column.is_value() && column.source == source; });
  return found == columns.end() ? nullptr : &*found;
}

const FileColumn* FileTable::overflow_of(std::string_view source) const {
  const auto found = std::ranges::find_if(
      columns, [source](const FileColumn& column) { return column.is_overflow && column.source == source; });
  return found == columns.end() ? nullptr : &*found;
}

const FileColumn& FileTable::change_column(MetadataColumn column) const {
  const auto places = change_columns();
  const auto at = std::ranges::find(places, column, &MetadataName::column) - places.begin();
  return columns.at(static_cast<std::size_t>(at));
}

bool FileTable::add_columns(const std::vector<ColumnSchema>& added, Naming naming) {
  bool any = false;
  for (const auto& column : added) {
    if (column_of(column.name) != nullptr) continue;
    columns.push_back(
        {.name = unused_name(*this, column_name(column, naming)), .source = column.name, .type = column.type});
    any = true;
  }
  return any;
}

bool FileTable::add_overflow(const std::string& source) {
  const auto* column = column_of(source);
  if (column == nullptr || overflow_of(source) != nullptr) return false;
  auto name = free_overflow_name(capabilities().names, column->name,
                                 [this](const std::string& other) { return is_taken(*this, other); });
  columns.push_back({.name = std::move(name), .source = source, .is_overflow = true, .type = {}});
  return true;
}

bool FileTable::has_other_key(const TableSchema& source_table) const {
  auto other = *this;
  other.follow(source_table);
  const auto has_same_key = [](const FileColumn& a, const FileColumn& b) { return a.in_key == b.in_key; };
  return other.keyed != keyed || !std::ranges::equal(other.columns, columns, has_same_key);
}

bool FileTable::follow(const TableSchema& source_table) {
  bool changed = std::exchange(keyed, source_table.has_key()) != source_table.has_key();
  for (auto& column : columns) {
    const auto* known = source_table.find(column.source);
    const bool in_key = keyed && column.is_value() && known != nullptr && known->in_key;
    const bool is_gone = !column.source.empty() && known == nullptr;
    changed = std::exchange(column.in_key, in_key) != in_key || changed;
    changed = std::exchange(column.is_gone, is_gone) != is_gone || changed;
  }
  return changed;
}

bool FileTable::note_unchanged(const std::string& source) {
  if (std::ranges::find(unchanged, source) != unchanged.end()) return false;
  unchanged.push_back(source);
  return true;
}

FileTable make_table(const TargetName& name, const TableSchema& schema, const TargetStyle& style) {
  FileTable table{.schema = name.schema, .table = name.table, .columns = {}};
  const auto target = duckdb::make_target(name.schema, name.table, schema, style);
  const auto is_used = [&](const std::string& wanted) {
    return target.has_column_named(capabilities().names, wanted) || is_taken(table, wanted);
  };
  for (const auto& [column, wanted] : change_columns()) {
    table.columns.push_back(
        {.name = free_name(capabilities().names, std::string(wanted), is_used), .metadata = column, .type = {}});
  }
  for (const auto& column : target.columns) {
    const auto* source = schema.find(column.source);
    table.columns.push_back({.name = column.name,
                             .source = column.source,
                             .metadata = column.metadata,
                             .type = source == nullptr ? PhysicalType{} : source->type});
  }
  table.follow(schema);
  return table;
}

std::vector<TargetColumn> target_columns(const FileTable& table) {
  std::vector<TargetColumn> columns;
  for (const auto& column : table.columns) {
    columns.push_back(
        {.name = column.name, .source = column.source, .is_overflow = column.is_overflow, .metadata = column.metadata});
  }
  return columns;
}

std::string reader_type(const FileColumn& column) {
  if (column.is_overflow) return "VARCHAR";
  if (column.is_value()) return duckdb::sql_type(column.type);
  return duckdb::type_of({.name = column.name, .source = "", .metadata = column.metadata}, {}, {});
}

std::string file_type(Format format, const FileColumn& column) {
  if (column.is_value() && !is_document(format, column)) return duckdb::sql_type(held_type(format, column.type));
  if (format == Format::csv) return "VARCHAR";
  if (format == Format::jsonl && !column.is_overflow && column.metadata != MetadataColumn::unchanged &&
      column.metadata != MetadataColumn::sequence) {
    return "VARCHAR";
  }
  return reader_type(column);
}

std::string written_expression(Format format, const FileColumn& column) {
  const auto name = identifier(column.name);
  if (is_document(format, column)) {
    const auto held = column.is_value() ? duckdb::sql_type(held_type(format, column.type)) : reader_type(column);
    return fmt::format("to_json({}::{})::VARCHAR", name, held);
  }
  const auto type = file_type(format, column);
  return type == reader_type(column) ? name : fmt::format("{}::{}", name, type);
}

std::string read_expression(Format format, const FileColumn& column) {
  const auto name = identifier(column.name);
  const auto type = reader_type(column);
  if (!is_document(format, column)) {
    return file_type(format, column) == type ? name : fmt::format("{}::{}", name, type);
  }
  if (!column.is_value()) return fmt::format("{}::JSON::{}", name, type);
  return fmt::format("{}::JSON::{}::{}", name, duckdb::sql_type(held_type(format, column.type)), type);
}

}  // namespace walbrook::destination::filesystem
