#include "test/support/oracle.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <unordered_map>

#include "test/support/duck_reader.h"
#include "test/support/postgres_copy.h"
#include "test/support/row_difference.h"
#include "test/support/source_tables.h"

namespace walbrook::test {
namespace {

// A table according to the state in the destination.
struct Target {
  std::string schema;
  std::string name;
  std::string state;
  std::string reason;

  [[nodiscard]] std::string sql_name() const { return quote_name(schema) + "." + quote_name(name); }
};

bool differ_by_case_alone(const std::string& one, const std::string& other) {
  return one != other && std::ranges::equal(one, other, [](unsigned char a, unsigned char b) {
           return std::tolower(a) == std::tolower(b);
         });
}

// True if the target has the source's name. A suffix is allowed if another name there differs by case alone.
template <class Names>
bool is_rightly_named(const std::string& target, const std::string& source, const Names& all) {
  return target == source || (target.starts_with(source) && std::ranges::any_of(all, [&](const std::string& other) {
                                return differ_by_case_alone(source, other);
                              }));
}

// The position of a source column in the target table.
struct CopyColumn {
  std::string value;
  std::string overflow;  // "": there is none
};

class TableComparison {
 public:
  TableComparison(Sql& source, DuckReader& copy, const PublishedTable& table, const Target& target)
      : source_(source), copy_(copy), table_(table), target_(target) {}

  std::string differences(const std::set<std::string>& gone_columns) {
    check_columns(gone_columns);
    if (text_.empty()) check_rows();
    return text_;
  }

 private:
  void say(const std::string& line) { text_ += "table " + table_.full_name() + ": " + line + "\n"; }
  void check_columns(const std::set<std::string>& gone_columns);
  void check_rows();
  std::vector<std::string> source_rows();
  std::vector<std::string> copy_rows();
  // Replaces an overflow text by the canonical text of the value that PostgreSQL prints in that way.
  void resolve_overflow(std::vector<std::string>& rows);

  Sql& source_;
  DuckReader& copy_;
  const PublishedTable& table_;
  const Target& target_;
  std::vector<CopyColumn> columns_;  // of the table's columns
  std::string text_;
};

std::map<std::string, CopyColumn> columns_by_source(DuckReader& copy, const Target& target) {
  std::map<std::string, CopyColumn> columns;
  const auto json = copy.value(
      fmt::format("SELECT columns FROM _walbrook.targets WHERE kind = 'live' AND schema_name = {} AND table_name = {}",
                  quote_literal(target.schema), quote_literal(target.name)));
  if (json.empty()) return columns;
  for (const auto& item : nlohmann::json::parse(json)) {
    auto& column = columns[item.at("source").get<std::string>()];
    (item.at("overflow").get<bool>() ? column.overflow : column.value) = item.at("name").get<std::string>();
  }
  return columns;
}

void TableComparison::check_columns(const std::set<std::string>& gone_columns) {
  std::map<std::string, std::string> types;
  for (const auto& row : copy_.query(fmt::format(
           "SELECT column_name, data_type FROM duckdb_columns() WHERE database_name = current_database() AND "
           "schema_name = {} AND table_name = {}",
           quote_literal(target_.schema), quote_literal(target_.name)))) {
    types[*row[0]] = *row[1];
  }
  if (types.empty()) return say("is missing from the copy");
  auto by_source = columns_by_source(copy_, target_);
  std::vector<std::string> names;
  for (const auto& column : table_.columns) names.push_back(column.name);
  for (const auto& column : table_.columns) {
    const auto& in_copy = columns_.emplace_back(by_source[column.name]);
    const auto found = types.find(in_copy.value);
    if (found == types.end()) {
      say("column " + column.name + " is missing from the copy");
      continue;
    }
    if (!is_rightly_named(in_copy.value, column.name, names))
      say("column " + column.name + " is called " + in_copy.value);
    auto expected = expected_duck_type(column.type);
    if (!column.type.fields.empty()) expected = copy_.value("SELECT typeof(NULL::" + expected + ")");
    if (found->second != expected) say("column " + column.name + " is " + found->second + ", not " + expected);
    types.erase(found);
    types.erase(in_copy.overflow);
  }
  for (const auto& gone : gone_columns) {
    if (types.erase(by_source[gone].value) == 0) say("column " + gone + ", which the source no longer has, is missing");
    types.erase(by_source[gone].overflow);
  }
  for (const auto& [name, type] : types) say("column " + name + " is in the target and not in the source");
}

std::vector<std::string> single_column(std::vector<SqlRow> rows) {
  std::vector<std::string> texts;
  texts.reserve(rows.size());
  for (auto& row : rows) texts.push_back(std::move(row.at(0)).value_or(""));
  return texts;
}

std::vector<std::string> TableComparison::source_rows() {
  std::string cells;
  for (const auto& column : table_.columns) {
    cells += (cells.empty() ? "" : ", ") + canonical_in_postgres(column.type, quote_name(column.name));
  }
  return single_column(source_.query(
      fmt::format("SELECT pg_catalog.array_to_string(ARRAY[{}]::text[], E'\\x{:02x}', E'\\x{:02x}') FROM {}", cells,
                  cell_end, null_cell, table_.rows)));
}

std::vector<std::string> TableComparison::copy_rows() {
  std::string cells;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const auto value = quote_name(columns_[i].value);
    auto cell = canonical_in_duckdb(table_.columns[i].type, value);
    if (!columns_[i].overflow.empty()) {
      cell = fmt::format(
          "CASE WHEN {0} IS NULL THEN {1} WHEN {2} IS NULL THEN chr({3}) || {0} ELSE "
          "'both column and overflow column are set' END",
          quote_name(columns_[i].overflow), cell, value, overflow_cell + 0);
    }
    cells += fmt::format("{}coalesce({}, chr({}))", cells.empty() ? "" : ", ", cell, null_cell + 0);
  }
  return single_column(copy_.query(
      fmt::format("SELECT array_to_string([{}], chr({})) FROM {}", cells, cell_end + 0, target_.sql_name())));
}

void TableComparison::resolve_overflow(std::vector<std::string>& rows) {
  std::map<std::size_t, std::unordered_map<std::string, std::string>> canonical;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (columns_[i].overflow.empty()) continue;
    const auto name = quote_name(table_.columns[i].name);
    for (auto& row : source_.query(
             fmt::format("SELECT DISTINCT {}, {} FROM {} WHERE pg_catalog.num_nulls({}) = 0", printed_in_postgres(name),
                         canonical_in_postgres(table_.columns[i].type, name), table_.rows, name))) {
      canonical[i][*row[0]] = *row[1];
    }
  }
  if (canonical.empty()) return;
  for (auto& row : rows) {
    if (row.find(overflow_cell) == std::string::npos) continue;
    auto cells = split_cells(row);
    for (const auto& [i, by_text] : canonical) {
      if (i >= cells.size() || !cells[i].starts_with(overflow_cell)) continue;
      const auto found = by_text.find(cells[i].substr(1));
      cells[i] = found == by_text.end() ? "overflow '" + cells[i].substr(1) + "'" : found->second;
    }
    row = join_cells(cells);
  }
}

