#include "postgres/catalog/table_description.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace walbrook::postgres {
namespace {

bool lists_number(const nlohmann::json& numbers, const nlohmann::json& number) {
  return numbers.is_array() && std::ranges::find(numbers, number) != numbers.end();
}

void read_columns(const nlohmann::json& json, TableDescription& table) {
  table.identity = json.at("identity").get<std::string>().at(0);
  const bool by_all = table.identity == 'f';
  if (json.at("columns").is_array()) {
    for (const auto& column : json.at("columns")) {
      if (lists_number(json.at("generated"), column.at(0))) continue;
      table.columns.push_back({.name = column.at(1),
                               .type = column.at(2),
                               .typmod = column.at(3),
                               .in_key = by_all || lists_number(json.at("key"), column.at(0))});
    }
  }
  if (json.at("missing").is_object()) {
    for (const auto& [column, text] : json.at("missing").items()) table.missing.emplace(column, text);
  }
}

}  // namespace

TableDescription parse_description(std::string_view content) {
  try {
    const auto json = nlohmann::json::parse(content);
    TableDescription table;
    if (json.contains("rewritten")) {
      table.kind = TableDescription::Kind::rewritten;
      table.table = json.at("rewritten");
    } else if (json.contains("undescribed")) {
      table.kind = TableDescription::Kind::undescribed;
      table.table = json.at("undescribed");
    } else {
      table.table = json.at("table");
      read_columns(json, table);
    }
    table.schema = json.at("schema");
    table.name = json.at("name");
    return table;
  } catch (const std::exception& failed) {  // nlohmann's exceptions, and an identity without a letter
    throw Error(
        ErrorKind::protocol, fmt::format("a message of walbrook's event triggers cannot be read: {}", failed.what()),
        "Another program sends messages with the prefix \"walbrook.ddl\", or another version of walbrook created the "
        "event triggers: drop them, and let a run create them again.");
  }
}

}  // namespace walbrook::postgres
