#include "replication/core/columns_in_place.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "model/reshaped_rows.h"
#include "model/schema_diff.h"
#include "postgres/catalog/fingerprint.h"

namespace walbrook::replication {
namespace {

using postgres::ColumnLineage;

// The columns of partitions have the order of their root's, if the publication publishes them by it. The target of a
// table without columns has a column that no source has.
std::optional<ColumnLineage> lineage_of(const SyncedTable& table, const OutputRecord& record) {
  if (record.columns == nullptr || record.columns->columns.empty() || record.fingerprint.empty()) return std::nullopt;
  const auto before = postgres::parse_fingerprint(record.fingerprint);
  const auto now = postgres::parse_fingerprint(table.source.fingerprint);
  const bool has_partitions = !before.members.empty() || !now.members.empty();
  if (has_partitions && !(before.via_root && now.via_root)) return std::nullopt;
  return ColumnLineage::between(before, now, *record.columns, table.source.columns);
}

bool all_fit(const TableSchema& known, const std::vector<TableSchemaRef>& versions) {
  return std::ranges::all_of(
      versions, [&known](const TableSchemaRef& version) { return schema_diff(known, *version).fits_target(); });
}

}  // namespace

std::optional<Adaptation> Adaptation::to_newest(const SyncedTable& table, const OutputRecord& record,
                                                const std::vector<TableSchemaRef>& versions) {
  if (record.columns == nullptr || all_fit(*record.columns, versions)) return std::nullopt;
  auto lineage = lineage_of(table, record);
  if (!lineage) return std::nullopt;
  std::optional<std::vector<std::size_t>> places;
  for (const auto& version : versions) {
    places = lineage->find(*version);
    if (!places) return std::nullopt;
  }
  Adaptation adaptation(table, *std::move(lineage), versions.back(), *std::move(places));
  if (!adaptation.plan(record)) return std::nullopt;
  for (const auto& version : versions) adaptation.note_names(*version);
  return adaptation;
}

const ColumnSchema* Adaptation::column_at(std::size_t place) const {
  const auto found = std::ranges::find(places_, place);
  return found == places_.end() ? nullptr : &columns_->columns[static_cast<std::size_t>(found - places_.begin())];
}

const Column* Adaptation::value_in_old_rows(std::size_t place) const {
  const auto found = table_->source.missing.find(lineage_.columns()[place].now);
  return found == table_->source.missing.end() ? nullptr : found->second.get();
}

// Returns false if only a new copy brings the target to columns_.
bool Adaptation::plan(const OutputRecord& record) {
  for (std::size_t place = 0; place < lineage_.columns().size(); ++place) {
    const auto& column = lineage_.columns()[place];
    const auto* now = column_at(place);
    if (now == nullptr) continue;
    const auto* before = column.before.empty() ? nullptr : record.columns->find(column.before);
    if (before == nullptr) {
      const auto* value = value_in_old_rows(place);
      if (column.has_value && (value == nullptr || !is_widened(value->type(), now->type))) return false;
      alteration_.columns.push_back(*now);
      if (value != nullptr) {
        alteration_.values[now->name] = std::make_shared<const Column>(widened(*value, now->type));
      }
      continue;
    }
    if (before->name != now->name) {
      alteration_.renamed.push_back({.from = before->name, .to = *now});
    } else if (before->target != now->target) {
      return false;
    }
    if (before->type == now->type) continue;
    if (!is_widened(before->type, now->type)) return false;
    alteration_.widened.push_back(*now);
  }
  alteration_.replaces_dropped = !alteration_.columns.empty();
  return true;
}

void Adaptation::note_names(const TableSchema& version) {
  const auto places = lineage_.find(version);
  for (std::size_t i = 0; i < places->size(); ++i) {
    const auto* now = column_at((*places)[i]);
    names_now_[version.columns[i].name].insert(now == nullptr ? version.columns[i].name : now->name);
  }
}

std::set<std::string> Adaptation::names_now(const std::set<std::string>& names) const {
  std::set<std::string> now;
  for (const auto& name : names) {
    if (const auto found = names_now_.find(name); found != names_now_.end()) {
      now.insert(found->second.begin(), found->second.end());
    }
  }
  return now;
}

void Adaptation::adopt(OutputRecord& record) const {
  std::vector<postgres::ColumnSeen> seen;
  for (std::size_t i = 0; i < places_.size(); ++i) {
    const auto& column = columns_->columns[i];
    seen.push_back({.number = lineage_.columns()[places_[i]].number,
                    .name = column.name,
                    .type = column.type_oid,
                    .typmod = column.typmod});
  }
  record.fingerprint = postgres::with_columns(record.fingerprint, table_->source.fingerprint, seen);
  record.columns = columns_;
}

std::optional<RowBatch> Adaptation::adapted(const RowBatch& rows) const {
  const auto places = lineage_.find(*rows.schema);
  if (!places) return std::nullopt;
  auto schema = *rows.schema;
  std::vector<ColumnOrigin> origins;
  for (std::size_t i = 0; i < places->size(); ++i) {
    auto& column = schema.columns[i];
    if (const auto* now = column_at((*places)[i])) {
      const bool in_key = std::exchange(column, *now).in_key;
      column.in_key = in_key;
    }
    origins.push_back({.column = i});
  }
  for (const auto place : places_) {
    if (std::ranges::find(*places, place) != places->end()) continue;
    schema.columns.push_back(*column_at(place));
    schema.columns.back().in_key = schema.identity == ReplicaIdentity::full;
    origins.push_back({.column = std::nullopt, .value = value_in_old_rows(place)});
  }
  return reshaped_rows(rows, std::make_shared<const TableSchema>(std::move(schema)), origins);
}

bool may_follow(const SyncedTable& table, const OutputRecord& record) {
  return lineage_of(table, record).has_value();
}

bool follow_catalog(const SyncedTable& table, SyncedOutput& output, std::vector<TargetAlteration>& alterations) {
  if (table.source.described == nullptr) return false;
  auto& record = output.record;
  const auto adaptation = Adaptation::to_newest(table, record, {table.source.described});
  if (!adaptation) return false;
  if (!adaptation->alteration().empty())
    alterations.push_back({.output = record, .alteration = adaptation->alteration()});
  adaptation->adopt(record);
  record.fingerprint = table.source.fingerprint;
  spdlog::info("table {}.{} follows the columns of its source in place", record.schema, record.name);
  return true;
}

}  // namespace walbrook::replication
