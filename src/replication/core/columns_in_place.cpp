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

bool all_fit(const TableSchema& known, std::span<const RowsVersion> versions) {
  return std::ranges::all_of(
      versions, [&known](const RowsVersion& version) { return schema_diff(known, *version.schema).fits_target(); });
}

// What rows have in columns that were added since, as the catalog shows it.
std::vector<std::shared_ptr<const Column>> values_in_catalog(const ColumnLineage& lineage,
                                                             const postgres::SourceTable& source) {
  std::vector<std::shared_ptr<const Column>> values;
  for (const auto& column : lineage.columns()) {
    const auto found = source.missing.find(column.now);
    values.push_back(found == source.missing.end() ? nullptr : found->second);
  }
  return values;
}

// The same, as the first description shows it that had the column: a rewrite that follows makes it invisible.
std::vector<std::shared_ptr<const Column>> values_described(
    const ColumnLineage& lineage, std::span<const ColumnLineage::Described> described,
    std::span<const std::shared_ptr<const AlteredTable>> altered) {
  std::vector<std::shared_ptr<const Column>> values;
  for (const auto& column : lineage.columns()) {
    auto& value = values.emplace_back();
    if (!column.before.empty()) continue;
    const auto& columns = described[column.added_by].print.columns;
    const auto same = std::ranges::find(columns, column.number, &postgres::Fingerprint::Column::number);
    const auto& missing = altered[column.added_by]->missing;
    if (const auto found = missing.find(same->name); found != missing.end()) value = found->second;
  }
  return values;
}

// The numbers of the columns in the publication's column list. They stay as long as the publication does: a listed
// column cannot be dropped.
std::vector<std::int32_t> listed_columns(const postgres::SourceTable& source) {
  const auto print = postgres::parse_fingerprint(source.fingerprint);
  std::vector<std::int32_t> numbers;
  for (const auto& name : source.published_columns) {
    const auto found = std::ranges::find(print.columns, name, &postgres::Fingerprint::Column::name);
    if (found != print.columns.end()) numbers.push_back(found->number);
  }
  return numbers;
}

// A description has all columns of its table that are not generated. Returns those that are listed; nullptr: some are
// not described.
TableSchemaRef only_listed(const TableSchemaRef& described, const postgres::Fingerprint& print,
                           std::span<const std::int32_t> listed) {
  if (listed.empty()) return described;
  auto schema = *described;
  std::erase_if(schema.columns, [&](const ColumnSchema& column) {
    const auto same = std::ranges::find(print.columns, column.name, &postgres::Fingerprint::Column::name);
    return same == print.columns.end() || std::ranges::find(listed, same->number) == listed.end();
  });
  if (schema.columns.size() != listed.size()) return nullptr;
  return std::make_shared<const TableSchema>(std::move(schema));
}

}  // namespace

std::optional<Adaptation> Adaptation::to_newest(const SyncedTable& table, const OutputRecord& record,
                                                std::span<const RowsVersion> versions) {
  if (record.columns == nullptr || all_fit(*record.columns, versions)) return std::nullopt;
  auto lineage = lineage_of(table, record);
  if (!lineage) return std::nullopt;
  auto values = values_in_catalog(*lineage, table.source);
  auto adaptation = make(record, *std::move(lineage), std::move(values), versions, versions.back());
  if (adaptation) adaptation->catalog_ = table.source.fingerprint;
  return adaptation;
}

std::optional<Adaptation> Adaptation::to_described(const SyncedTable& table, const OutputRecord& record,
                                                   std::span<const RowsVersion> versions,
                                                   std::span<const std::shared_ptr<const AlteredTable>> altered) {
  if (record.columns == nullptr || record.columns->columns.empty()) return std::nullopt;
  const auto listed = listed_columns(table.source);
  std::vector<TableSchemaRef> copied;
  std::vector<ColumnLineage::Described> described;
  auto fingerprint = record.fingerprint;
  for (const auto& each : altered) {
    if (each->schema->oid != table.record.oid) return std::nullopt;
    fingerprint = postgres::with_description(fingerprint, each->description);
    auto print = postgres::parse_fingerprint(fingerprint);
    copied.push_back(only_listed(each->schema, print, listed));
    if (copied.back() == nullptr) return std::nullopt;
    described.push_back({.print = std::move(print), .columns = copied.back().get()});
  }
  auto lineage = ColumnLineage::through(postgres::parse_fingerprint(record.fingerprint), *record.columns, described);
  if (!lineage) return std::nullopt;
  auto values = values_described(*lineage, described, altered);
  RowsVersion newest{.schema = copied.back(), .descriptions = altered.size()};
  if (!versions.empty() && versions.back().descriptions == altered.size()) newest = versions.back();
  auto adaptation = make(record, *std::move(lineage), std::move(values), versions, newest);
  if (adaptation) adaptation->fingerprint_ = std::move(fingerprint);
  return adaptation;
}

