#include "destination/stored_state.h"

#include <map>

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
  std::map<std::int64_t, const TableSchema*> newest;  // by output
  for (const auto& version : versions) {
    const StoredSchemaChange place{
        .table = version.table, .column = {}, .what = "added", .since = version.since, .at = version.at};
    const auto [known, is_new] = newest.try_emplace(version.output, &version.columns);
    if (is_new) {
      changes.push_back(place);
    } else {
      compare_versions(*known->second, version.columns, place, changes);
    }
    known->second = &version.columns;
  }
  return changes;
}

}  // namespace walbrook::destination
