#include "replication/core/table_changes.h"

#include <algorithm>
#include <utility>

namespace walbrook::replication {

TableRecord& TableChanges::edit(const SyncedTable& table) {
  return changed_.try_emplace(table.record.oid, table.record).first->second;
}

const TableRecord& TableChanges::look(const SyncedTable& table) const {
  const auto found = changed_.find(table.record.oid);
  return found == changed_.end() ? table.record : found->second;
}

void TableChanges::note_identity_altered(const SyncedTable& table, Lsn commit_lsn) {
  auto& last = notes_[table.record.oid].identity_altered_at;
  last = std::max(last, commit_lsn);
}

void TableChanges::note_variant(const SyncedTable& table, const std::string& column) {
  notes_[table.record.oid].variant_columns.insert(column);
}

void TableChanges::adopt() {
  for (auto& [oid, record] : changed_) {
    if (auto* table = sync_.find(oid)) table->record = std::move(record);
  }
  changed_.clear();
  for (auto& [oid, note] : notes_) {
    auto* table = sync_.find(oid);
    if (table == nullptr) continue;
    if (note.set_aside_at) table->set_aside_at = *note.set_aside_at;
    table->identity_altered_at = std::max(table->identity_altered_at, note.identity_altered_at);
    table->variant_columns.merge(note.variant_columns);
  }
  notes_.clear();
}

}  // namespace walbrook::replication
