#include "destination/filesystem/views.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "destination/duckdb/connection.h"

namespace walbrook::destination::filesystem {
namespace {

using duckdb::identifier;
using duckdb::literal;

template <class Items, class Text>
std::string joined(const Items& items, std::string_view separator, const Text& text) {
  std::string out;
  bool first = true;
  for (const auto& item : items) {
    if (!first) out += separator;
    first = false;
    out += text(item);
  }
  return out;
}

// Files that are read by one call: they have the same columns.
struct FileGroup {
  std::vector<std::string> paths;
  std::uint64_t largest_bytes = 0;
};

// DuckDB's readers of text have limits for one row, by which they allocate memory. No row is larger than its file.
std::uint64_t row_limit(const FileGroup& group) {
  constexpr std::uint64_t unknown_size = 64'000'000;  // of an object in a bucket
  return group.largest_bytes == 0 ? unknown_size : group.largest_bytes + 1;
}

// The options are left out where DuckDB's defaults suffice.
std::string csv_limits(const FileGroup& group) {
  constexpr std::uint64_t default_limit = 2'000'000;
  const auto limit = row_limit(group);
  return limit <= default_limit ? "" : fmt::format(", max_line_size = {}, buffer_size = {}", limit, 2 * limit);
}

std::string json_limits(const FileGroup& group) {
  constexpr std::uint64_t default_limit = 16'777'216;
  const auto limit = row_limit(group);
  return limit <= default_limit ? "" : fmt::format(", maximum_object_size = {}", limit);
}

std::string read_call(const FileTable& table, const FileGroup& group, std::size_t columns, Format format) {
  const auto list = "[" + joined(group.paths, ", ", [](const std::string& path) { return literal(path); }) + "]";
  if (format == Format::parquet) {
    return fmt::format("read_parquet({}, union_by_name = true, hive_partitioning = false)", list);
  }
  std::string types;
  for (std::size_t i = 0; i < std::min(columns, table.columns.size()); ++i) {
    const auto& column = table.columns[i];
    types +=
        fmt::format("{}{}: {}", types.empty() ? "" : ", ", literal(column.name), literal(file_type(format, column)));
  }
  if (format == Format::csv) {
    return fmt::format(
        "read_csv({}, auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"', nullstr = '', "
        "allow_quoted_nulls = false, hive_partitioning = false{}, columns = {{{}}})",
        list, csv_limits(group), types);
  }
  return fmt::format("read_json({}, format = 'newline_delimited', hive_partitioning = false{}, columns = {{{}}})", list,
                     json_limits(group), types);
}

// Files of Parquet know their columns. Other files are read by the columns that they were written with.
std::vector<std::string> read_calls(const FileTable& table, std::span<const DataFile> files, Format format,
                                    const PathOf& path_of) {
  std::map<std::size_t, FileGroup> groups;
  for (const auto& file : files) {
    auto& group = groups[format == Format::parquet ? 0 : file.columns];
    group.paths.push_back(path_of(file.name));
    group.largest_bytes = std::max(group.largest_bytes, file.bytes);
  }
  std::vector<std::string> calls;
  for (const auto& [columns, group] : groups) calls.push_back(read_call(table, group, columns, format));
  return calls;
}

std::string position_of(const FileTable& table, std::string_view direction) {
  const auto name = [&](MetadataColumn column) { return identifier(table.change_column(column).name); };
  // A copied row has no number. Of the two rows of an update, which have the same number, the old one comes first.
  return fmt::format("{0} {3}, coalesce({1}, -1) {3}, ({2} <> 'delete') {3}", name(MetadataColumn::lsn),
                     name(MetadataColumn::sequence), name(MetadataColumn::operation), direction);
}

// The columns that readers see.
std::vector<const FileColumn*> shown_columns(const FileTable& table) {
  std::vector<const FileColumn*> shown;
  for (auto at = change_columns().size(); at < table.columns.size(); ++at) shown.push_back(&table.columns[at]);
  return shown;
}

std::string name_list(const std::vector<const FileColumn*>& columns) {
  return joined(columns, ", ", [](const FileColumn* column) { return identifier(column->name); });
}

// Whether values that DuckDB takes for equal are the same in every bit. 0.0 and -0.0 are equal, and so are one month
// and 30 days.
bool is_exact(const FileColumn& column) {
  const auto layout = column.type.layout;
  return column.is_overflow || (layout != Layout::float32 && layout != Layout::float64 && layout != Layout::interval &&
                                layout != Layout::time_tz && !is_nested(layout));
}

// Returns the expressions by which rows are grouped. DuckDB (1.5.5) takes a column that groups rows from any row of the
// group, so a column whose equal values differ is inside a list there.
std::string key_of(const FileTable& table) {
  std::string key;
  for (const auto& column : table.columns) {
    if (!column.in_key) continue;
    const auto name = identifier(column.name);
    key += fmt::format("{}{}", key.empty() ? "" : ", ", is_exact(column) ? name : fmt::format("list_value({})", name));
    if (const auto* overflow = table.overflow_of(column.source)) key += ", " + identifier(overflow->name);
  }
  return key;
}

// Returns the expression for a column some of whose cells were not sent: the cell of the newest version of the row that
// has it. A deleted row's cells mean nothing.
std::string known_cell(const FileTable& table, const FileColumn& column, const std::string& keys) {
  const auto& value = *table.column_of(column.source);
  return fmt::format(
      "last_value(CASE WHEN {0} <> 'delete' AND NOT coalesce(list_contains({1}, {2}), false) THEN struct_pack(v := "
      "{3}) "
      "END IGNORE NULLS) OVER (PARTITION BY {4} ORDER BY {5} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW).v AS "
      "{3}",
      identifier(table.change_column(MetadataColumn::operation).name),
      identifier(table.change_column(MetadataColumn::unchanged).name), literal(value.name), identifier(column.name),
      keys, position_of(table, "ASC"));
}

std::string with_known_cells(const FileTable& table, const std::string& history, const std::string& keys) {
  if (table.unchanged.empty()) return history;
  const auto cells = joined(table.columns, ", ", [&](const FileColumn& column) {
    const bool is_completed = !column.source.empty() && !column.in_key &&
                              std::ranges::find(table.unchanged, column.source) != table.unchanged.end();
    return is_completed ? known_cell(table, column, keys) : identifier(column.name);
  });
  return fmt::format("(SELECT {} FROM {})", cells, history);
}

// Returns what two rows must have in common to be the same: all cells that the source still has, in every bit that
// readers see. Where DuckDB takes values for equal that are not, their texts differ.
std::string content_of(const FileTable& table) {
  std::string content = "true";
  for (const auto& column : table.columns) {
    if (column.source.empty() || column.is_gone) continue;
    const auto name = identifier(column.name);
    const auto layout = column.type.layout;
    if (is_exact(column)) {
      content += ", " + name;
    } else if (layout == Layout::float32 || layout == Layout::float64) {
      content += fmt::format(", CASE WHEN isnan({0}) THEN 'nan' ELSE {0}::VARCHAR END", name);  // every NaN is one
    } else {
      content += fmt::format(", {}::VARCHAR", name);
    }
  }
  return content;
}

// Of the rows that are the same, as many are left as were written more than deleted.
std::string multiset_query(const FileTable& table, const std::string& history) {
  const auto is_deletion =
      fmt::format("{} = 'delete'", identifier(table.change_column(MetadataColumn::operation).name));
  return fmt::format(
      "SELECT * FROM {0} QUALIFY NOT {1} AND row_number() OVER (PARTITION BY {1}, {2} ORDER BY {3}) "
      "<= sum(CASE WHEN {1} THEN -1 ELSE 1 END) OVER (PARTITION BY {2})",
      history, is_deletion, content_of(table), position_of(table, "DESC"));
}

}  // namespace

std::string history_query(const FileTable& table, std::span<const DataFile> files, Format format,
                          const PathOf& path_of) {
  const auto columns = joined(table.columns, ", ", [&](const FileColumn& column) {
    return fmt::format("{} AS {}", read_expression(format, column), identifier(column.name));
  });
  // No row, but every column: a column that is new may be in none of the files.
  auto from = fmt::format("SELECT {} WHERE false", joined(table.columns, ", ", [&](const FileColumn& column) {
                            return fmt::format("NULL::{} AS {}", file_type(format, column), identifier(column.name));
                          }));
  for (const auto& call : read_calls(table, files, format, path_of)) {
    from += fmt::format("\n  UNION ALL BY NAME SELECT * FROM {}", call);
  }
  return fmt::format("SELECT {} FROM ({})", columns, from);
}

// A row is there until a later update or deletion of its key. An insert replaces nothing: leaves of a partitioned table
// may identify their rows by different columns, so two rows that nobody changes may have one key.
std::string latest_query(const FileTable& table, const std::string& history) {
  if (!table.keyed) return multiset_query(table, history);
  const auto keys = key_of(table);
  return fmt::format(
      "SELECT * FROM {0} QUALIFY {1} <> 'delete' AND count(*) FILTER (WHERE {1} IN ('update', 'delete')) OVER "
      "(PARTITION BY {2} ORDER BY {3} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) = 0",
      with_known_cells(table, history, keys), identifier(table.change_column(MetadataColumn::operation).name), keys,
      position_of(table, "DESC"));
}

std::string current_query(const FileTable& table, const std::string& history) {
  return fmt::format("SELECT {} FROM ({})", name_list(shown_columns(table)), latest_query(table, history));
}

std::string views_text(const Manifest& manifest, const std::string& pipeline, Format format, const PathOf& path_of) {
  auto text = fmt::format("-- Pipeline {}, batch {}", pipeline, manifest.batch);
  if (manifest.checkpoint) text += fmt::format(", checkpoint {}", manifest.checkpoint->lsn.to_string());
  text += "\nBEGIN;\n";
  std::set<std::string> schemas;
  for (const auto& [name, target] : manifest.targets) schemas.insert(name.first);
  for (const auto& schema : schemas) text += fmt::format("CREATE SCHEMA IF NOT EXISTS {};\n", identifier(schema));
  for (const auto& [name, target] : manifest.targets) {
    const auto history = "(" + history_query(target.table, target.files, format, path_of) + ")";
    text += fmt::format("CREATE OR REPLACE VIEW {}.{} AS {};\n", identifier(name.first), identifier(name.second),
                        current_query(target.table, history));
  }
  return text + "COMMIT;\n";
}

}  // namespace walbrook::destination::filesystem
