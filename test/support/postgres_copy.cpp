#include "test/support/postgres_copy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

#include "test/support/row_difference.h"
#include "test/support/source_tables.h"

namespace walbrook::test {
namespace {

constexpr std::uint32_t text_oid = 25;
constexpr std::uint32_t first_user_oid = 16384;

// Built-in types that are text in the copy: what they mean depends on the server's settings and objects.
constexpr std::array<std::uint32_t, 14> types_as_text = {24,   790,  1033, 2202, 2203, 2204, 2205,
                                                         2206, 3734, 3769, 4089, 4096, 4191, 194};

struct CopiedTable {
  std::string schema, name, state, reason;
  [[nodiscard]] std::string sql_name() const { return quote_name(schema) + "." + quote_name(name); }
};

struct CopiedColumn {
  std::string value, overflow;
};

class PostgresTable {
 public:
  PostgresTable(Sql& source, Sql& copy, const PublishedTable& table, const CopiedTable& target)
      : source_(source), copy_(copy), table_(table), target_(target) {}

  std::string differences(const std::set<std::string>& gone_columns) {
    check_columns(gone_columns);
    if (text_.empty()) check_rows();
    return text_;
  }

 private:
  void say(const std::string& line) { text_ += "table " + table_.full_name() + ": " + line + "\n"; }
  std::map<std::string, CopiedColumn> columns_by_source();
  void check_columns(const std::set<std::string>& gone_columns);
  void check_type(const SourceColumn& column, std::uint32_t type);
  void check_rows();
  static std::vector<std::string> rows_of(Sql& sql, const std::vector<std::string>& cells, const std::string& from);

