#include "cli/commands/result_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "base/json_text.h"
#include "base/text.h"
#include "serve/wire_json.h"

namespace walbrook::cli {
namespace {

using destination::QueryResult;

std::string csv_field(std::string_view text) {
  // The empty string is quoted to distinguish it from NULL.
  if (!text.empty() && text.find_first_of("\",\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string json_value(const QueryResult::ColumnInfo& column, const std::optional<std::string>& cell) {
  if (!cell) return "null";
  if (column.json) return *cell;
  if (column.numeric) return json_scalar(*cell, JsonScalar::number);
  return json_scalar(*cell, column.type == "BOOLEAN" ? JsonScalar::boolean : JsonScalar::text);
}

std::vector<std::string> unique_names(const QueryResult& result) {
  std::set<std::string> taken;
  for (const auto& column : result.columns) taken.insert(column.name);
  std::set<std::string> used;
  std::vector<std::string> names;
  for (const auto& column : result.columns) {
    std::string name = column.name;
    for (int n = 2; used.contains(name); ++n) {
      auto candidate = fmt::format("{}_{}", column.name, n);
      if (!taken.contains(candidate)) name = std::move(candidate);
    }
    used.insert(name);
    names.push_back(std::move(name));
  }
  return names;
}

}  // namespace

std::string as_table(const QueryResult& result) {
  std::vector<std::size_t> widths;
  std::vector<std::vector<std::string>> shown;
  for (const auto& column : result.columns) widths.push_back(display_width(printable(column.name)));
  for (const auto& row : result.rows) {
    auto& cells = shown.emplace_back();
    for (std::size_t i = 0; i < row.size(); ++i) {
      cells.push_back(row[i] ? printable(*row[i]) : "NULL");
      widths[i] = std::max(widths[i], display_width(cells.back()));
    }
  }
  std::string text;
  const auto add_line = [&](const auto& cell_of) {
    std::string line;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      if (i > 0) line += "  ";
      line += result.columns[i].numeric ? padded_left(cell_of(i), widths[i]) : padded_right(cell_of(i), widths[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  };
  add_line([&](std::size_t i) { return printable(result.columns[i].name); });
  std::string rule;
  for (std::size_t i = 0; i < widths.size(); ++i) {
    if (i > 0) rule += "  ";
    for (std::size_t n = 0; n < widths[i]; ++n) rule += "─";
  }
  text += rule + '\n';
  for (const auto& cells : shown) add_line([&](std::size_t i) { return cells[i]; });
  return text;
}

std::string footer(const serve::SqlAnswer& answer) {
  const auto rows = counted(answer.result.rows.size(), "row");
  if (answer.pipelines.empty()) return fmt::format("({})", rows);
  if (answer.pipelines.size() == 1) return fmt::format("({})  as of LSN {}", rows, answer.lsn.to_string());
  std::string positions;
  for (const auto& [pipeline, lsn] : answer.pipelines) {
    positions += fmt::format("{}{} of {}", positions.empty() ? "" : ", ", lsn.to_string(), printable(pipeline));
  }
  return fmt::format("({})  as of LSN {}", rows, positions);
}

std::string as_csv(const QueryResult& result) {
  std::string text;
  for (std::size_t i = 0; i < result.columns.size(); ++i) {
    if (i > 0) text += ',';
    text += csv_field(result.columns[i].name);
  }
  text += '\n';
  for (const auto& row : result.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) text += ',';
      if (row[i]) text += csv_field(*row[i]);
    }
    text += '\n';
  }
  return text;
}

std::string as_json(const serve::SqlAnswer& answer) {
  const auto names = unique_names(answer.result);
  std::string text = answer.lsn.is_set() ? fmt::format(R"({{"lsn":"{}",)", answer.lsn.to_string()) : R"({"lsn":null,)";
  if (answer.pipelines.size() > 1) {  // no single LSN describes the rows
    std::string positions;
    for (const auto& [pipeline, lsn] : answer.pipelines) {
      positions += fmt::format(R"({}{}:"{}")", positions.empty() ? "" : ",", json_string(pipeline), lsn.to_string());
    }
    text += fmt::format(R"("lsns":{{{}}},)", positions);
  }
  text += R"("rows":[)";
  for (std::size_t r = 0; r < answer.result.rows.size(); ++r) {
    const auto& row = answer.result.rows[r];
    text += r > 0 ? ",\n{" : "\n{";
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) text += ',';
      text += json_string(names[i]) + ':' + json_value(answer.result.columns[i], row[i]);
    }
    text += '}';
  }
  return visible_json(std::move(text)) + "]}\n";
}

}  // namespace walbrook::cli
