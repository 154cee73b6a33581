#include "replication/core/target_needs.h"

#include <algorithm>

#include "model/schema_diff.h"

namespace walbrook::replication {

std::set<std::string> overflow_columns_of(const RowBatch& batch) {
  std::set<std::string> names;
  for (std::size_t c = 0; c < batch.columns.size(); ++c) {
    if (!batch.columns[c].overflow().empty()) names.insert(batch.schema->columns[c].name);
  }
  return names;
}

void TargetNeeds::add(const std::vector<Operation>& operations) {
  for (const auto& operation : operations) add(operation);
}

void TargetNeeds::add(const Operation& operation) {
  if (const auto* batch = std::get_if<RowBatch>(&operation)) {
    add_rows(batch->schema, overflow_columns_of(*batch));
  } else if (const auto* altered = std::get_if<AlteredTable>(&operation)) {
    add(std::make_shared<const AlteredTable>(*altered));
  }
}

void TargetNeeds::add_rows(const TableSchemaRef& schema, const std::set<std::string>& overflow) {
  auto& relation = relations_[schema->oid];
  relation.overflow.insert(overflow.begin(), overflow.end());
  const RowsVersion version{.schema = schema, .descriptions = relation.altered.size()};
  const auto is_same = [&version](const RowsVersion& known) {
    return known.descriptions == version.descriptions &&
           (known.schema == version.schema || *known.schema == *version.schema);
  };
  if (std::ranges::none_of(relation.versions, is_same)) relation.versions.push_back(version);
}

void TargetNeeds::add(std::shared_ptr<const AlteredTable> altered) {
  relations_[altered->schema->oid].altered.push_back(std::move(altered));
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
    for (const auto& version : needs.versions) {
      const auto diff = schema_diff(*record.columns, *version.schema);
      if (!diff.fits_target() && diff.keeps_common_columns()) columns[record.id] = version.schema;
    }
  });
  return columns;
}

std::optional<Adaptation> TargetNeeds::adaptation(const TableSync& sync, const SyncedTable& table,
                                                  const OutputRecord& record, const OfRelation& needs) {
  if (!needs.altered.empty() && sync.is_described(table, record)) {
    auto found = Adaptation::to_described(table, record, needs.versions, needs.altered);
    if (found && (sync.alters_columns() || found->adds_empty_columns())) return found;
  }
  const auto fits = [&record](const RowsVersion& version) {
    return schema_diff(*record.columns, *version.schema).fits_target();
  };
  if (std::ranges::all_of(needs.versions, fits)) return std::nullopt;  // parsing fingerprints takes time
  const auto kind = sync.judge_columns(table, record);
  if (kind != Suspicion::Kind::in_place && kind != Suspicion::Kind::none) return std::nullopt;
  return Adaptation::to_newest(table, record, needs.versions);
}

std::optional<Adaptation> TargetNeeds::adaptation(const TableSync& sync, const SyncedTable& table,
                                                  const OutputRecord& record) const {
  for (const auto& [oid, needs] : relations_) {
    if (auto found = adaptation(sync, table, record, needs)) return found;
  }
  return std::nullopt;
}

Adaptations TargetNeeds::adaptations(TableSync& sync) const {
  Adaptations adaptations;
  for_each_streaming(sync, [&](const SyncedTable& table, const OutputRecord& record, const OfRelation& needs) {
    if (auto found = adaptation(sync, table, record, needs)) adaptations.emplace(record.id, *std::move(found));
  });
  return adaptations;
}

}  // namespace walbrook::replication
