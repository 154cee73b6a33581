#include "model/table_schema.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace walbrook {

std::vector<std::size_t> TableSchema::key_columns() const {
  std::vector<std::size_t> key;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].in_key) key.push_back(i);
  }
  return key;
}

bool TableSchema::has_key() const {
  if (identity != ReplicaIdentity::key && identity != ReplicaIdentity::index) return false;
  return std::ranges::any_of(columns, &ColumnSchema::in_key);
}

const ColumnSchema* TableSchema::find(std::string_view column) const {
  const auto found = std::ranges::find(columns, column, &ColumnSchema::name);
  return found == columns.end() ? nullptr : &*found;
}

std::string to_json(const TableSchema& schema) {
  auto columns = nlohmann::json::array();
  for (const auto& column : schema.columns) {
    columns.push_back({{"name", column.name},
                       {"oid", column.type_oid},
                       {"typmod", column.typmod},
                       {"key", column.in_key},
                       {"type", to_string(column.type)},
                       {"binary", column.binary}});
    if (!column.target.empty()) columns.back()["target"] = column.target;
    if (column.widened) columns.back()["widened"] = true;
    if (!column.description.empty()) columns.back()["description"] = column.description;
  }
  const nlohmann::json json = {{"oid", schema.oid},
                               {"schema", schema.schema},
                               {"name", schema.name},
                               {"identity", std::string(1, static_cast<char>(schema.identity))},
                               {"columns", columns}};
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

TableSchema table_schema_from_json(std::string_view text) {
  try {
    const auto json = nlohmann::json::parse(text);
    TableSchema schema;
    schema.oid = json.at("oid");
    schema.schema = json.at("schema");
    schema.name = json.at("name");
    schema.identity = static_cast<ReplicaIdentity>(json.at("identity").get<std::string>().at(0));
    for (const auto& item : json.at("columns")) {
      schema.columns.push_back({.name = item.at("name"),
                                .target = item.value("target", ""),
                                .type_oid = item.at("oid"),
                                .typmod = item.at("typmod"),
                                .in_key = item.at("key"),
                                .type = parse_physical_type(item.at("type")),
                                .binary = item.at("binary"),
                                .description = item.value("description", ""),
                                .widened = item.value("widened", false)});
    }
    return schema;
  } catch (const std::exception& failed) {  // nlohmann's exceptions, and at() of an empty string
    throw Error(ErrorKind::destination,
                "a table's schema in the destination's state cannot be read: " + std::string(failed.what()),
                "The state was written by another version of walbrook or changed by hand.");
  }
}

}  // namespace walbrook
