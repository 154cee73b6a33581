#include "replication/setup/column_hints.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <set>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "postgres/catalog/table_schema.h"

namespace walbrook::replication {
namespace {

constexpr std::array wide_layouts = {Layout::int16,   Layout::int32,   Layout::int64, Layout::uint64,
                                     Layout::float32, Layout::float64, Layout::utf8};

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

std::string type_upper(std::string text) {
  std::erase(text, ' ');
  return upper(std::move(text));
}

// The described system's type names that say no more than the column's own type does.
bool says_the_same(const std::string& name, Layout layout) {
  static const std::map<std::string, std::set<Layout>> kinds = {
      {"text", {Layout::utf8}},
      {"bool", {Layout::boolean}},
      {"double", {Layout::float64}},
      {"date", {Layout::date}},
      {"time", {Layout::time, Layout::time_tz}},
      {"timestamp", {Layout::timestamp, Layout::timestamp_tz}},
      {"binary", {Layout::binary}},
      {"json", {Layout::json, Layout::list, Layout::structure, Layout::map}}};
  const auto kind = kinds.find(name);
  return kind != kinds.end() && kind->second.contains(layout);
}

PhysicalType plain(Layout layout) {
  return {.layout = layout, .children = {}, .names = {}};
}

PhysicalType decimal(int precision, int scale) {
  return {.layout = Layout::decimal,
          .precision = static_cast<std::uint8_t>(precision),
          .scale = static_cast<std::uint8_t>(scale),
          .children = {},
          .names = {}};
}

class HintReader {
 public:
  HintReader(const TableSchema& table, const ColumnSchema& column, const destination::Destination& destination)
      : table_(table), column_(column), destination_(destination), type_(destination.type_name(column.type)) {}

  [[nodiscard]] ColumnWish read(const ColumnHint& hint) const {
    ColumnWish wish{.name = std::nullopt, .type = wished_type(hint), .description = hint.description};
    if (const auto& type = wish.type) {
      if (!is_wider(column_, *type))
        refuse(asked(hint), fmt::format("the column is {}, and {} does not hold all of its values: {}", type_,
                                        destination_.type_name(*type), why_not_wider(column_, *type)));
    }
    check_zone(hint);
    if (hint.nullable && !*hint.nullable) {
      refuse("nullable false", "columns of the copy take NULL: a constraint would stop changes that the source allows");
    }
    check_key("primary_key", hint.primary_key);
    check_key("merge_key", hint.merge_key);
    if (hint.name) wish.name = checked_name(*hint.name);
    return wish;
  }
  [[noreturn]] void refuse(const std::string& hint, const std::string& why) const {
    const auto table = table_.schema + "." + table_.name;
    throw Error(
        ErrorKind::configuration,
        fmt::format("columns: {} of column \"{}\" of {} cannot be followed: {}", hint, column_.name, table, why),
        "Leave the hint out; SQL on the copy, or a view, shows values in another form.",
        {.setting = "columns", .table = table, .column = column_.name});
  }

