#include "api/column_hints.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "base/error.h"

namespace walbrook::api {
namespace {

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  std::erase(text, ' ');
  return text;
}

// The described system's type names; each stands for several of ours.
bool is_of_kind(const std::string& name, Layout layout) {
  static const std::map<std::string, std::set<Layout>> kinds = {
      {"text", {Layout::utf8}},
      {"bigint", {Layout::int16, Layout::int32, Layout::int64, Layout::uint32}},
      {"double", {Layout::float32, Layout::float64}},
      {"decimal", {Layout::decimal}},
      {"bool", {Layout::boolean}},
      {"date", {Layout::date}},
      {"time", {Layout::time, Layout::time_tz}},
      {"timestamp", {Layout::timestamp, Layout::timestamp_tz}},
      {"binary", {Layout::binary}},
      {"json", {Layout::json, Layout::list, Layout::structure, Layout::map}}};
  const auto kind = kinds.find(name);
  return kind != kinds.end() && kind->second.contains(layout);
}

class HintCheck {
 public:
  HintCheck(const TableSchema& table, const ColumnSchema& column, std::string type)
      : table_(table), column_(column), type_(std::move(type)) {}

  void check(const ColumnHint& hint) const {
    const auto& physical = column_.type;
    if (hint.data_type && !is_of_kind(*hint.data_type, physical.layout) && upper(*hint.data_type) != upper(type_)) {
      refuse(fmt::format("data_type \"{}\"", *hint.data_type), fmt::format("the source's type is kept as {}", type_));
    }
    if (hint.precision && (physical.layout != Layout::decimal || *hint.precision != physical.precision)) {
      refuse(fmt::format("precision {}", *hint.precision), fmt::format("the column is {}", type_));
    }
    if (hint.scale && (physical.layout != Layout::decimal || *hint.scale != physical.scale)) {
      refuse(fmt::format("scale {}", *hint.scale), fmt::format("the column is {}", type_));
    }
    const bool has_zone = physical.layout == Layout::timestamp_tz || physical.layout == Layout::time_tz;
    if (hint.timezone && *hint.timezone != has_zone) {
      refuse(fmt::format("timezone {}", *hint.timezone), fmt::format("the column is {}", type_));
    }
    if (hint.nullable && !*hint.nullable) {
      refuse("nullable false", "columns of the copy take NULL: a constraint would stop changes that the source allows");
    }
    check_key("primary_key", hint.primary_key);
    check_key("merge_key", hint.merge_key);
    if (hint.name && *hint.name != column_.name) {
      refuse(fmt::format("name \"{}\"", *hint.name), "columns keep the source's names");
    }
    if (hint.description) refuse("description", "the copy holds no comments");
  }

 private:
  void check_key(const char* what, const std::optional<bool>& wanted) const {
    if (!wanted || *wanted == column_.in_key) return;
    refuse(fmt::format("{} {}", what, *wanted),
           fmt::format("rows are found by the source's replica identity, to which the column {}",
                       column_.in_key ? "belongs" : "does not belong"));
  }
  [[noreturn]] void refuse(const std::string& hint, const std::string& why) const {
    const auto table = table_.schema + "." + table_.name;
    throw Error(
        ErrorKind::configuration,
        fmt::format("columns: {} of column \"{}\" of {} cannot be followed: {}", hint, column_.name, table, why),
        "Leave the hint out; SQL on the copy, or a view, shows values in another form.",
        {.setting = "columns", .table = table, .column = column_.name});
  }

  const TableSchema& table_;
  const ColumnSchema& column_;
  std::string type_;
};

}  // namespace

void check_hints(const TableSchema& table, const ColumnHints& hints, const destination::Destination& destination) {
  for (const auto& [name, hint] : hints) {
    const auto* column = table.find(name);
    if (column == nullptr) {
      throw Error(
          ErrorKind::configuration,
          fmt::format("columns: table {}.{} has no column \"{}\" that is copied", table.schema, table.name, name),
          "Names are exact, case counts.",
          {.setting = "columns", .table = table.schema + "." + table.name, .column = name});
    }
    HintCheck(table, *column, destination.type_name(column->type)).check(hint);
  }
}

}  // namespace walbrook::api