std::optional<Adaptation> Adaptation::make(const OutputRecord& record, ColumnLineage lineage, Values values,
                                           std::span<const RowsVersion> versions, const RowsVersion& newest) {
  auto places = lineage.find(*newest.schema, newest.descriptions);
  if (!places) return std::nullopt;
  Adaptation adaptation(std::move(lineage), newest.schema, *std::move(places), std::move(values));
  adaptation.fingerprint_ = record.fingerprint;
  const auto fits = [&adaptation](const RowsVersion& version) { return adaptation.takes(version); };
  if (!adaptation.plan(record) || !std::ranges::all_of(versions, fits)) return std::nullopt;
  for (const auto& version : versions) adaptation.note_names(version);
  return adaptation;
}

bool Adaptation::adds_empty_columns() const {
  const bool is_alone = alteration_.renamed.empty() && alteration_.widened.empty() && alteration_.values.empty();
  const auto print = postgres::parse_fingerprint(fingerprint_);
  return is_alone && static_cast<std::size_t>(print.attributes) == print.columns.size();
}

const ColumnSchema* Adaptation::column_at(std::size_t place) const {
  const auto found = std::ranges::find(places_, place);
  return found == places_.end() ? nullptr : &columns_->columns[static_cast<std::size_t>(found - places_.begin())];
}

// Every value of the version's columns is one of the target's, or of a column that the target does not need: not the
// one by which the row is found.
bool Adaptation::takes(const RowsVersion& version) const {
  const auto places = lineage_.find(*version.schema, version.descriptions);
  if (!places) return false;
  for (std::size_t i = 0; i < places->size(); ++i) {
    const auto& column = version.schema->columns[i];
    const auto* now = column_at((*places)[i]);
    if (now != nullptr && !is_widened(column.type, now->type)) return false;
    const bool is_left_out = name_in_target((*places)[i]).empty();
    if (is_left_out && column.in_key && version.schema->identity != ReplicaIdentity::full) return false;
  }
  return true;
}

// A column that was dropped keeps its name in the target, unless another one has it now.
std::string Adaptation::name_in_target(std::size_t place) const {
  if (const auto* now = column_at(place)) return now->name;
  const auto& before = lineage_.columns()[place].before;
  return columns_->find(before) == nullptr ? before : std::string();
}

// Returns false if only a new copy brings the target to columns_.
bool Adaptation::plan(const OutputRecord& record) {
  for (std::size_t place = 0; place < lineage_.columns().size(); ++place) {
    const auto& column = lineage_.columns()[place];
    const auto* now = column_at(place);
    if (now == nullptr) continue;
    const auto* before = column.before.empty() ? nullptr : record.columns->find(column.before);
    if (before == nullptr) {
      const auto& value = values_[place];
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

void Adaptation::note_names(const RowsVersion& version) {
  const auto places = lineage_.find(*version.schema, version.descriptions);
  for (std::size_t i = 0; i < places->size(); ++i) {
    const auto name = name_in_target((*places)[i]);
    if (!name.empty()) names_now_[version.schema->columns[i].name].insert(name);
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
  record.columns = columns_;
  record.fingerprint = fingerprint_;
  if (catalog_.empty()) return;
  std::vector<postgres::ColumnSeen> seen;
  for (std::size_t i = 0; i < places_.size(); ++i) {
    const auto& column = columns_->columns[i];
    seen.push_back({.number = lineage_.columns()[places_[i]].number,
                    .name = column.name,
                    .type = column.type_oid,
                    .typmod = column.typmod});
  }
  record.fingerprint = postgres::with_columns(fingerprint_, catalog_, seen);
}

std::optional<RowBatch> Adaptation::adapted(const RowBatch& rows, std::size_t descriptions) const {
  const auto places = lineage_.find(*rows.schema, descriptions);
  if (!places) return std::nullopt;
  auto schema = *rows.schema;
  schema.columns.clear();
  std::vector<ColumnOrigin> origins;
  for (std::size_t i = 0; i < places->size(); ++i) {
    const auto place = (*places)[i];
    const auto name = name_in_target(place);
    if (name.empty()) continue;
    const auto* now = column_at(place);
    auto& column = schema.columns.emplace_back(now != nullptr ? *now : rows.schema->columns[i]);
    column.name = name;
    column.in_key = rows.schema->columns[i].in_key;
    origins.push_back({.column = i});
  }
  for (const auto place : places_) {
    if (std::ranges::find(*places, place) != places->end()) continue;
    schema.columns.push_back(*column_at(place));
    schema.columns.back().in_key = schema.identity == ReplicaIdentity::full;
    origins.push_back({.column = std::nullopt, .value = values_[place].get()});
  }
  return reshaped_rows(rows, std::make_shared<const TableSchema>(std::move(schema)), origins);
}

bool may_follow(const SyncedTable& table, const OutputRecord& record) {
  return lineage_of(table, record).has_value();
}

bool follow_catalog(const SyncedTable& table, SyncedOutput& output, std::vector<TargetAlteration>& alterations) {
  if (table.source.described == nullptr) return false;
  auto& record = output.record;
  const RowsVersion described{.schema = table.source.described};
  const auto adaptation = Adaptation::to_newest(table, record, {&described, 1});
  if (!adaptation) return false;
  if (!adaptation->alteration().empty())
    alterations.push_back({.output = record, .alteration = adaptation->alteration()});
  adaptation->adopt(record);
  record.fingerprint = table.source.fingerprint;
  spdlog::info("table {}.{} follows the columns of its source in place", record.schema, record.name);
  return true;
}

}  // namespace walbrook::replication
