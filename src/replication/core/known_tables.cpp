#include "replication/core/known_tables.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace walbrook::replication {
namespace {

std::string name_key(const std::string& schema, const std::string& name) {
  return schema + '\0' + name;
}

}  // namespace

SyncedTable* KnownTables::find(Oid oid) {
  const auto found = tables_.find(oid);
  return found == tables_.end() ? nullptr : &found->second;
}

const SyncedTable* KnownTables::find(Oid oid) const {
  const auto found = tables_.find(oid);
  return found == tables_.end() ? nullptr : &found->second;
}

SyncedTable* KnownTables::find(const std::string& schema, const std::string& name) {
  const auto found = by_name_.find(name_key(schema, name));
  return found == by_name_.end() ? nullptr : find(found->second);
}

FoundOutput KnownTables::find(OutputId output) {
  const auto found = by_output_.find(output.value);
  if (found == by_output_.end()) return {};
  auto& table = tables_.at(found->second);
  const auto at = std::ranges::find(table.outputs, output, [](const SyncedOutput& each) { return each.record.id; });
  return {.table = &table, .output = &*at};
}

SyncedTable& KnownTables::add(TableRecord record) {
  const Oid oid = record.oid;
  by_name_[name_key(record.schema, record.name)] = oid;
  const auto [added, is_new] = tables_.try_emplace(oid);
  WALBROOK_CHECK(is_new, "two tables have OID {}", oid);
  added->second.record = std::move(record);
  return added->second;
}

SyncedOutput& KnownTables::add_output(SyncedTable& table, OutputRecord record) {
  const bool is_new = by_output_.try_emplace(record.id.value, table.record.oid).second;
  WALBROOK_CHECK(is_new, "two outputs have id {}", record.id.value);
  auto& output = table.outputs.emplace_back();
  output.record = std::move(record);
  return output;
}

void KnownTables::renumber(SyncedTable& table, Oid oid) {
  auto node = tables_.extract(table.record.oid);
  node.key() = oid;
  node.mapped().record.oid = oid;
  for (auto& output : node.mapped().outputs) {
    output.record.source = oid;
    by_output_[output.record.id.value] = oid;
  }
  by_name_[name_key(table.record.schema, table.record.name)] = oid;
  WALBROOK_CHECK(tables_.insert(std::move(node)).inserted, "two tables have OID {}", oid);
}

void KnownTables::rename(std::span<const TableRecord> names) {
  for (const auto& name : names) {
    const auto& record = tables_.at(name.oid).record;
    by_name_.erase(name_key(record.schema, record.name));
  }
  for (const auto& name : names) {
    auto& record = tables_.at(name.oid).record;
    record.schema = name.schema;
    record.name = name.name;
    const bool is_free = by_name_.try_emplace(name_key(name.schema, name.name), name.oid).second;
    WALBROOK_CHECK(is_free, "two tables are called {}.{}", name.schema, name.name);
  }
}

void KnownTables::remove(Oid oid) {
  const auto found = tables_.find(oid);
  if (found == tables_.end()) return;
  const auto name = by_name_.find(name_key(found->second.record.schema, found->second.record.name));
  if (name != by_name_.end() && name->second == oid) by_name_.erase(name);
  for (const auto& output : found->second.outputs) by_output_.erase(output.record.id.value);
  tables_.erase(found);
}

destination::State KnownTables::state() const {
  destination::State state;
  for (const auto& [oid, table] : tables_) {
    state.tables.push_back(table.record);
    for (const auto& output : table.outputs) state.outputs.push_back(output.record);
  }
  return state;
}

}  // namespace walbrook::replication
