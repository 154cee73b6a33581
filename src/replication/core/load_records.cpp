#include "replication/core/load_records.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

namespace walbrook::replication {
namespace {

std::string json_text(const std::map<std::string, std::uint64_t>& rows) {
  return nlohmann::json(rows).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

destination::LoadRecord load_record(std::int64_t id, const CommitBatch& batch, const BatchApply& applied,
                                    TableSync& sync, WallTime started) {
  const auto& counts = applied.counts();
  std::map<std::string, std::uint64_t> rows;
  for (const auto& [output, each] : applied.output_counts()) {
    const auto& record = sync.find(output).output->record;
    auto& of_table = rows[record.schema + "." + record.name];  // a change that went to several outputs counts once
    of_table = std::max(of_table, each.inserts + each.updates + each.deletes);
  }
  return {.id = id,
          .first_commit = batch.transactions.front().commit_lsn,
          .last_commit = batch.transactions.back().commit_lsn,
          .transactions = batch.transactions.size(),
          .inserts = counts.inserts,
          .updates = counts.updates,
          .deletes = counts.deletes,
          .truncates = counts.truncates,
          .started = started,
          .tables = json_text(rows)};
}

destination::LoadRecord load_record(std::int64_t id, const PartResult& part, const OutputRecord& output,
                                    WallTime started) {
  return {.id = id,
          .first_commit = {},
          .last_commit = part.consistent_point,
          .copied_rows = part.copied_rows,
          .started = started,
          .tables = json_text({{output.schema + "." + output.name, part.copied_rows}})};
}

void CopyLoads::begin(std::int64_t load_id, WallTime now, const std::map<Oid, SyncedTable>& tables) {
  std::set<std::int64_t> in_use;
  for (const auto& [oid, table] : tables) {
    for (const auto& output : table.outputs) {
      if (output.record.state == OutputState::copying) in_use.insert(output.record.load_id);
    }
  }
  std::erase_if(copies_, [&in_use](const auto& entry) { return !in_use.contains(entry.first); });
  copies_[load_id].record = {.id = load_id, .first_commit = {}, .last_commit = {}, .started = now, .tables = {}};
}

void CopyLoads::add(const SyncedOutput& output, const BatchApply& swapped_in) {
  const auto& counts = swapped_in.counts();
  if (copies_no_rows(output.record) && swapped_in.output_counts().empty()) return;
  auto& copies = copies_[output.record.load_id];
  auto& record = copies.record;
  record.last_commit = std::max(record.last_commit, *output.copied);
  record.copied_rows += output.copied_rows;
  record.inserts += counts.inserts;
  record.updates += counts.updates;
  record.deletes += counts.deletes;
  record.truncates += counts.truncates;
  copies.rows[output.record.schema + "." + output.record.name] =
      output.copied_rows + counts.inserts + counts.updates + counts.deletes;
  copies.changed = true;
}

std::vector<destination::LoadRecord> CopyLoads::take_changed() {
  std::vector<destination::LoadRecord> changed;
  for (auto& [id, copies] : copies_) {
    if (!copies.changed) continue;
    copies.changed = false;
    copies.record.tables = json_text(copies.rows);
    changed.push_back(copies.record);
  }
  return changed;
}

}  // namespace walbrook::replication
