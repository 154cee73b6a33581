// The changes of table and output records that belong to one load. Nothing of them counts before the load is durable,
// so that a load that fails leaves no trace.
//
// A load works on copies: edit() copies a record at its first change, look() returns the copy where there is one, else
// the record of TableSync. So a decision in the middle of a load (an output is suspended, or needs a new copy) holds
// for the rest of that load at once, and for everybody else after adopt(). The owner puts changed() into the load
// before it commits it.
//
// Worked: a batch has an altered column for output 7, and the commit of its load fails.
//
//   BatchApply  edit(7).state = pending; the later rows of 7 are dropped, since look(7) is pending
//   Loader      the commit fails: the TableChanges is destroyed, the record of 7 in TableSync is still `streaming`
//   Loader      applies the batch again with a new TableChanges: the same decision is made again; the commit succeeds
//   Loader      adopt(): the record of 7 is `pending`, as stored
#pragma once

#include <map>
#include <optional>

#include "replication/core/record_changes.h"
#include "replication/core/table_sync.h"

namespace walbrook::replication {

class TableChanges {
 public:
  // Borrows `sync` for its lifetime.
  explicit TableChanges(TableSync& sync) : sync_(sync) {}

  // The load's copy of the record, to be changed; at first it equals the durable record. Valid until adopt().
  OutputRecord& edit(const SyncedOutput& output);
  TableRecord& edit(const SyncedTable& table);
  // The record as this load sees it. Valid until the next edit of the same output or until adopt().
  [[nodiscard]] const OutputRecord& look(const SyncedOutput& output) const;
  // The records that this load stores.
  [[nodiscard]] RecordChanges changed() const;
  [[nodiscard]] std::vector<OutputId> changed_outputs() const;

  // The five functions below note facts that are not part of a record; adopt() passes them on to the SyncedOutput.
  // This one notes the commit that the output could not apply (SyncedOutput::suspended_at).
  void note_suspended(const SyncedOutput& output, Lsn commit_lsn) {
    notes_[output.record.id].suspended_at = commit_lsn;
  }
  // A commit that only a newer copy holds (SyncedOutput::altered_at); the last one counts.
  void note_altered(const SyncedOutput& output, Lsn commit_lsn);
  // A commit that described the table (SyncedOutput::described_at); the last one counts.
  void note_described(const SyncedOutput& output, Lsn commit_lsn);
  // A commit with rows whose columns the output follows (SyncedOutput::columns_at); the last one counts.
  void note_columns(const SyncedOutput& output, Lsn commit_lsn);
  // The columns of the changes that this load spools for the output (SyncedOutput::spooled).
  [[nodiscard]] SpooledColumns& spooled(const SyncedOutput& output) { return notes_[output.record.id].spooled; }

  // Makes the changes those of TableSync and empties this object. REQUIRES: the load is durable.
  void adopt();

 private:
  struct Note {
    std::optional<Lsn> suspended_at;
    Lsn altered_at;
    Lsn described_at;
    Lsn columns_at;
    SpooledColumns spooled;
  };

  TableSync& sync_;
  std::map<Oid, TableRecord> tables_;
  std::map<OutputId, OutputRecord> outputs_;
  std::map<OutputId, Note> notes_;
};

}  // namespace walbrook::replication
