// Copies of tables: which are ordered, what follows from their results, and how they are swapped in.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/fault.h"
#include "destination/target_shape.h"
#include "replication/core/copy_queue.h"
#include "replication/core/loader.h"
#include "replication/core/spool_room.h"
#include "replication/core/table_comparison.h"

namespace walbrook::replication {

// The result of a copy counts only while its order does: the output is still `copying` and has not been ordered again.
void Loader::copy_ended(const CopyResult& result, Now now) {
  auto* output = sync_.find(result.output).output;
  if (output == nullptr || output->copy_number != result.number || output->record.state != OutputState::copying) return;
  switch (result.kind) {
    case CopyResult::Kind::copied:
      if (output->identity_altered_at.is_set() && output->identity_altered_at >= result.consistent_point) {
        output->record.state = OutputState::pending;
        output->record.reason = "the replica identity of a partition was altered while it was copied";
        return note_changed(*output);
      }
      output->copied = result.consistent_point;
      output->copied_columns = result.columns;
      output->copied_rows = result.rows;
      any_copied_ = true;
      return;
    case CopyResult::Kind::gone:
      output->record.state = OutputState::removed;
      output->record.reason = "dropped in the source while it was to be copied";
      return note_changed(*output);
    case CopyResult::Kind::failed:
      suspend(*output, result.reason);
      return note_changed(*output);
    case CopyResult::Kind::postponed:
      return postpone(*output, result.why, now);
  }
}

// The output is `pending` again. store_changed discards its spooled changes: the snapshot that is still to be taken
// holds them.
void Loader::postpone(SyncedOutput& output, const CannotCopyNow& why, Now now) {
  replication::postpone(output, why, options_.follow, now.steady);
  const auto& again = *output.postponement;
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(again.again_at - now.steady).count();
  spdlog::warn("table {}.{} cannot be copied now, the others continue: {}; {}", output.record.schema,
               output.record.name, why.reason,
               again.given_up ? "the next run copies it" : fmt::format("it is tried again in {} s", seconds));
  note_changed(output);
}

OutputRecord Loader::swapped_in_record(const SyncedOutput& output) const {
  auto record = output.record;
  record.style = sync_.style();
  if (output.moves_to) {
    record.target_schema = output.moves_to->schema;
    record.target_name = output.moves_to->table;
  }
  return record;
}

void Loader::order_copies(Now now) {
  suspend_name_conflicts(now);
  discard_needless(spool_, sync_);  // the snapshot of a copy that is still to be made holds these changes
  bool any_copies = false;
  for (const auto& [table, output] : sync_.order_copies(next_load_, now.steady)) {
    if (output->record.state == OutputState::copying && copies_no_rows(output->record)) {
      some_begin_with_changes_ = true;
    } else if (output->record.state == OutputState::copying) {
      any_copies = true;
      order_.tables.push_back(
          {.record = swapped_in_record(*output), .source = table->source, .number = output->copy_number});
    }
    note_changed(*output);
  }
  look_for_orders_ = false;
  next_due_ = next_copy_due(sync_.known());
  if (any_copies) copy_loads_.begin(next_load_++, now.wall, sync_.tables());
}

void Loader::suspend_name_conflicts(Now now) {
  std::vector<OutputRecord> records;
  for (const auto* output : copies_due(sync_.known(), now.steady)) records.push_back(swapped_in_record(*output));
  if (records.empty()) return;
  for (const auto& found : destination_.inspect(records)) {
    if (found.kind != destination::TargetFinding::Kind::name_conflict) continue;  // the copy replaces any other target
    auto& output = *sync_.find(found.output).output;
    suspend_for_conflict(output, found);
    note_changed(output);
  }
}

// Swaps in all copies whose consistent point is reached, in one load.
void Loader::swap_in_copied(Lsn reached, Now now) {
  if (!any_copied_) return;
  const auto copies = whole_copies(sync_.tables(), reached);
  any_copied_ = copies.any;
  const auto& ready = copies.ready;
  if (ready.empty() || (options_.together && !swapped_in_ && !copies.all)) return;
  try {
    swap_in(ready, reached);
  } catch (const OutputFailed& failed) {  // the others are swapped in by the next step
    return swap_in_failed(failed);
  }
  swapped_in_ = true;
  note_swapped_in(ready, now);
  advanced_();
}

void Loader::note_swapped_in(const std::vector<FoundOutput>& outputs, Now now) {
  for (const auto& [table, output] : outputs) {
    mark_visible(*output);
    statistics_.output(*table, *output);
    if (suspended_.streams_again(*output, now.wall)) note_changed(*output);
    // A spooled change of the output may require another copy already.
    if (output->record.state == OutputState::pending) look_for_orders_ = true;
  }
}

std::vector<FoundOutput> Loader::beginning_with_changes() {
  auto beginning = copying_no_rows(sync_.tables());
  std::erase_if(beginning, [this](const FoundOutput& found) {
    try {
      static_cast<void>(destination::target_column_names(destination_.capabilities().names, sync_.style(),
                                                         *found.table->source.described));
      return false;
    } catch (const Error& refused) {
      if (refused.kind() != ErrorKind::data) throw;
      suspend(*found.output, refused.what());
      note_changed(*found.output);
      return true;
    }
  });
  return beginning;
}

void Loader::begin_with_changes(Now now) {
  const auto beginning = beginning_with_changes();
  if (!beginning.empty()) {
    std::vector<OutputRecord> records;
    std::vector<destination::CopyTarget> copies;
    records.reserve(beginning.size());
    for (const auto& [table, output] : beginning) {
      output->copied = checkpoint_;
      output->copied_columns = table->source.described;
      output->copied_rows = 0;
      const auto& record = records.emplace_back(swapped_in_record(*output));
      copies.push_back({.output = &record, .schema = output->copied_columns});
    }
    destination_.begin_copy(copies)->finish();
    try {
      swap_in(beginning, checkpoint_);
      note_swapped_in(beginning, now);
    } catch (const OutputFailed& failed) {
      return swap_in_failed(failed);  // the others begin with the next step
    }
  }
  some_begin_with_changes_ = false;
}

// One load, in this order: overflow columns are added, because without transactional DDL a load begins with its
// alterations; for each output the copy takes the target's place and its spooled changes are merged; the records and
// the load rows are stored; the checkpoint is committed. The spooled changes are discarded and the records adopted only
// after the commit, so that the load can be made again from the start.
void Loader::swap_in(const std::vector<FoundOutput>& ready, Lsn reached) {
  // The batch in hand is not durable. What a failed attempt has spooled of it must not be applied here: the next
  // attempt puts it again.
  if (const auto* commits = batch_ ? std::get_if<CommitBatch>(&*batch_) : nullptr) {
    spool_.discard_from(commits->transactions.front().commit_lsn);
  }
  using Of = destination::AttemptId::Of;
  const auto load = destination_.begin({.of = Of::copies, .number = next_load_, .last_commit = reached});
  for (const auto& [table, output] : ready) {
    for_output(output->record.id, [&, output = output] {
      load->alter(output->record, {.overflow = {output->overflow_columns.begin(), output->overflow_columns.end()}});
    });
  }
  TableChanges changes(sync_);
  fault::hit("before_swap_in");
  CopyLoads copy_loads = copy_loads_;
  Counts counts;
  std::map<OutputId, BatchApply::OutputCounts> output_counts;
  for (const auto& each : ready) {
    BatchApply swap(*load, spool_, sync_, changes, each.output->record.load_id);
    swap.swap_in(each);
    copy_loads.add(*each.output, swap);
    counts += swap.counts();
    output_counts.insert(swap.output_counts().begin(), swap.output_counts().end());
  }
  changes.changed().put(*load);
  for (const auto& record : copy_loads.take_changed())
    load->put(destination::PutLoad{record});  // the load's row comes after the new columns of its tables
  commit(*load, reached);
  for (const auto& each : ready) spool_.discard(output_key(each.output->record.id));
  changes.adopt();
  copy_loads_ = std::move(copy_loads);
  statistics_.swapped_in(counts, output_counts);
}

void Loader::swap_in_failed(const OutputFailed& failed) {
  auto& output = *sync_.find(failed.output()).output;
  answer_failed_copy(failed, output, swapped_in_record(output), destination_);
  note_changed(output);
}

}  // namespace walbrook::replication
