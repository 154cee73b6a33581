// What follows for an output from what a look at the catalog shows of its table, and from how targets are configured:
// it is copied again, altered in place, marked suspect, or continues.
//
// A look is one call of TableSync::publication_seen. What it shows can be ahead of the stream (suspicion.h): such a
// difference is `undecided`, and is judged again when the stream has come as far as the catalog was.
//
// Decisions are made in the outputs that are passed; only the loader's thread uses it.
#pragma once

#include <utility>
#include <vector>

#include "replication/core/new_outputs.h"
#include "replication/core/record_changes.h"
#include "replication/core/suspicion.h"
#include "replication/core/synced_table.h"

namespace walbrook::replication {

class CatalogComparison {
 public:
  // Borrows all for its lifetime. `style` is that of target tables that are created from now on.
  CatalogComparison(const destination::TargetStyle& style, const SuspicionOptions& suspicion, NewOutputs& new_outputs)
      : style_(style), suspicion_(suspicion), new_outputs_(new_outputs) {}

  // A look begins: the catalog was read at `position`, and the checkpoint is `reached`.
  void begin_look(Lsn position, Lsn reached) {
    position_ = position;
    reached_ = reached;
  }
  void end_look() { has_looked_ = true; }
  // The checkpoint is `reached` now.
  void reach(Lsn reached) { reached_ = reached; }

  // Compares an output with its published table; `recreated`: the table has another OID than before. Returns true if
  // the record changed.
  bool adopt(SyncedTable& table, SyncedOutput& output, bool recreated);
  // Judges again what was undecided. REQUIRES: the output is streaming, and the stream has come as far as
  // SyncedOutput::undecided. Returns true if the record changed.
  bool decide(const SyncedTable& table, SyncedOutput& output) {
    return compare_with_catalog(table, output, *output.undecided);
  }

  // See TableSync, which passes these on.
  [[nodiscard]] Suspicion::Kind judge_columns(const SyncedTable& table, const OutputRecord& record) const;
  [[nodiscard]] static bool is_described(const SyncedTable& table, const OutputRecord& record);

  // Of records that changed since the last call.
  [[nodiscard]] std::vector<TargetAlteration> take_alterations() { return std::exchange(alterations_, {}); }
  [[nodiscard]] std::vector<OutputRecord> take_described() { return std::exchange(described_, {}); }
  // Outputs that are not streaming any more need no descriptions.
  template <class IsStreaming>
  void keep_described(const IsStreaming& is_streaming) {
    std::erase_if(described_, [&](const OutputRecord& record) { return !is_streaming(record); });
  }

 private:
  // Compares the fingerprint of an output that is streaming or being copied with the catalog's, which was read at the
  // position `seen_at`. Returns true if the record changed.
  bool compare_with_catalog(const SyncedTable& table, SyncedOutput& output, Lsn seen_at);
  [[nodiscard]] bool is_caught_up() const;
  bool continue_with_changes(const SyncedTable& table, SyncedOutput& output);
  bool restyle(const SyncedTable& table, SyncedOutput& output);
  void describe(const SyncedTable& table, SyncedOutput& output);

  const destination::TargetStyle& style_;
  const SuspicionOptions& suspicion_;
  NewOutputs& new_outputs_;
  std::vector<OutputRecord> described_;        // until they are stored
  std::vector<TargetAlteration> alterations_;  // until they are stored
  Lsn position_;                               // Publication::position of the newest look
  Lsn reached_;                                // the checkpoint
  bool has_looked_ = false;                    // the first look has compared target names and types with `style`
};

}  // namespace walbrook::replication
