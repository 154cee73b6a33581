#include "destination/schema_versions.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace walbrook::destination {

std::vector<SchemaVersion> schema_versions_of(const OutputRecord& record, Lsn checkpoint) {
  std::vector<SchemaVersion> versions;
  if (record.columns == nullptr) return versions;
  for (const auto& [columns, commit_lsn] : record.altered) {
    versions.push_back(
        {.schema = columns->schema, .name = columns->name, .columns = to_json(*columns), .since = commit_lsn});
  }
  auto columns = to_json(*record.columns);
  if (record.state == OutputState::removed) {
    auto json = nlohmann::json::parse(columns);
    json["removed"] = true;
    columns = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }
  // The rows that follow the last command may have been described in other words.
  if (!versions.empty() && record.state != OutputState::removed) {
    versions.back().columns = std::move(columns);
    return versions;
  }
  versions.push_back({.schema = record.schema,
                      .name = record.name,
                      .columns = std::move(columns),
                      .since = std::max(checkpoint, record.snapshot_lsn)});
  return versions;
}

bool says_removed(const std::string& columns) {
  return nlohmann::json::parse(columns).contains("removed");
}

}  // namespace walbrook::destination
