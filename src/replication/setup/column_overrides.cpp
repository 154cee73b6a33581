#include "replication/setup/column_overrides.h"

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

// dlt's type names that mean no more than the column's own type.
bool names_layout(const std::string& name, Layout layout) {
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

class OverrideResolver {
 public:
  OverrideResolver(const TableSchema& table, const ColumnSchema& column, const destination::Destination& destination)
      : table_(table), column_(column), destination_(destination), type_(destination.type_name(column.type)) {}

  [[nodiscard]] ResolvedOverride read(const ColumnOverride& asked_for) const {
    ResolvedOverride resolved{
        .name = std::nullopt, .type = resolve_type(asked_for), .description = asked_for.description};
    if (const auto& type = resolved.type) {
      if (!is_wider(column_, *type))
        refuse(text_of(asked_for), fmt::format("the column is {}, and {} does not hold all of its values: {}", type_,
                                               destination_.type_name(*type), why_not_wider(column_, *type)));
    }
    check_zone(asked_for);
    if (asked_for.nullable && !*asked_for.nullable) {
      refuse("nullable false",
             "columns of target tables accept NULL: a constraint would stop changes that the source allows");
    }
    check_key("primary_key", asked_for.primary_key);
    check_key("merge_key", asked_for.merge_key);
    if (asked_for.name) resolved.name = checked_name(*asked_for.name);
    return resolved;
  }
  [[noreturn]] void refuse(const std::string& what, const std::string& why) const {
    const auto table = table_.schema + "." + table_.name;
    throw Error(
        ErrorKind::configuration,
        fmt::format("columns: {} of column \"{}\" of {} cannot be followed: {}", what, column_.name, table, why),
        "Leave the override out; a query or a view shows values in another form.",
        {.setting = "columns", .table = table, .column = column_.name});
  }

 private:
  static std::string text_of(const ColumnOverride& asked_for) {
    std::string text;
    const auto append = [&text](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
    if (asked_for.data_type) append(fmt::format("data_type \"{}\"", *asked_for.data_type));
    if (asked_for.precision) append(fmt::format("precision {}", *asked_for.precision));
    if (asked_for.scale) append(fmt::format("scale {}", *asked_for.scale));
    return text;
  }
  // nullopt: the type is not overridden.
  [[nodiscard]] std::optional<PhysicalType> resolve_type(const ColumnOverride& asked_for) const {
    const auto& own = column_.type;
    const bool of_decimal = asked_for.data_type ? *asked_for.data_type == "decimal" : own.layout == Layout::decimal;
    if (of_decimal) return decimal_type(asked_for);
    if (asked_for.data_type && *asked_for.data_type == "bigint") return integer_type(asked_for);
    if (asked_for.precision || asked_for.scale) refuse(text_of(asked_for), fmt::format("the column is {}", type_));
    if (!asked_for.data_type) return std::nullopt;
    if (names_layout(*asked_for.data_type, own.layout) || type_upper(*asked_for.data_type) == type_upper(type_))
      return own;
    if (*asked_for.data_type == "text") return plain(Layout::utf8);
    if (*asked_for.data_type == "double") return plain(Layout::float64);
    for (const auto layout : wide_layouts) {
      if (type_upper(*asked_for.data_type) == type_upper(destination_.type_name(plain(layout)))) return plain(layout);
    }
    int precision = 0;
    int scale = 0;
    if (std::sscanf(type_upper(*asked_for.data_type).c_str(), "DECIMAL(%2d,%2d)", &precision, &scale) == 2) {
      return decimal_type({.precision = precision, .scale = scale});
    }
    refuse(text_of(asked_for), fmt::format("the source's type is kept as {}", type_));
  }
  [[nodiscard]] std::optional<PhysicalType> decimal_type(const ColumnOverride& asked_for) const {
    if (!asked_for.precision && !asked_for.scale && column_.type.layout == Layout::decimal) {
      return asked_for.data_type ? std::optional(column_.type) : std::nullopt;
    }
    const bool is_decimal = column_.type.layout == Layout::decimal;
    const int scale = asked_for.scale.value_or(is_decimal ? column_.type.scale : 0);
    const int precision = asked_for.precision.value_or(max_decimal_precision);
    if (precision < 1 || precision > max_decimal_precision || scale < 0 || scale > precision) {
      refuse(text_of(asked_for),
             fmt::format("a decimal has 1 to {} digits, and no more of them after the point", max_decimal_precision));
    }
    return decimal(precision, scale);
  }
  // As in dlt: 64 bits, or the number of bits that `precision` gives.
  [[nodiscard]] std::optional<PhysicalType> integer_type(const ColumnOverride& asked_for) const {
    if (asked_for.scale) refuse(text_of(asked_for), "an integer has no scale");
    switch (asked_for.precision.value_or(64)) {
      case 16:
        return plain(Layout::int16);
      case 32:
        return plain(Layout::int32);
      case 64:
        return plain(Layout::int64);
      default:
        refuse(text_of(asked_for), "an integer has 16, 32 or 64 bits");
    }
  }
  void check_zone(const ColumnOverride& asked_for) const {
    const bool has_zone = column_.type.layout == Layout::timestamp_tz || column_.type.layout == Layout::time_tz;
    if (asked_for.timezone && *asked_for.timezone != has_zone) {
      refuse(fmt::format("timezone {}", *asked_for.timezone), fmt::format("the column is {}", type_));
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
      refuse(fmt::format("name \"{}\"", name), "that is not a name for a column");
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

// Whether the source's column has changed since the table was copied.
bool was_altered(const std::string& name, const ColumnSchema* now, const TableSchema* former) {
  const auto* before = former == nullptr ? nullptr : former->find(name);
  if (before == nullptr) return false;
  return now == nullptr || now->type_oid != before->type_oid || now->typmod != before->typmod;
}

void pass_over(PassedOver passed_over, const std::string& table, const std::string& column, const std::string& why) {
  if (passed_over == PassedOver::is_silent) return;
  spdlog::warn("table {}: the override of column \"{}\" is ignored: {}", table, column, why);
}

const destination::OutputRecord* find_record(const std::vector<destination::OutputRecord>& records,
                                             const TableOverrides& table) {
  const auto found = std::ranges::find_if(records, [&table](const destination::OutputRecord& record) {
    return record.name == table.name && (table.schema.empty() || record.schema == table.schema);
  });
  return found == records.end() ? nullptr : &*found;
}

bool is_left_out(const postgres::Publication& publication, const TableOverrides& table) {
  return std::ranges::any_of(publication.left_out, [&table](const postgres::LeftOutTable& each) {
    return each.name == table.name && (table.schema.empty() || each.schema == table.schema);
  });
}

}  // namespace

ResolvedOverrides resolve_overrides(const TableSchema& table, const ColumnOverrides& overrides,
                                    const destination::Destination& destination, const TableSchema* former,
                                    PassedOver passed_over) {
  ResolvedOverrides all;
  const auto full_name = table.schema + "." + table.name;
  std::map<std::string, std::string> named;  // requested name → the column that has it
  for (const auto& column : table.columns) {
    const auto asked_for = overrides.find(column.name);
    const bool renamed =
        asked_for != overrides.end() && asked_for->second.name && *asked_for->second.name != column.name;
    if (!renamed) named[upper(column.name)] = column.name;
  }
  for (const auto& [name, asked_for] : overrides) {
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
    const OverrideResolver resolver(table, *column, destination);
    ResolvedOverride resolved;
    try {
      resolved = resolver.read(asked_for);
      if (resolved.name && *resolved.name != name) {
        const auto [taken, is_free] = named.try_emplace(upper(*resolved.name), name);
        if (!is_free) {
          resolver.refuse(fmt::format("name \"{}\"", *resolved.name),
                          fmt::format("column \"{}\" has that name in the target table", taken->second));
        }
      }
    } catch (const Error& refused) {
      if (!altered) throw;
      pass_over(passed_over, full_name, name, "it was altered in the source. " + refused.cause());
      continue;
    }
    if (resolved != ResolvedOverride{}) all.emplace(name, std::move(resolved));
  }
  return all;
}

std::vector<ResolvedTableOverrides> resolve_overrides(const std::vector<TableOverrides>& tables,
                                                      const postgres::Publication& publication,
                                                      postgres::Connection& catalog, TypeCatalog& types,
                                                      const destination::Destination& destination,
                                                      const std::vector<destination::OutputRecord>& records,
                                                      PassedOver passed_over) {
  std::vector<ResolvedTableOverrides> resolved;
  for (const auto& asked_of : tables) {
    const auto* record = find_record(records, asked_of);
    const auto found = std::ranges::find_if(publication.tables, [&](const postgres::SourceTable& table) {
      return table.name == asked_of.name && (asked_of.schema.empty() || table.schema == asked_of.schema);
    });
    if (found == publication.tables.end()) {
      // A run that names a table which left the publication, or is left out of it, continues with the others.
      if (record != nullptr || is_left_out(publication, asked_of)) continue;
      throw Error(ErrorKind::configuration,
                  fmt::format("columns: table {} is not in publication {}",
                              asked_of.schema.empty() ? asked_of.name : asked_of.schema + "." + asked_of.name,
                              publication.name),
                  "Names are exact, case counts.", {.setting = "columns", .publication = publication.name});
    }
    auto columns = resolve_overrides(
        postgres::read_table_schema(catalog, *found, types, destination.capabilities().values), asked_of.columns,
        destination, record == nullptr ? nullptr : record->columns.get(), passed_over);
    if (!columns.empty()) resolved.push_back({found->schema, found->name, std::move(columns)});
  }
  return resolved;
}

}  // namespace walbrook::replication
