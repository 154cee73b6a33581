#include "test/four_ways/smallest_differences.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <stdexcept>

#include "test/support/duck_copy.h"
#include "test/support/row_difference.h"

namespace walbrook::test {
namespace {

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const auto& part : parts) out += (out.empty() ? "" : ", ") + part;
  return out;
}

std::string shown(const std::optional<std::string>& value) {
  return value ? "'" + *value + "'" : "NULL";
}

// The cells of each row by its id, which is the first of them.
std::map<std::string, std::vector<std::string>> by_id(const std::vector<std::string>& rows) {
  std::map<std::string, std::vector<std::string>> cells;
  for (const auto& row : rows) {
    auto split = split_cells(row);
    cells[split.front()] = split;
  }
  return cells;
}

}  // namespace

SmallestDifferences::SmallestDifferences(const std::string& conninfo, const std::vector<std::filesystem::path>& files)
    : source_(conninfo), files_(files), reader_(files.at(0)) {
  tables_ = published_tables(source_, "walbrook");
  source_.exec(postgres_session);
  for (const auto& file : files) {
    copies_.push_back(file.stem().string());
    if (copies_.size() == 1) continue;  // a file that is opened has its own name as well
    reader_.exec(fmt::format("ATTACH {} AS {} (READ_ONLY)", quote_literal(file.string()), quote_name(copies_.back())));
  }
  for (const auto& row : reader_.query(
           "SELECT database_name, table_name, column_name, data_type FROM duckdb_columns() WHERE schema_name = "
           "'public'")) {
    columns_[*row[0]][*row[1]][*row[2]] = *row[3];
  }
}

const PublishedTable& SmallestDifferences::published(const std::string& table) const {
  const auto found = std::ranges::find(tables_, table, &PublishedTable::name);
  if (found == tables_.end()) throw std::runtime_error("table " + table + " is not published");
  return *found;
}

std::string SmallestDifferences::overflow_in(const std::string& copy, const std::string& table,
                                             const std::string& column) const {
  const auto name = column + "__v_text";
  return columns_.at(copy).at(table).contains(name) ? copy + "." + name : "NULL";
}

// Equal values can be printed in different ways, such as 0 and -0, or a month and 30 days.
std::string SmallestDifferences::differs(const std::string& other, const std::string& table,
                                         const std::string& column) {
  const auto& first = copies_.front();
  return fmt::format(
      "{0}.{2} IS DISTINCT FROM {1}.{2} OR {0}.{2}::VARCHAR IS DISTINCT FROM {1}.{2}::VARCHAR OR {3} IS DISTINCT FROM "
      "{4}",
      first, other, quote_name(column), overflow_in(first, table, column), overflow_in(other, table, column));
}

std::string SmallestDifferences::between_two(const std::string& other, const std::string& table) {
  const auto& first = copies_.front();
  if (columns_.at(first).at(table) != columns_.at(other).at(table)) {
    return fmt::format("table {}: {} has other columns than {}\n", table, other, first);
  }
  const auto count = [&](const std::string& copy) {
    return reader_.value(fmt::format("SELECT count(*) FROM {}.public.{}", copy, table));
  };
  if (count(first) != count(other)) {
    return fmt::format("table {}: {} has {} rows, {} has {}\n", table, first, count(first), other, count(other));
  }
  const auto rows =
      fmt::format("{0}.public.{2} AS {0} FULL JOIN {1}.public.{2} AS {1} USING (id)", first, other, table);
  std::vector<std::string> counts;
  const auto& columns = published(table).columns;
  for (const auto& column : columns) {
    counts.push_back("count(*) FILTER (" + differs(other, table, column.name) + ")");
  }
  std::string text;
  const auto found = reader_.query(fmt::format("SELECT {} FROM {}", joined(counts), rows)).at(0);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (found[i] == "0") continue;
    std::vector<std::string> ids;
    for (const auto& row :
         reader_.query(fmt::format("SELECT id FROM {} WHERE {}", rows, differs(other, table, columns[i].name)))) {
      ids.push_back(*row[0]);
    }
    text +=
        fmt::format("{} differs from {} in {} rows of ", other, first, ids.size()) + smallest(table, columns[i], ids);
  }
  return text;
}

std::string SmallestDifferences::between_copies(const std::string& table) {
  std::string text;
  for (std::size_t i = 1; i < copies_.size(); ++i) text += between_two(copies_[i], table);
  return text;
}

std::string SmallestDifferences::from_source(const std::string& table) {
  const auto& columns = published(table).columns;
  std::vector<CopiedColumn> copied;
  const auto& in_copy = columns_.at(copies_.front()).at(table);
  for (const auto& column : columns) {
    const auto overflow = column.name + "__v_text";
    copied.push_back({column.name, in_copy.contains(overflow) ? overflow : ""});
  }
  DuckCopy copy(files_.front());
  const auto wanted = by_id(copy.source_rows(source_, published(table)));
  const auto found = by_id(copy.copied_rows(source_, published(table),
                                            {.schema = "public", .name = table, .state = "", .reason = ""}, copied));
  std::string text;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    std::vector<std::string> ids;
    for (const auto& [id, cells] : wanted) {
      const auto other = found.find(id);
      if (other == found.end() || other->second[i] != cells[i]) ids.push_back(id);
    }
    if (ids.empty()) continue;
    text += fmt::format("{} differs from the source in {} rows of ", copies_.front(), ids.size()) +
            smallest(table, columns[i], ids);
  }
  return text;
}

std::string SmallestDifferences::smallest(const std::string& table, const SourceColumn& column,
                                          const std::vector<std::string>& ids) {
  const auto name = quote_name(column.name);
  const auto printed = printed_in_postgres(name);
  const auto rows = source_.query(
      fmt::format("SELECT id, {}, (SELECT pg_catalog.format_type(atttypid, atttypmod) FROM pg_catalog.pg_attribute "
                  "WHERE attrelid = 'public.{}'::pg_catalog.regclass AND attname = {}) FROM public.{} WHERE id IN ({}) "
                  "ORDER BY octet_length({}), id LIMIT 1",
                  printed, table, quote_literal(column.name), table, joined(ids), printed));
  if (rows.empty()) return fmt::format("table {}: the source has no row {}\n", table, joined(ids));
  const auto& row = rows.front();
  std::string text =
      fmt::format("table {}, column {}, type {}; the smallest is id {}:\n", table, column.name, *row[2], *row[0]);
  text += fmt::format("  {:16} {}\n", "source", shown(row[1]));
  for (const auto& copy : copies_) {
    const auto values = reader_.query(fmt::format("SELECT {}::VARCHAR, {} FROM {}.public.{} AS {} WHERE id = {}", name,
                                                  overflow_in(copy, table, column.name), copy, table, copy, *row[0]));
    text += fmt::format("  {:16} ", copy);
    if (values.empty()) {
      text += "has no such row\n";
      continue;
    }
    text += shown(values[0][0]) + (values[0][1] ? ", overflow " + shown(values[0][1]) : "") + "\n";
  }
  return text;
}

}  // namespace walbrook::test