void TableComparison::check_rows() {
  auto expected = source_rows();
  auto found = copy_rows();
  resolve_overflow(found);
  std::ranges::sort(expected);
  std::ranges::sort(found);
  RowDifference difference;
  std::ranges::set_difference(expected, found, std::back_inserter(difference.missing));
  std::ranges::set_difference(found, expected, std::back_inserter(difference.surplus));
  if (difference.missing.empty() && difference.surplus.empty()) return;
  say(fmt::format("{} rows in the source, {} in the copy", expected.size(), found.size()));
  for (const auto& line : describe(difference, table_.columns)) say(line);
}

std::map<std::string, Target> targets(DuckReader& copy) {
  std::map<std::string, Target> targets;
  for (const auto& row : copy.query(
           "SELECT source_schema, source_name, target_schema, target_name, state, reason FROM _walbrook.outputs")) {
    targets[*row[0] + "." + *row[1]] = {row[2].value_or(""), row[3].value_or(""), *row[4], row[5].value_or("")};
  }
  return targets;
}

// Returns tables of the destination that the state does not list: unfinished copies, temporary tables.
std::string stray_tables(DuckReader& copy, const std::map<std::string, Target>& known) {
  std::string text;
  for (const auto& row :
       copy.query("SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = current_database() AND "
                  "schema_name <> '_walbrook'")) {
    const bool accounted = std::ranges::any_of(
        known, [&row](const auto& entry) { return entry.second.schema == *row[0] && entry.second.name == *row[1]; });
    if (!accounted) text += "table " + *row[0] + "." + *row[1] + " is in the target and in no row of its state\n";
  }
  return text;
}

}  // namespace

std::string differences(const Comparison& comparison) {
  if (!comparison.copy_conninfo.empty()) return postgres_differences(comparison);
  Sql source(comparison.conninfo);
  source.exec("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  source.exec(postgres_session);
  DuckReader copy(comparison.file);
  const auto known = targets(copy);
  auto tables = published_tables(source, comparison.publication);
  std::vector<std::string> names;
  std::vector<std::string> schemas;
  for (const auto& table : tables) {
    names.push_back(table.name);
    schemas.push_back(table.schema);
  }
  std::string text;
  for (const auto& wanted : comparison.tables) {
    if (std::ranges::none_of(tables, [&](const auto& table) { return table.full_name() == wanted; })) {
      text += "table " + wanted + " is not published\n";
    }
  }
  for (const auto& table : tables) {
    if (!comparison.tables.empty() && std::ranges::count(comparison.tables, table.full_name()) == 0) continue;
    const auto target = known.find(table.full_name());
    if (target == known.end()) {
      text += "table " + table.full_name() + " is missing from the copy's state\n";
      continue;
    }
    if (target->second.state != "streaming") {
      text += "table " + table.full_name() + " is " + target->second.state + ": " + target->second.reason + "\n";
    }
    if (!is_rightly_named(target->second.name, table.name, names)) {
      text += "table " + table.full_name() + " is called " + target->second.name + "\n";
    }
    const auto& schema = comparison.dataset.empty() ? table.schema : comparison.dataset;
    if (!is_rightly_named(target->second.schema, schema, schemas)) {
      text += "table " + table.full_name() + " is in schema " + target->second.schema + "\n";
    }
    const auto gone = comparison.gone_columns.find(table.full_name());
    text += TableComparison(source, copy, table, target->second)
                .differences(gone == comparison.gone_columns.end() ? std::set<std::string>{} : gone->second);
  }
  return text + stray_tables(copy, known);
}

}  // namespace walbrook::test
