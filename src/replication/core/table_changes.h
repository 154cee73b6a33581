// What one load changes of tables and outputs: nothing of it counts before the load is durable, so that a load that
// failed leaves no trace.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "replication/core/record_changes.h"
#include "replication/core/table_sync.h"

namespace walbrook::replication {

class TableChanges {
 public:
  // Borrows.
  explicit TableChanges(TableSync& sync) : sync_(sync) {}

  // The record to be changed; a copy of the durable one at first.
  OutputRecord& edit(const SyncedOutput& output);
  TableRecord& edit(const SyncedTable& table);
  // As this load sees it.
  [[nodiscard]] const OutputRecord& look(const SyncedOutput& output) const;
  // The records that this load stores.
  [[nodiscard]] RecordChanges changed() const;
  [[nodiscard]] std::vector<OutputId> changed_outputs() const;

  // The commit that the output could not take (SyncedOutput::suspended_at).
  void note_suspended(const SyncedOutput& output, Lsn commit_lsn) {
    notes_[output.record.id].suspended_at = commit_lsn;
  }
  // SyncedOutput::identity_altered_at, of which the last one counts.
  void note_identity_altered(const SyncedOutput& output, Lsn commit_lsn);
  // Changes that wait for the output's copy hold a value of that column that goes to its overflow column.
  void note_overflow(const SyncedOutput& output, const std::string& column);

  // The load is durable.
  void adopt();

 private:
  struct Note {
    std::optional<Lsn> suspended_at;
    Lsn identity_altered_at;
    std::set<std::string> overflow_columns;
  };

  TableSync& sync_;
  std::map<Oid, TableRecord> tables_;
  std::map<OutputId, OutputRecord> outputs_;
  std::map<OutputId, Note> notes_;
};

}  // namespace walbrook::replication
