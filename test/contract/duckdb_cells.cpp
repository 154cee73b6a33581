#include "test/contract/duckdb_cells.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <nlohmann/json.hpp>
#include <regex>
#include <stdexcept>

#include "destination/target_shape.h"

namespace walbrook::contract {
namespace {

std::string quoted(const std::string& name) {
  std::string out = "\"";
  for (const char c : name) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

// Returns the type with text in place of every scalar.
std::string type_of_texts(const PhysicalType& type) {
  switch (type.layout) {
    case Layout::list:
      return type_of_texts(type.children[0]) + "[]";
    case Layout::map:
      return fmt::format("MAP({}, {})", type_of_texts(type.children[0]), type_of_texts(type.children[1]));
    case Layout::structure: {
      std::string fields;
      for (std::size_t i = 0; i < type.children.size(); ++i) {
        fields +=
            fmt::format("{}{} {}", fields.empty() ? "" : ", ", quoted(type.names[i]), type_of_texts(type.children[i]));
      }
      return "STRUCT(" + fields + ")";
    }
    default:
      return "VARCHAR";
  }
}

// Returns the expression that selects a column: dates and timestamps as numbers, bytes as hexadecimal digits.
std::string exactly(const PhysicalType& type, const std::string& column) {
  switch (type.layout) {
    case Layout::date:
      return fmt::format("CASE WHEN isinf({0}) THEN {0}::VARCHAR ELSE ({0} - DATE '1970-01-01')::VARCHAR END", column);
    case Layout::timestamp:
    case Layout::timestamp_tz:
      return fmt::format("CASE WHEN isinf({0}) THEN {0}::VARCHAR ELSE epoch_us({0})::VARCHAR END", column);
    case Layout::binary:
      return fmt::format("hex({})", column);
    case Layout::json:
      return column + "::VARCHAR";
    case Layout::list:
    case Layout::map:
      return fmt::format("{}::{}", column, type_of_texts(type));
    case Layout::structure: {
      // A cast matches fields by name, and their names in the table may differ.
      std::string fields;
      for (std::size_t i = 0; i < type.children.size(); ++i) {
        fields += fmt::format("{}f{} := struct_extract_at({}, {})::{}", fields.empty() ? "" : ", ", i, column, i + 1,
                              type_of_texts(type.children[i]));
      }
      return fmt::format("CASE WHEN {} IS NULL THEN NULL ELSE struct_pack({}) END", column, fields);
    }
    default:
      return column;
  }
}

template <class Int>
Int whole(const std::string& text, Int infinite) {
  if (text == "infinity") return infinite;
  if (text == "-infinity") return static_cast<Int>(-infinite);
  return static_cast<Int>(std::stoll(text));
}

Int128 digits(const std::string& text) {
  Int128 number = 0;
  for (const char c : text) {
    if (c >= '0' && c <= '9') number = number * 10 + (c - '0');
  }
  return text.starts_with('-') ? -number : number;
}

std::string bytes_of_hex(const std::string& text) {
  std::string bytes;
  std::string hex;
  std::ranges::copy_if(text, std::back_inserter(hex), [](char c) { return c != '-'; });
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

// The first byte holds the number of padding bits. The bits follow, padded in front with ones.
std::string bytes_of_bits(const std::string& text) {
  const auto padding = (8 - text.size() % 8) % 8;
  const auto bits = std::string(padding, '1') + text;
  std::string bytes(1, static_cast<char>(padding));
  for (std::size_t i = 0; i < bits.size(); i += 8) {
    bytes += static_cast<char>(std::stoi(bits.substr(i, 8), nullptr, 2));
  }
  return bytes;
}

// Parses hh:mm:ss.ffffff.
std::int64_t microseconds(const std::string& text) {
  static const std::regex form("(-?)(\\d+):(\\d+):(\\d+)(?:\\.(\\d+))?");
  std::smatch part;
  if (!std::regex_match(text, part, form)) throw std::runtime_error("no time of day: " + text);
  auto fraction = part[5].str();
  fraction.resize(6, '0');
  const auto seconds = (std::stoll(part[2]) * 60 + std::stoll(part[3])) * 60 + std::stoll(part[4]);
  const auto sum = seconds * 1'000'000 + std::stoll(fraction);
  return part[1].length() > 0 ? -sum : sum;
}

TimeTz time_tz(const std::string& text) {
  const auto sign = text.find_first_of("+-", 1);
  auto zone = text.substr(sign + 1);
  while (std::ranges::count(zone, ':') < 2) zone += ":00";
  const auto offset = static_cast<std::int32_t>(microseconds(zone) / 1'000'000);
  return {microseconds(text.substr(0, sign)), text[sign] == '-' ? -offset : offset};
}

Interval interval(const std::string& text) {
  static const std::regex form("(?:(-?\\d+) years? ?)?(?:(-?\\d+) months? ?)?(?:(-?\\d+) days? ?)?(-?\\d+:.*)?");
  std::smatch part;
  if (!std::regex_match(text, part, form)) throw std::runtime_error("no interval: " + text);
  const auto number = [&](std::size_t i) { return part[i].matched ? std::stoll(part[i]) : 0; };
  return {.months = static_cast<std::int32_t>(number(1) * 12 + number(2)),
          .days = static_cast<std::int32_t>(number(3)),
          .microseconds = part[4].matched ? microseconds(part[4]) : 0};
}

Cell cell_of_json(const PhysicalType& type, const nlohmann::ordered_json& json) {
  if (json.is_null()) return Null{};
  if (!is_nested(type.layout)) return parse_duckdb_text(type, json.get<std::string>());
  Parts parts;
  if (type.layout == Layout::list) {
    for (const auto& element : json) parts.cells.push_back(cell_of_json(type.children[0], element));
  } else if (type.layout == Layout::structure) {
    std::size_t i = 0;
    for (const auto& [name, field] : json.items()) parts.cells.push_back(cell_of_json(type.children[i++], field));
  } else {
    for (const auto& [name, value] : json.items()) {
      parts.cells.push_back(parse_duckdb_text(type.children[0], name));
      parts.cells.push_back(cell_of_json(type.children[1], value));
    }
  }
  return parts;
}

}  // namespace

Cell parse_duckdb_text(const PhysicalType& type, const std::string& printed) {
  switch (type.layout) {
    case Layout::boolean:
      return printed == "true";
    case Layout::int16:
    case Layout::int32:
    case Layout::int64:
      return std::int64_t{std::stoll(printed)};
    case Layout::date:
      return whole<std::int64_t>(printed, std::numeric_limits<std::int32_t>::max());
    case Layout::timestamp:
    case Layout::timestamp_tz:
      return whole(printed, std::numeric_limits<std::int64_t>::max());
    case Layout::uint32:
    case Layout::uint64:
      return std::uint64_t{std::stoull(printed)};
    case Layout::float32:
      return double{std::strtof(printed.c_str(), nullptr)};
    case Layout::float64:
      return std::strtod(printed.c_str(), nullptr);
    case Layout::decimal:
      return digits(printed);
    case Layout::binary:
    case Layout::uuid:
      return bytes_of_hex(printed);
    case Layout::time:
      return microseconds(printed);
    case Layout::time_tz:
      return time_tz(printed);
    case Layout::interval:
      return interval(printed);
    case Layout::bit:
      return bytes_of_bits(printed);
    case Layout::list:
    case Layout::structure:
    case Layout::map:
      return cell_of_json(type, nlohmann::ordered_json::parse(printed));
    case Layout::utf8:
    case Layout::json:
      return printed;
  }
  return printed;
}

std::vector<std::vector<Cell>> read_from_duckdb(destination::Destination& destination,
                                                const destination::OutputRecord& table) {
  const auto session = destination.query_engine()->open_session();
  const auto ask = [&](const std::string& sql) {
    auto answer = session->query(sql, destination::NestedCells::json);
    TextRows rows{.names = {}, .cells = std::move(answer.rows)};
    for (const auto& column : answer.columns) rows.names.push_back(column.name);
    return rows;
  };
  return read_cells(ask, destination, table);
}

std::vector<std::vector<Cell>> read_cells(const std::function<TextRows(const std::string& sql)>& ask,
                                          destination::Destination& destination,
                                          const destination::OutputRecord& table) {
  const auto target = quoted(table.target_schema) + "." + quoted(table.target_name);
  const auto& columns = table.columns->columns;
  const auto names = destination::target_column_names(destination.capabilities().names, table.style, *table.columns);
  const auto has = ask("SELECT * FROM " + target + " LIMIT 0").names;
  std::string asked;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const auto overflow = names[i] + "__v_text";
    const bool overflows = std::ranges::find(has, overflow) != has.end();
    const auto cell = exactly(columns[i].type, quoted(names[i]));
    asked +=
        fmt::format("{}, {}, ", is_nested(columns[i].type.layout) ? fmt::format("to_json({})::VARCHAR", cell) : cell,
                    overflows ? quoted(overflow) : std::string("NULL"));
  }
  std::vector<std::vector<Cell>> rows;
  for (const auto& row : ask("SELECT " + asked + "NULL FROM " + target).cells) {
    auto& cells = rows.emplace_back();
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (const auto& overflow = row[2 * i + 1]) {
        cells.emplace_back(OverflowText{*overflow});
      } else if (const auto& printed = row[2 * i]) {
        cells.push_back(parse_duckdb_text(columns[i].type, *printed));
      } else {
        cells.emplace_back(Null{});
      }
    }
  }
  return rows;
}

}  // namespace walbrook::contract
