#include "destination/selection.h"

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace walbrook::destination {

std::string selection_to_json(const std::vector<SelectedTable>& tables) {
  if (tables.empty()) return {};
  auto document = nlohmann::ordered_json::array();
  for (const auto& table : tables) {
    nlohmann::ordered_json entry = {{"schema", table.schema}, {"name", table.name}};
    if (!table.columns.empty()) entry["columns"] = table.columns;
    document.push_back(std::move(entry));
  }
  return document.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::vector<SelectedTable> selection_from_json(std::string_view json) {
  std::vector<SelectedTable> tables;
  if (json.empty()) return tables;
  try {
    for (const auto& entry : nlohmann::json::parse(json)) {
      tables.push_back({.schema = entry.at("schema"),
                        .name = entry.at("name"),
                        .columns = entry.value("columns", std::vector<std::string>())});
    }
  } catch (const nlohmann::json::exception& failed) {
    throw Error(ErrorKind::destination, "the stored selection of tables cannot be read: " + std::string(failed.what()),
                "The state was written by another version of walbrook or changed by hand.");
  }
  return tables;
}

}  // namespace walbrook::destination
