#include "test/support/oracle.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "test/support/duck_copy.h"
#include "test/support/files_copy.h"
#include "test/support/lake_copy.h"
#include "test/support/postgres_copy.h"
#include "test/support/row_difference.h"
#include "test/support/source_tables.h"

namespace walbrook::test {
namespace {

bool differ_by_case_alone(const std::string& one, const std::string& other) {
  return one != other && std::ranges::equal(one, other, [](unsigned char a, unsigned char b) {
           return std::tolower(a) == std::tolower(b);
         });
}

// True if the target has the source's name. A suffix is allowed if another name there differs by case alone, and the
// destination does not tell the two apart.
template <class Names>
bool is_rightly_named(const CopyReader& copy, const std::string& target, const std::string& source, const Names& all) {
  if (target == source) return true;
  return copy.folds_case() && target.starts_with(source) &&
         std::ranges::any_of(all, [&](const std::string& other) { return differ_by_case_alone(source, other); });
}

class TableComparison {
 public:
  TableComparison(Sql& source, CopyReader& copy, const PublishedTable& table, const CopiedTable& target)
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
  void check_rows();

  Sql& source_;
  CopyReader& copy_;
  const PublishedTable& table_;
  const CopiedTable& target_;
  std::vector<CopiedColumn> columns_;  // of the table's columns
  std::string text_;
};

std::map<std::string, CopiedColumn> TableComparison::columns_by_source() {
  std::map<std::string, CopiedColumn> columns;
  const auto rows = copy_.query(
      fmt::format("SELECT columns FROM _walbrook.targets WHERE kind = 'live' AND schema_name = {} AND table_name = {}",
                  quote_literal(target_.schema), quote_literal(target_.name)));
  if (rows.empty() || !rows[0][0]) return columns;
  for (const auto& item : nlohmann::json::parse(*rows[0][0])) {
    auto& column = columns[item.at("source").get<std::string>()];
    (item.at("overflow").get<bool>() ? column.overflow : column.value) = item.at("name").get<std::string>();
  }
  return columns;
}

void TableComparison::check_columns(const std::set<std::string>& gone_columns) {
  auto found_types = copy_.column_types(target_);
  if (!found_types) return say("is missing from the copy");
  auto& types = *found_types;
  auto by_source = columns_by_source();
  std::vector<std::string> names;
  for (const auto& column : table_.columns) names.push_back(column.name);
  for (const auto& column : table_.columns) {
    const auto& in_copy = columns_.emplace_back(by_source[column.name]);
    const auto found = types.find(in_copy.value);
    if (found == types.end()) {
      say("column " + column.name + " is missing from the copy");
      continue;
    }
    if (!is_rightly_named(copy_, in_copy.value, column.name, names))
      say("column " + column.name + " is called " + in_copy.value);
    const auto expected = copy_.other_type(column, found->second);
    if (!expected.empty()) say("column " + column.name + " is " + found->second + ", not " + expected);
    types.erase(found);
    types.erase(in_copy.overflow);
  }
  for (const auto& gone : gone_columns) {
    if (types.erase(by_source[gone].value) == 0) say("column " + gone + ", which the source no longer has, is missing");
    types.erase(by_source[gone].overflow);
  }
  for (const auto& [name, type] : types) say("column " + name + " is in the target and not in the source");
}

void TableComparison::check_rows() {
  auto expected = copy_.source_rows(source_, table_);
  auto found = copy_.copied_rows(source_, table_, target_, columns_);
  std::ranges::sort(expected);
  std::ranges::sort(found);
  RowDifference difference;
  std::ranges::set_difference(expected, found, std::back_inserter(difference.missing));
  std::ranges::set_difference(found, expected, std::back_inserter(difference.surplus));
  if (difference.missing.empty() && difference.surplus.empty()) return;
  say(fmt::format("{} rows in the source, {} in the copy", expected.size(), found.size()));
  for (const auto& line : describe(difference, table_.columns)) say(line);
}

std::map<std::string, CopiedTable> copied_tables(CopyReader& copy) {
  std::map<std::string, CopiedTable> tables;
  for (const auto& row : copy.query(
           "SELECT source_schema, source_name, target_schema, target_name, state, reason FROM _walbrook.outputs")) {
    tables[*row[0] + "." + *row[1]] = {row[2].value_or(""), row[3].value_or(""), *row[4], row[5].value_or("")};
  }
  return tables;
}

// Returns tables of the destination that the state does not list: copies, finished or not, and temporary tables.
std::string stray_tables(CopyReader& copy, const std::map<std::string, CopiedTable>& known) {
  std::string text;
  for (const auto& row : copy.tables()) {
    const bool accounted = std::ranges::any_of(
        known, [&row](const auto& entry) { return entry.second.schema == *row[0] && entry.second.name == *row[1]; });
    if (!accounted) text += "table " + *row[0] + "." + *row[1] + " is in the target and in no row of its state\n";
  }
  return text;
}

}  // namespace

std::unique_ptr<CopyReader> open_copy(const Comparison& comparison) {
  if (!comparison.copy_conninfo.empty()) return std::make_unique<PostgresCopy>(comparison.copy_conninfo);
  if (!comparison.lake.empty()) return std::make_unique<FilesCopy>(comparison.lake);
  if (!comparison.ducklake.empty()) return std::make_unique<LakeCopy>(comparison.ducklake, comparison.bucket_secret);
  return std::make_unique<DuckCopy>(comparison.file, DuckReader::Access::read_only, comparison.file_has_enums);
}

std::string differences(const Comparison& comparison) {
  Sql source(comparison.conninfo);
  source.exec("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  source.exec(postgres_session);
  const auto opened = open_copy(comparison);
  auto& copy = *opened;
  const auto known = copied_tables(copy);
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
    if (!is_rightly_named(copy, target->second.name, table.name, names)) {
      text += "table " + table.full_name() + " is called " + target->second.name + "\n";
    }
    const auto& schema = comparison.dataset.empty() ? table.schema : comparison.dataset;
    if (!is_rightly_named(copy, target->second.schema, schema, schemas)) {
      text += "table " + table.full_name() + " is in schema " + target->second.schema + "\n";
    }
    const auto gone = comparison.gone_columns.find(table.full_name());
    text += TableComparison(source, copy, table, target->second)
                .differences(gone == comparison.gone_columns.end() ? std::set<std::string>{} : gone->second);
  }
  return text + stray_tables(copy, known);
}

}  // namespace walbrook::test
