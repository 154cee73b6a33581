#include "replication/core/target_needs.h"

#include <algorithm>

#include "model/schema_diff.h"

namespace walbrook::replication {

void TargetNeeds::add(OfRelation& relation, const TableSchemaRef& schema) {
  const auto is_same = [&schema](const TableSchemaRef& known) { return known == schema || *known == *schema; };
  if (std::ranges::none_of(relation.schemas, is_same)) relation.schemas.push_back(schema);
}

void TargetNeeds::add(const std::vector<Operation>& operations) {
  for (const auto& operation : operations) {
    const auto* batch = std::get_if<RowBatch>(&operation);
    if (batch == nullptr) continue;
    auto& relation = relations_[batch->schema->oid];
    add(relation, batch->schema);
    for (std::size_t c = 0; c < batch->columns.size(); ++c) {
      if (!batch->columns[c].overflow().empty()) relation.overflow.insert(batch->schema->columns[c].name);
    }
  }
}

void TargetNeeds::add(const TargetNeeds& others) {
  for (const auto& [oid, needs] : others.relations_) {
    auto& relation = relations_[oid];
    for (const auto& schema : needs.schemas) add(relation, schema);
    relation.overflow.insert(needs.overflow.begin(), needs.overflow.end());
  }
}

std::map<Oid, std::set<std::string>> TargetNeeds::overflow_columns(TableSync& sync) const {
  std::map<Oid, std::set<std::string>> columns;
  for (const auto& [oid, needs] : relations_) {
    const auto* table = needs.overflow.empty() ? nullptr : sync.find_by_relation(oid);
    if (table != nullptr) columns[table->record.oid].insert(needs.overflow.begin(), needs.overflow.end());
  }
  return columns;
}

template <class Visit>
void TargetNeeds::for_each_streaming(TableSync& sync, const Visit& visit) const {
  for (const auto& [oid, needs] : relations_) {
    const auto* table = sync.find_by_relation(oid);
    if (table == nullptr) continue;
    for (const auto& output : table->outputs) {
      const auto& record = output.record;
      if (record.state == OutputState::streaming && record.columns != nullptr) visit(*table, record, needs);
    }
  }
}

std::map<OutputId, TableSchemaRef> TargetNeeds::new_columns(TableSync& sync) const {
  std::map<OutputId, TableSchemaRef> columns;
  for_each_streaming(sync, [&](const SyncedTable&, const OutputRecord& record, const OfRelation& needs) {
    if (!record.changes_only) return;
    for (const auto& schema : needs.schemas) {
      const auto diff = schema_diff(*record.columns, *schema);
      if (!diff.fits_target() && diff.keeps_common_columns()) columns[record.id] = schema;
    }
  });
  return columns;
}

Adaptations TargetNeeds::adaptations(TableSync& sync) const {
  Adaptations adaptations;
  for_each_streaming(sync, [&](const SyncedTable& table, const OutputRecord& record, const OfRelation& needs) {
    const auto fits = [&record](const TableSchemaRef& schema) {
      return schema_diff(*record.columns, *schema).fits_target();
    };
    if (std::ranges::all_of(needs.schemas, fits)) return;  // parsing fingerprints takes time
    const auto kind = sync.judge_columns(table, record);
    if (kind != Suspicion::Kind::in_place && kind != Suspicion::Kind::none) return;
    if (auto found = Adaptation::to_newest(table, record, needs.schemas)) {
      adaptations.emplace(record.id, *std::move(found));
    }
  });
  return adaptations;
}

}  // namespace walbrook::replication
