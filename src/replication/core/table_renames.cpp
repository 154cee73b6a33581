#include "replication/core/table_renames.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/fault.h"

namespace walbrook::replication {
namespace {

void rename_columns_of(OutputRecord& record) {
  if (record.columns == nullptr) return;
  auto columns = *record.columns;
  columns.schema = record.schema;
  columns.name = record.name;
  record.columns = std::make_shared<const TableSchema>(std::move(columns));
}

}  // namespace

bool TableRenames::can_follow(const postgres::SourceTable& table) const {
  const auto* known = tables_.find(table.oid);
  if (known == nullptr || moves_ == destination::Moves::none) return false;
  if (known->record.schema == table.schema && known->record.name == table.name) return false;
  const auto defined = outputs_.defined({.oid = table.oid, .schema = table.schema, .name = table.name});
  return std::ranges::all_of(known->outputs, [&](const SyncedOutput& output) {
    const auto found = std::ranges::find(defined, output.record.role, &OutputDefinition::role);
    if (found == defined.end() || found->disposition != output.record.disposition) return false;
    return moves_ == destination::Moves::everywhere || output.record.columns == nullptr ||
           outputs_.schema_for(table.schema, *found) == output.record.target_schema;
  });
}

Renames TableRenames::rename(std::span<const postgres::SourceTable* const> tables) {
  Renames renames;
  std::vector<TableRecord> names;
  for (const auto* table : tables) {
    for (const auto& output : tables_.find(table->oid)->outputs) outputs_.free_name(output);
    names.push_back({.oid = table->oid, .schema = table->schema, .name = table->name});
  }
  tables_.rename(names);
  for (const auto& name : names) {
    auto& table = *tables_.find(name.oid);
    for (auto& output : table.outputs) rename_output(table, output, renames);
    renames.tables.push_back(table.record);
  }
  return renames;
}

void TableRenames::rename_output(SyncedTable& table, SyncedOutput& output, Renames& renames) {
  auto& record = output.record;
  renames.former.push_back(record);
  const auto former = record.target();
  for (const auto& definition : outputs_.defined(table.record)) {
    if (definition.role == record.role) output.dataset = outputs_.dataset_of(definition);
  }
  record.schema = table.record.schema;
  record.name = table.record.name;
  output.moves_to.reset();
  auto target = outputs_.choose(output);
  record.target_schema = std::move(target.schema);
  record.target_name = std::move(target.table);
  rename_columns_of(record);
  spdlog::info("table {}.{} is called {}.{} now", renames.former.back().schema, renames.former.back().name,
               record.schema, record.name);
  if (record.state == OutputState::copying) {
    record.state = OutputState::pending;
    record.reason = "renamed in the source while it was copied";
    output.copied.reset();
  }
  renames.outputs.push_back(record);
  if (record.columns != nullptr && record.target() != former) renames.moves.push_back({record, former});
}

void store_renames(destination::Destination& destination, TableSync& sync, RecordChanges& changed) {
  while (!changed.renames.empty()) {
    try {
      const auto load = destination.begin({});
      changed.renames.front().put(*load);
      fault::hit("before_rename");
      load->commit();
      fault::hit("after_rename");
      changed.renames.erase(changed.renames.begin());
    } catch (const destination::TargetRefused& refused) {
      spdlog::warn("tables that were renamed are copied under their new names: {}", refused.cause());
      const auto renames = std::exchange(changed.renames, {});
      for (const auto& rename : renames) {
        for (const auto& output : rename.former) {
          std::erase_if(changed.alterations, [&](const TargetAlteration& each) { return each.output.id == output.id; });
        }
      }
      changed.add(sync.copy_renamed(renames));
    }
  }
}

}  // namespace walbrook::replication