 private:
  static std::string asked(const ColumnHint& hint) {
    std::string text;
    const auto say = [&text](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
    if (hint.data_type) say(fmt::format("data_type \"{}\"", *hint.data_type));
    if (hint.precision) say(fmt::format("precision {}", *hint.precision));
    if (hint.scale) say(fmt::format("scale {}", *hint.scale));
    return text;
  }
  // nullopt: the hint says nothing of the type.
  [[nodiscard]] std::optional<PhysicalType> wished_type(const ColumnHint& hint) const {
    const auto& own = column_.type;
    const bool of_decimal = hint.data_type ? *hint.data_type == "decimal" : own.layout == Layout::decimal;
    if (of_decimal) return decimal_type(hint);
    if (hint.data_type && *hint.data_type == "bigint") return integer_type(hint);
    if (hint.precision || hint.scale) refuse(asked(hint), fmt::format("the column is {}", type_));
    if (!hint.data_type) return std::nullopt;
    if (says_the_same(*hint.data_type, own.layout) || type_upper(*hint.data_type) == type_upper(type_)) return own;
    if (*hint.data_type == "text") return plain(Layout::utf8);
    if (*hint.data_type == "double") return plain(Layout::float64);
    for (const auto layout : wide_layouts) {
      if (type_upper(*hint.data_type) == type_upper(destination_.type_name(plain(layout)))) return plain(layout);
    }
    int precision = 0;
    int scale = 0;
    if (std::sscanf(type_upper(*hint.data_type).c_str(), "DECIMAL(%2d,%2d)", &precision, &scale) == 2) {
      return decimal_type({.precision = precision, .scale = scale});
    }
    refuse(asked(hint), fmt::format("the source's type is kept as {}", type_));
  }
  [[nodiscard]] std::optional<PhysicalType> decimal_type(const ColumnHint& hint) const {
    if (!hint.precision && !hint.scale && column_.type.layout == Layout::decimal) {
      return hint.data_type ? std::optional(column_.type) : std::nullopt;
    }
    const bool is_decimal = column_.type.layout == Layout::decimal;
    const int scale = hint.scale.value_or(is_decimal ? column_.type.scale : 0);
    const int precision = hint.precision.value_or(max_decimal_precision);
    if (precision < 1 || precision > max_decimal_precision || scale < 0 || scale > precision) {
      refuse(asked(hint),
             fmt::format("a decimal has 1 to {} digits, and no more of them behind the point", max_decimal_precision));
    }
    return decimal(precision, scale);
  }
  // As the described system has it: 64 bits, or as many as the precision says.
  [[nodiscard]] std::optional<PhysicalType> integer_type(const ColumnHint& hint) const {
    if (hint.scale) refuse(asked(hint), "an integer has no scale");
    switch (hint.precision.value_or(64)) {
      case 16:
        return plain(Layout::int16);
      case 32:
        return plain(Layout::int32);
      case 64:
        return plain(Layout::int64);
      default:
        refuse(asked(hint), "an integer has 16, 32 or 64 bits");
    }
  }
  void check_zone(const ColumnHint& hint) const {
    const bool has_zone = column_.type.layout == Layout::timestamp_tz || column_.type.layout == Layout::time_tz;
    if (hint.timezone && *hint.timezone != has_zone) {
      refuse(fmt::format("timezone {}", *hint.timezone), fmt::format("the column is {}", type_));
    }
  }
  void check_key(const char* what, const std::optional<bool>& wanted) const {
    if (!wanted || *wanted == column_.in_key) return;
    refuse(fmt::format("{} {}", what, *wanted),
           fmt::format("rows are found by the source's replica identity, to which the column {}",
                       column_.in_key ? "belongs" : "does not belong"));
  }
  [[nodiscard]] std::string checked_name(const std::string& name) const {
    if (name.empty() || name.find('\0') != std::string::npos) {
      refuse(fmt::format("name \"{}\"", name), "that is no name for a column");
    }
    return name;
  }

  const TableSchema& table_;
  const ColumnSchema& column_;
  const destination::Destination& destination_;
  std::string type_;
};

}  // namespace

namespace {

// The source's column is not what it was when the table was copied.
bool was_altered(const std::string& name, const ColumnSchema* now, const TableSchema* former) {
  const auto* before = former == nullptr ? nullptr : former->find(name);
  if (before == nullptr) return false;
  return now == nullptr || now->type_oid != before->type_oid || now->typmod != before->typmod;
}

void pass_over(PassedOver passed_over, const std::string& table, const std::string& column, const std::string& why) {
  if (passed_over == PassedOver::is_silent) return;
  spdlog::warn("table {}: the hint for column \"{}\" is passed over: {}", table, column, why);
}

const destination::OutputRecord* find_record(const std::vector<destination::OutputRecord>& records,
                                             const HintedTable& table) {
  const auto found = std::ranges::find_if(records, [&table](const destination::OutputRecord& record) {
    return record.name == table.name && (table.schema.empty() || record.schema == table.schema);
  });
  return found == records.end() ? nullptr : &*found;
}

bool is_left_out(const postgres::Publication& publication, const HintedTable& table) {
  return std::ranges::any_of(publication.left_out, [&table](const postgres::LeftOutTable& each) {
    return each.name == table.name && (table.schema.empty() || each.schema == table.schema);
  });
}

}  // namespace

ColumnWishes wishes_of(const TableSchema& table, const ColumnHints& hints, const destination::Destination& destination,
                       const TableSchema* former, PassedOver passed_over) {
  ColumnWishes wishes;
  const auto full_name = table.schema + "." + table.name;
  std::map<std::string, std::string> named;  // wanted name → whose
  for (const auto& column : table.columns) {
    const auto hint = hints.find(column.name);
    const bool renamed = hint != hints.end() && hint->second.name && *hint->second.name != column.name;
    if (!renamed) named[upper(column.name)] = column.name;
  }
  for (const auto& [name, hint] : hints) {
    const auto* column = table.find(name);
    const bool altered = was_altered(name, column, former);
    if (column == nullptr) {
      if (altered) {
        pass_over(passed_over, full_name, name, "the source no longer has it");
        continue;
      }
      throw Error(ErrorKind::configuration,
                  fmt::format("columns: table {} has no column \"{}\" that is copied", full_name, name),
                  "Names are exact, case counts.", {.setting = "columns", .table = full_name, .column = name});
    }
    const HintReader reader(table, *column, destination);
    ColumnWish wish;
    try {
      wish = reader.read(hint);
      if (wish.name && *wish.name != name) {
        const auto [taken, is_free] = named.try_emplace(upper(*wish.name), name);
        if (!is_free) {
          reader.refuse(fmt::format("name \"{}\"", *wish.name),
                        fmt::format("column \"{}\" has that name in the copy", taken->second));
        }
      }
    } catch (const Error& refused) {
      if (!altered) throw;
      pass_over(passed_over, full_name, name, "it was altered in the source. " + refused.cause());
      continue;
    }
    if (wish != ColumnWish{}) wishes.emplace(name, std::move(wish));
  }
  return wishes;
}

std::vector<WishedTable> wishes_of(const std::vector<HintedTable>& tables, const postgres::Publication& publication,
                                   postgres::Connection& catalog, TypeCatalog& types,
                                   const destination::Destination& destination,
                                   const std::vector<destination::OutputRecord>& records, PassedOver passed_over) {
  std::vector<WishedTable> wished;
  for (const auto& hinted : tables) {
    const auto* record = find_record(records, hinted);
    const auto found = std::ranges::find_if(publication.tables, [&](const postgres::SourceTable& table) {
      return table.name == hinted.name && (hinted.schema.empty() || table.schema == hinted.schema);
    });
    if (found == publication.tables.end()) {
      // A run names a table that left, or is left out, and continues with the others.
      if (record != nullptr || is_left_out(publication, hinted)) continue;
      throw Error(
          ErrorKind::configuration,
          fmt::format("columns: table {} is not in publication {}",
                      hinted.schema.empty() ? hinted.name : hinted.schema + "." + hinted.name, publication.name),
          "Names are exact, case counts.", {.setting = "columns", .publication = publication.name});
    }
    auto columns =
        wishes_of(postgres::read_table_schema(catalog, *found, types, destination.capabilities().values), hinted.hints,
                  destination, record == nullptr ? nullptr : record->columns.get(), passed_over);
    if (!columns.empty()) wished.push_back({found->schema, found->name, std::move(columns)});
  }
  return wished;
}

}  // namespace walbrook::replication
