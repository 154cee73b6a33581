#include "api/schema_changes.h"

#include <algorithm>
#include <utility>

#include "model/same_table.h"
#include "model/schema_diff.h"

namespace walbrook::api {
namespace {

using destination::OutputRecord;
using destination::OutputState;
using Kind = SchemaChange::Kind;

const OutputRecord* same_table(const std::vector<OutputRecord>& records, const OutputRecord& record) {
  const auto found = std::ranges::find_if(records, [&record](const OutputRecord& each) {
    return means_same_table(each, record) && each.has_source() == record.has_source() && each.role == record.role;
  });
  return found == records.end() ? nullptr : &*found;
}

void compare_columns(const std::string& table, const TableSchema& before, const TableSchema& now,
                     const destination::Destination& destination, std::vector<SchemaChange>& changes) {
  for (const auto& [kind, column] : schema_diff(before, now).columns) {
    SchemaChange change{.kind = Kind::column_dropped, .table = table, .column = column, .type = {}};
    if (kind != ColumnChange::Kind::dropped) {
      const auto& type = now.find(column)->type;
      if (kind == ColumnChange::Kind::altered && before.find(column)->type == type) continue;  // the same values fit
      change.kind = kind == ColumnChange::Kind::added ? Kind::column_added : Kind::column_changed;
      change.type = destination.type_name(type);
    }
    changes.push_back(std::move(change));
  }
}

}  // namespace

std::vector<SchemaChange> schema_changes(const std::vector<OutputRecord>& before, const std::vector<OutputRecord>& now,
                                         const destination::Destination& destination) {
  std::vector<SchemaChange> changes;
  for (const auto& record : now) {
    const auto table = record.schema + "." + record.name;
    const auto* known = same_table(before, record);
    const bool was_there = known != nullptr && known->columns != nullptr && known->state != OutputState::removed;
    const bool is_there = record.columns != nullptr && record.state != OutputState::removed;
    if (was_there && !is_there) {
      changes.push_back({.kind = Kind::table_removed, .table = table, .column = {}, .type = {}});
    } else if (is_there && !was_there) {
      changes.push_back({.kind = Kind::table_added, .table = table, .column = {}, .type = {}});
    } else if (is_there) {
      compare_columns(table, *known->columns, *record.columns, destination, changes);
    }
  }
  return changes;
}

}  // namespace walbrook::api