  Sql& source_;
  Sql& copy_;
  const PublishedTable& table_;
  const CopiedTable& target_;
  std::vector<CopiedColumn> columns_;  // of the table's columns
  std::string text_;
};

std::map<std::string, CopiedColumn> PostgresTable::columns_by_source() {
  std::map<std::string, CopiedColumn> columns;
  const auto json = copy_.value(
      fmt::format("SELECT columns FROM _walbrook.targets WHERE kind = 'live' AND schema_name = {} AND table_name = {}",
                  quote_literal(target_.schema), quote_literal(target_.name)));
  if (json.empty()) return columns;
  for (const auto& item : nlohmann::json::parse(json)) {
    auto& column = columns[item.at("source").get<std::string>()];
    (item.at("overflow").get<bool>() ? column.overflow : column.value) = item.at("name").get<std::string>();
  }
  return columns;
}

void PostgresTable::check_type(const SourceColumn& column, std::uint32_t type) {
  const auto& base = column.type;
  const bool is_own_type = base.kind == BaseType::Kind::scalar && base.oid < first_user_oid &&
                           std::ranges::find(types_as_text, base.oid) == types_as_text.end();
  const auto expected = is_own_type ? base.oid : text_oid;
  if (type == expected || (base.kind == BaseType::Kind::array && type != text_oid)) return;
  say(fmt::format("column {} has type {} in the copy, not {}", column.name, type, expected));
}

void PostgresTable::check_columns(const std::set<std::string>& gone_columns) {
  std::map<std::string, std::uint32_t> types;
  for (const auto& row :
       copy_.query(fmt::format("SELECT attname, atttypid FROM pg_catalog.pg_attribute WHERE attnum > 0 AND NOT "
                               "attisdropped AND attrelid = pg_catalog.to_regclass({})",
                               quote_literal(target_.sql_name())))) {
    types[*row[0]] = static_cast<std::uint32_t>(std::stoul(*row[1]));
  }
  if (copy_.value("SELECT pg_catalog.to_regclass(" + quote_literal(target_.sql_name()) + ")").empty()) {
    return say("is missing from the copy");
  }
  auto by_source = columns_by_source();
  for (const auto& column : table_.columns) {
    const auto& in_copy = columns_.emplace_back(by_source[column.name]);
    const auto found = types.find(in_copy.value);
    if (found == types.end()) {
      say("column " + column.name + " is missing from the copy");
      continue;
    }
    if (in_copy.value != column.name) say("column " + column.name + " is called " + in_copy.value);
    check_type(column, found->second);
    types.erase(found);
    types.erase(in_copy.overflow);
  }
  for (const auto& gone : gone_columns) {
    if (types.erase(by_source[gone].value) == 0) say("column " + gone + ", which the source no longer has, is missing");
    types.erase(by_source[gone].overflow);
  }
  for (const auto& [name, type] : types) say("column " + name + " stands in the copy and not in the source");
}

std::vector<std::string> PostgresTable::rows_of(Sql& sql, const std::vector<std::string>& cells,
                                                const std::string& from) {
  const auto rows = sql.query(
      fmt::format("SELECT pg_catalog.array_to_string(ARRAY[{}]::pg_catalog.text[], E'\\x{:02x}', E'\\x{:02x}') FROM {}",
                  fmt::join(cells, ", "), cell_end, null_cell, from));
  std::vector<std::string> texts;
  for (const auto& row : rows) texts.push_back(row.at(0).value_or(""));
  std::ranges::sort(texts);
  return texts;
}

void PostgresTable::check_rows() {
  std::vector<std::string> in_source, in_copy;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    in_source.push_back(printed_in_postgres(quote_name(table_.columns[i].name)));
    auto cell = printed_in_postgres(quote_name(columns_[i].value));
    if (!columns_[i].overflow.empty()) {
      cell = fmt::format(
          "CASE WHEN {0} IS NULL THEN {1} WHEN {2} IS NULL THEN {0} ELSE 'both column and overflow column are set' END",
          quote_name(columns_[i].overflow), cell, quote_name(columns_[i].value));
    }
    in_copy.push_back(std::move(cell));
  }
  const auto expected = rows_of(source_, in_source, table_.rows);
  const auto found = rows_of(copy_, in_copy, target_.sql_name());
  RowDifference difference;
  std::ranges::set_difference(expected, found, std::back_inserter(difference.missing));
  std::ranges::set_difference(found, expected, std::back_inserter(difference.surplus));
  if (difference.missing.empty() && difference.surplus.empty()) return;
  say(fmt::format("{} rows in the source, {} in the copy", expected.size(), found.size()));
  for (const auto& line : describe(difference, table_.columns)) say(line);
}

std::map<std::string, CopiedTable> copied_tables(Sql& copy) {
  std::map<std::string, CopiedTable> tables;
  for (const auto& row : copy.query(
           "SELECT source_schema, source_name, target_schema, target_name, state, reason FROM _walbrook.outputs")) {
    tables[*row[0] + "." + *row[1]] = {row[2].value_or(""), row[3].value_or(""), *row[4], row[5].value_or("")};
  }
  return tables;
}

// Returns tables of the destination that the state does not list: finished and unfinished copies.
std::string stray_tables(Sql& copy, const std::map<std::string, CopiedTable>& known) {
  std::string text;
  for (const auto& row :
       copy.query("SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = "
                  "c.relnamespace WHERE c.relkind = 'r' AND n.nspname NOT IN ('_walbrook', 'pg_catalog', "
                  "'information_schema') AND n.nspname NOT LIKE 'pg\\_%'")) {
    const bool accounted = std::ranges::any_of(
        known, [&row](const auto& entry) { return entry.second.schema == *row[0] && entry.second.name == *row[1]; });
    if (!accounted) text += "table " + *row[0] + "." + *row[1] + " stands in the copy and in no row of its state\n";
  }
  return text;
}

}  // namespace

std::string postgres_differences(const Comparison& comparison) {
  Sql source(comparison.conninfo);
  source.exec("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  source.exec(postgres_session);
  Sql copy(comparison.copy_conninfo);
  copy.exec("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  copy.exec(postgres_session);
  const auto known = copied_tables(copy);
  std::string text;
  for (const auto& table : published_tables(source, comparison.publication)) {
    if (!comparison.tables.empty() && std::ranges::count(comparison.tables, table.full_name()) == 0) continue;
    const auto target = known.find(table.full_name());
    if (target == known.end()) {
      text += "table " + table.full_name() + " is missing from the copy's state\n";
      continue;
    }
    if (target->second.state != "streaming") {
      text += "table " + table.full_name() + " is " + target->second.state + ": " + target->second.reason + "\n";
    }
    const auto& schema = comparison.dataset.empty() ? table.schema : comparison.dataset;
    if (target->second.schema != schema) {
      text += "table " + table.full_name() + " stands in schema " + target->second.schema + "\n";
    }
    const auto gone = comparison.gone_columns.find(table.full_name());
    text += PostgresTable(source, copy, table, target->second)
                .differences(gone == comparison.gone_columns.end() ? std::set<std::string>{} : gone->second);
  }
  return text + stray_tables(copy, known);
}

}  // namespace walbrook::test
