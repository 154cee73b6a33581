#include "replication/core/table_changes.h"

#include <algorithm>
#include <utility>

namespace walbrook::replication {

OutputRecord& TableChanges::edit(const SyncedOutput& output) {
  return outputs_.try_emplace(output.record.id, output.record).first->second;
}

TableRecord& TableChanges::edit(const SyncedTable& table) {
  return tables_.try_emplace(table.record.oid, table.record).first->second;
}

const OutputRecord& TableChanges::look(const SyncedOutput& output) const {
  const auto found = outputs_.find(output.record.id);
  return found == outputs_.end() ? output.record : found->second;
}

RecordChanges TableChanges::changed() const {
  RecordChanges changed;
  for (const auto& [oid, record] : tables_) changed.tables.push_back(record);
  for (const auto& [id, record] : outputs_) changed.outputs.push_back(record);
  return changed;
}

std::vector<OutputId> TableChanges::changed_outputs() const {
  std::vector<OutputId> changed;
  for (const auto& [id, record] : outputs_) changed.push_back(id);
  return changed;
}

void TableChanges::note_altered(const SyncedOutput& output, Lsn commit_lsn) {
  auto& last = notes_[output.record.id].altered_at;
  last = std::max(last, commit_lsn);
}

void TableChanges::note_described(const SyncedOutput& output, Lsn commit_lsn) {
  auto& last = notes_[output.record.id].described_at;
  last = std::max(last, commit_lsn);
}

void TableChanges::note_columns(const SyncedOutput& output, Lsn commit_lsn) {
  auto& last = notes_[output.record.id].columns_at;
  last = std::max(last, commit_lsn);
}

void TableChanges::adopt() {
  for (auto& [oid, record] : tables_) {
    if (auto* table = sync_.find(oid)) table->record = std::move(record);
  }
  tables_.clear();
  for (auto& [id, record] : outputs_) {
    record.altered.clear();  // stored
    if (const auto found = sync_.find(id)) found.output->record = std::move(record);
  }
  outputs_.clear();
  for (auto& [id, note] : notes_) {
    const auto found = sync_.find(id);
    if (!found) continue;
    auto& output = *found.output;
    if (note.suspended_at) output.suspended_at = *note.suspended_at;
    output.altered_at = std::max(output.altered_at, note.altered_at);
    output.described_at = std::max(output.described_at, note.described_at);
    output.columns_at = std::max(output.columns_at, note.columns_at);
    output.spooled.append(note.spooled);
  }
  notes_.clear();
}

}  // namespace walbrook::replication
