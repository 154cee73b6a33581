#include "destination/duckdb/qualified_names.h"

#include <nlohmann/json.hpp>
#include <set>
#include <string_view>
#include <vector>

#include "destination/duckdb/query_references.h"

namespace walbrook::destination::duckdb {
namespace {

using nlohmann::json;

bool has_schema_called_as_catalog(Connection& connection) {
  return !connection
              .rows(
                  "SELECT 'yes' FROM duckdb_schemas() WHERE database_name = $1 AND lower(schema_name) = lower($1) AND "
                  "NOT internal",
                  connection.database().catalog())
              .empty();
}

// Returns whether `text` begins with the schema's name, bare or in double quotes.
bool begins_with_name(std::string_view text, std::string_view name) {
  if (text.starts_with('"')) {
    const auto quoted = identifier(name);
    return text.size() >= quoted.size() && same_name(text.substr(0, quoted.size()), quoted);
  }
  return text.size() > name.size() && same_name(text.substr(0, name.size()), name);
}

// Returns the places at which an item of FROM or a function names that schema without a catalog.
std::set<std::size_t> places_of(const json& tree, std::string_view text, const std::string& schema) {
  std::set<std::size_t> places;
  std::vector<const json*> open = {&tree};
  const auto member = [](const json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  while (!open.empty()) {
    const auto& value = *open.back();
    open.pop_back();
    if (!value.is_structured()) continue;
    for (const auto& each : value) open.push_back(&each);
    if (!value.is_object()) continue;
    const bool is_relation = member(value, "type") == "BASE_TABLE";
    const auto named = member(value, is_relation ? "schema_name" : "schema");
    const auto catalog = member(value, is_relation ? "catalog_name" : "catalog");
    if (!is_relation && !value.contains("function_name")) continue;
    if (!catalog.empty() || !same_name(named, schema)) continue;
    const auto at = value.value("query_location", std::size_t{0});
    if (at < text.size() && begins_with_name(text.substr(at), schema)) places.insert(at);
  }
  return places;
}

}  // namespace

std::string with_catalog(Connection& connection, const std::string& sql) {
  if (!has_schema_called_as_catalog(connection)) return sql;
  const auto& catalog = connection.database().catalog();
  auto texts = explained_statements(sql);
  if (texts.empty()) texts = {sql};
  for (const auto text : texts) {
    const auto rows = connection.rows("SELECT json_serialize_sql($1::VARCHAR)::VARCHAR", text);
    const auto tree = json::parse(rows.at(0).at(0).value_or(""), nullptr, false);
    if (!tree.is_object() || tree.value("error", true)) continue;
    const auto begin = static_cast<std::size_t>(text.data() - sql.data());
    std::string qualified = sql;
    const auto places = places_of(tree, text, catalog);
    for (auto place = places.rbegin(); place != places.rend(); ++place) {
      qualified.insert(begin + *place, identifier(catalog) + ".");
    }
    return qualified;
  }
  return sql;
}

}  // namespace walbrook::destination::duckdb
