#include "cli/decode/decode_line.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/quoting.h"
#include "base/text.h"

namespace walbrook::cli {
namespace {

using nlohmann::ordered_json;

bool is_plain(std::string_view text) {
  static constexpr std::string_view marks = "_.:+-/";
  return !text.empty() && text != "NULL" && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           marks.find(c) != std::string_view::npos;
  });
}

std::string shown(const ordered_json& value) {
  if (value.is_null()) return "NULL";
  if (value.is_object()) return "\\x" + value.value("hex", "");
  if (!value.is_string()) return value.dump();
  const auto& text = value.get_ref<const std::string&>();
  return is_plain(text) ? text : quote_literal(printable(text));
}

std::string row_text(const ordered_json& row, const ordered_json* unchanged) {
  std::string out;
  for (const auto& [name, value] : row.items()) out += fmt::format(" {}={}", printable(name), shown(value));
  if (unchanged == nullptr) return out;
  for (const auto& name : *unchanged) {
    out += fmt::format(" {}=(unchanged)", printable(name.get_ref<const std::string&>()));
  }
  return out;
}

std::string columns_text(const ordered_json& columns) {
  std::string out;
  for (const auto& column : columns) {
    out += fmt::format("{}{} {}{}", out.empty() ? "" : ", ", printable(column.at("name").get_ref<const std::string&>()),
                       printable(column.at("type").get_ref<const std::string&>()),
                       column.at("key").get<bool>() ? " key" : "");
  }
  return "(" + out + ")";
}

std::string tables_text(const ordered_json& tables) {
  std::string out;
  for (const auto& table : tables) {
    out += (out.empty() ? "" : ", ") + printable(table.get_ref<const std::string&>());
  }
  return out;
}

std::string field_text(const std::string& key, const ordered_json& value, const ordered_json& all) {
  if (key == "table") {
    return printable(all.at("schema").get_ref<const std::string&>() + "." + value.get_ref<const std::string&>());
  }
  if (key == "columns") return columns_text(value);
  if (key == "tables") return tables_text(value);
  if (key == "after" || key == "before" || key == "key") {
    const auto unchanged = all.find(key == "after" ? "unchanged" : "unchanged_" + key);
    const bool alone = key == "after" && !all.contains("key") && !all.contains("before");
    const auto row = row_text(value, unchanged == all.end() ? nullptr : &*unchanged);
    return (alone ? "" : key + (row.empty() ? "" : " ")) + (row.empty() ? row : row.substr(1));
  }
  if (value.is_boolean()) return value.get<bool>() ? key : "";
  if (key.ends_with("_time")) return key + " " + value.get_ref<const std::string&>();
  return key + " " + shown(value);
}

}  // namespace

std::string to_line(const ordered_json& described) {
  auto line = fmt::format("{:<12} {:<8}", described.at("lsn").get_ref<const std::string&>(),
                          described.at("kind").get_ref<const std::string&>());
  const bool has_table = described.contains("table");
  for (const auto& [key, value] : described.items()) {
    if (key == "lsn" || key == "kind" || key.starts_with("unchanged") || (key == "schema" && has_table)) continue;
    const auto text = field_text(key, value, described);
    if (!text.empty()) line += "  " + text;
  }
  return line;
}

}  // namespace walbrook::cli
