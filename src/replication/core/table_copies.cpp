#include "replication/core/table_copies.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <utility>

#include "base/fault.h"
#include "destination/target_shape.h"
#include "replication/core/copied_columns.h"
#include "replication/core/copy_queue.h"
#include "replication/core/spool_room.h"
#include "replication/core/table_comparison.h"
#include "replication/core/target_needs.h"

namespace walbrook::replication {
namespace {

RecordChanges changed_record(const SyncedOutput& output) {
  return {.tables = {}, .outputs = {output.record}};
}

// What the spooled changes need that the copy does not hold.
TargetNeeds needs_since(const SpooledColumns& spooled, Lsn consistent_point) {
  TargetNeeds needs;
  for (const auto& entry : spooled.entries()) {
    if (entry.last_commit < consistent_point) continue;
    entry.altered != nullptr ? needs.add(entry.altered) : needs.add_rows(entry.schema, entry.overflow);
  }
  return needs;
}

void alter_copy(destination::Destination& destination, const OutputRecord& output,
                const destination::Alteration& alteration) {
  const auto load = destination.begin({});
  load->alter_copy(output, alteration);
  load->commit();
}

}  // namespace

RecordChanges TableCopies::order(std::int64_t load_id, bool& uses_id, Now now) {
  auto changed = suspend_name_conflicts(now.steady);
  discard_needless(spool_, sync_);  // the snapshot of a copy that is still to be made holds these changes
  for (const auto& [table, output] : sync_.order_copies(load_id, now.steady)) {
    if (output->record.state == OutputState::copying && copies_no_rows(output->record)) {
      some_begin_with_changes_ = true;
    } else if (output->record.state == OutputState::copying) {
      uses_id = true;
      order_.tables.push_back(
          {.record = swapped_in_record(*output), .source = table->source, .number = output->copy_number});
    }
    changed.add(changed_record(*output));
  }
  look_ = false;
  next_due_ = next_copy_due(sync_.known());
  if (uses_id) copy_loads_.begin(load_id, now.wall, sync_.tables());
  return changed;
}

RecordChanges TableCopies::suspend_name_conflicts(SteadyTime now) {
  std::vector<OutputRecord> records;
  for (const auto* output : copies_due(sync_.known(), now)) records.push_back(swapped_in_record(*output));
  RecordChanges changed;
  if (records.empty()) return changed;
  for (const auto& found : destination_.inspect(records)) {
    if (found.kind != destination::TargetFinding::Kind::name_conflict) continue;  // the copy replaces any other target
    auto& output = *sync_.find(found.output).output;
    suspend_for_conflict(output, found);
    changed.add(changed_record(output));
  }
  return changed;
}

void TableCopies::give_orders(TableCopier& table_copier) {
  if (!order_.tables.empty()) table_copier.order(std::exchange(order_, {}));
}

RecordChanges TableCopies::ended(const CopyResult& result, SteadyTime now) {
  auto* output = sync_.find(result.output).output;
  if (output == nullptr || output->copy_number != result.number || output->record.state != OutputState::copying) {
    return {};
  }
  switch (result.kind) {
    case CopyResult::Kind::copied:
      return copied(sync_.find(result.output), result);
    case CopyResult::Kind::gone:
      output->record.state = OutputState::removed;
      output->record.reason = "dropped in the source while it was to be copied";
      return changed_record(*output);
    case CopyResult::Kind::failed:
      suspend(*output, result.reason);
      return changed_record(*output);
    case CopyResult::Kind::postponed:
      break;
  }
  return postpone(*output, result.why, now);
}

RecordChanges TableCopies::copied(const FoundOutput& found, const CopyResult& result) {
  auto& output = *found.output;
  const bool is_older = output.altered_at.is_set() && output.altered_at >= result.consistent_point;
  if (is_older || !settle_fingerprint(*found.table, output, result)) {
    output.record.state = OutputState::pending;
    output.record.reason = "it was altered in the source while it was copied";
    spdlog::info("table {}.{} is copied again: {}", output.record.schema, output.record.name, output.record.reason);
    return changed_record(output);
  }
  adapted_.erase(output.record.id);  // of an earlier copy, which never became visible
  output.copied = result.consistent_point;
  output.copied_columns = result.columns;
  output.copied_rows = result.rows;
  any_copied_ = true;
  return {};
}

RecordChanges TableCopies::postpone(SyncedOutput& output, const CannotCopyNow& why, SteadyTime now) {
  replication::postpone(output, why, options_.follow, now);
  const auto& again = *output.postponement;
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(again.again_at - now).count();
  spdlog::warn("table {}.{} cannot be copied now, the others continue: {}; {}", output.record.schema,
               output.record.name, why.reason,
               again.given_up ? "the next run copies it" : fmt::format("it is tried again in {} s", seconds));
  return changed_record(output);
}

OutputRecord TableCopies::swapped_in_record(const SyncedOutput& output) const {
  auto record = output.record;
  record.style = sync_.style();
  if (output.moves_to) {
    record.target_schema = output.moves_to->schema;
    record.target_name = output.moves_to->table;
  }
  return record;
}

std::vector<FoundOutput> TableCopies::begin_with_changes(Lsn checkpoint, RecordChanges& refused) {
  auto beginning = copying_no_rows(sync_.tables());
  std::erase_if(beginning, [&](const FoundOutput& found) {
    try {
      static_cast<void>(destination::target_column_names(destination_.capabilities().names, sync_.style(),
                                                         *found.table->source.described));
      return false;
    } catch (const Error& failed) {
      if (failed.kind() != ErrorKind::data) throw;
      suspend(*found.output, failed.what());
      refused.add(changed_record(*found.output));
      return true;
    }
  });
  std::vector<OutputRecord> records;
  std::vector<destination::CopyTarget> copies;
  records.reserve(beginning.size());
  for (const auto& [table, output] : beginning) {
    output->copied = checkpoint;
    output->copied_columns = table->source.described;
    output->copied_rows = 0;
    const auto& record = records.emplace_back(swapped_in_record(*output));
    copies.push_back({.output = &record, .schema = output->copied_columns});
  }
  if (!copies.empty()) destination_.begin_copy(copies)->finish();
  return beginning;
}

std::vector<FoundOutput> TableCopies::ready(Lsn reached) {
  if (!any_copied_) return {};
  auto copies = whole_copies(sync_.tables(), reached);
  any_copied_ = copies.any;
  if (options_.together && !any_swapped_in_ && !copies.all) return {};
  return std::move(copies.ready);
}

std::optional<Adaptation> TableCopies::adaptation_of(const FoundOutput& copy) const {
  const auto& output = *copy.output;
  auto record = output.record;
  record.columns = output.copied_columns;
  return needs_since(output.spooled, *output.copied).adaptation(sync_, *copy.table, record);
}

RecordChanges TableCopies::follow_columns(std::vector<FoundOutput>& ready) {
  RecordChanges changed;
  std::erase_if(ready, [&](const FoundOutput& copy) {
    auto& output = *copy.output;
    if (adapted_.contains(output.record.id)) return false;  // the load that swaps it in has failed, and is made again
    auto adaptation = adaptation_of(copy);
    if (!adaptation) return false;
    try {
      if (!adaptation->alteration().empty())
        alter_copy(destination_, swapped_in_record(output), adaptation->alteration());
      adapted_.emplace(output.record.id, *std::move(adaptation));
      spdlog::info("table {}: its copy follows the columns of its source in place", copy.table->source.full_name());
      return false;
    } catch (const destination::DestinationLost&) {
      throw;
    } catch (const destination::DestinationOutdated&) {
      throw;
    } catch (const Error& failed) {
      ask_for_copy(*copy.table, output, "its copy cannot follow its columns: " + failed.cause());
      spdlog::warn("table {}.{} is copied again: {}", output.record.schema, output.record.name, output.record.reason);
      changed.add(changed_record(output));
      return true;
    }
  });
  return changed;
}

void TableCopies::put(destination::Transaction& load, const std::vector<FoundOutput>& ready, TableChanges& changes) {
  for (const auto& [table, output] : ready) {
    auto columns = output->spooled.overflow();
    const auto adapted = adapted_.find(output->record.id);
    if (adapted != adapted_.end()) columns = adapted->second.names_now(columns);
    for_output(output->record.id, [&load, &columns, &record = output->record] {
      load.alter(record, {.overflow = {columns.begin(), columns.end()}});
    });
  }
  fault::hit("before_swap_in");
  put_ = {.copy_loads = copy_loads_, .counts = {}, .output_counts = {}};
  for (const auto& each : ready) {
    BatchApply swap(load, spool_, sync_, changes, each.output->record.load_id);
    swap.adapt_to(adapted_);
    swap.swap_in(each);
    put_.copy_loads.add(*each.output, swap);
    put_.counts += swap.counts();
    put_.output_counts.insert(swap.output_counts().begin(), swap.output_counts().end());
  }
  changes.changed().put(load);
  // The load's row comes after the new columns of its tables.
  for (const auto& record : put_.copy_loads.take_changed()) load.put(destination::PutLoad{record});
}

void TableCopies::swapped_in(const std::vector<FoundOutput>& ready) {
  copy_loads_ = std::move(put_.copy_loads);
  statistics_.swapped_in(put_.counts, put_.output_counts);
  for (const auto& [table, output] : ready) {
    spool_.discard(output_key(output->record.id));
    adapted_.erase(output->record.id);
    mark_visible(*output);
    statistics_.output(*table, *output);
    any_swapped_in_ = any_swapped_in_ || !copies_no_rows(output->record);
    // A spooled change of the output may require another copy already.
    look_ = look_ || output->record.state == OutputState::pending;
  }
}

RecordChanges TableCopies::failed(const OutputFailed& failed) {
  auto& output = *sync_.find(failed.output()).output;
  answer_failed_copy(failed, output, swapped_in_record(output), destination_);
  return changed_record(output);
}

}  // namespace walbrook::replication
