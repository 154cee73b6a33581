#include "test/support/row_difference.h"

#include <fmt/format.h>

#include <map>

namespace walbrook::test {
namespace {

constexpr std::size_t rows_shown = 5;
constexpr std::size_t bytes_shown = 120;

std::string shown(const std::string& cell) {
  if (cell.size() == 1 && cell[0] == null_cell) return "NULL";
  if (cell.size() <= bytes_shown) return fmt::format("'{}'", cell);
  return fmt::format("'{}…' ({} bytes)", cell.substr(0, bytes_shown), cell.size());
}

std::string shown_row(const std::vector<std::string>& cells, const std::vector<SourceColumn>& columns) {
  std::string text;
  for (std::size_t i = 0; i < cells.size() && i < columns.size(); ++i) {
    text += fmt::format("{}{}={}", i == 0 ? "" : ", ", columns[i].name, shown(cells[i]));
  }
  return text;
}

// Returns "" if there is no primary key.
std::string key_of(const std::vector<std::string>& cells, const std::vector<SourceColumn>& columns) {
  std::string key;
  for (std::size_t i = 0; i < cells.size() && i < columns.size(); ++i) {
    if (columns[i].in_key) key += fmt::format("{}{}={}", key.empty() ? "" : ", ", columns[i].name, shown(cells[i]));
  }
  return key;
}

std::string side_by_side(const std::vector<std::string>& source, const std::vector<std::string>& copy,
                         const std::vector<SourceColumn>& columns) {
  std::string text = fmt::format("row {}:", key_of(source, columns));
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (source[i] == copy[i]) continue;
    text += fmt::format(" {} source {}, copy {};", columns[i].name, shown(source[i]), shown(copy[i]));
  }
  return text;
}

}  // namespace

std::vector<std::string> split_cells(const std::string& row) {
  std::vector<std::string> cells;
  std::size_t begin = 0;
  while (true) {
    const auto end = row.find(cell_end, begin);
    cells.push_back(row.substr(begin, end - begin));
    if (end == std::string::npos) return cells;
    begin = end + 1;
  }
}

std::string join_cells(const std::vector<std::string>& cells) {
  std::string row;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) row.push_back(cell_end);
    row += cells[i];
  }
  return row;
}

std::vector<std::string> describe(const RowDifference& difference, const std::vector<SourceColumn>& columns) {
  std::map<std::string, std::vector<std::string>> surplus_by_key;
  for (const auto& row : difference.surplus) {
    const auto cells = split_cells(row);
    const auto key = key_of(cells, columns);
    if (!key.empty()) surplus_by_key[key] = cells;
  }
  std::vector<std::string> lines;
  std::map<std::string, bool> paired;
  for (std::size_t i = 0; i < difference.missing.size() && i < rows_shown; ++i) {
    const auto cells = split_cells(difference.missing[i]);
    const auto key = key_of(cells, columns);
    if (const auto found = surplus_by_key.find(key); found != surplus_by_key.end() && !key.empty()) {
      lines.push_back(side_by_side(cells, found->second, columns));
      paired[key] = true;
    } else {
      lines.push_back("only in the source: " + shown_row(cells, columns));
    }
  }
  std::size_t shown_surplus = 0;
  for (const auto& row : difference.surplus) {
    const auto cells = split_cells(row);
    if (paired.contains(key_of(cells, columns))) continue;
    if (++shown_surplus > rows_shown) break;
    lines.push_back("only in the copy: " + shown_row(cells, columns));
  }
  lines.push_back(fmt::format("{} rows only in the source, {} only in the copy", difference.missing.size(),
                              difference.surplus.size()));
  return lines;
}

}  // namespace walbrook::test
