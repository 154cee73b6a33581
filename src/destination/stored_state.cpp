#include "destination/stored_state.h"

#include <map>
#include <utility>

namespace walbrook::destination {
namespace {

void compare_versions(const TableSchema& before, const TableSchema& now, const StoredSchemaChange& place,
                      std::vector<StoredSchemaChange>& changes) {
  const auto add = [&](const std::string& column, const char* what) {
    auto& change = changes.emplace_back(place);
    change.column = column;
    change.what = what;
  };
  for (const auto& column : now.columns) {
    const auto* known = before.find(column.name);
    if (known == nullptr) {
      add(column.name, "added");
    } else if (known->type != column.type) {
      add(column.name, "type changed");
    } else if (known->in_key != column.in_key) {
      add(column.name, "key changed");
    }
  }
  for (const auto& column : before.columns) {
    if (now.find(column.name) == nullptr) add(column.name, "dropped");
  }
}

}  // namespace

std::vector<StoredSchemaChange> schema_changes(const std::vector<StoredSchemaVersion>& versions) {
  std::vector<StoredSchemaChange> changes;
  std::map<std::int64_t, const StoredSchemaVersion*> newest;  // by output
  for (const auto& version : versions) {
    StoredSchemaChange place{
        .table = version.table, .column = {}, .what = {}, .since = version.since, .at = version.at};
    const auto* const before = std::exchange(newest[version.output], &version);
    const bool was_there = before != nullptr && !before->removed;
    if (version.removed) {
      if (was_there) changes.emplace_back(place).what = "removed";
      continue;
    }
    if (!was_there) {
      changes.emplace_back(place).what = "added";
      continue;
    }
    if (before->table != version.table) {
      place.table = before->table;
      changes.emplace_back(place).what = "renamed to " + version.table;
      place.table = version.table;
    }
    compare_versions(before->columns, version.columns, place, changes);
  }
  return changes;
}

}  // namespace walbrook::destination
