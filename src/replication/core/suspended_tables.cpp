#include "replication/core/suspended_tables.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>

#include "model/same_table.h"
#include "replication/core/leaving.h"
#include "replication/core/table_comparison.h"

namespace walbrook::replication {
namespace {

RecordChanges suspend_or_resume(Requested what, TableSync& sync, const std::vector<postgres::TableName>& names) {
  RecordChanges changed;
  for (auto& [oid, table] : sync.tables()) {
    if (std::ranges::none_of(names, same_table_as(table.record))) continue;
    for (auto& output : table.outputs) {
      if (!concerns(what, output.record)) continue;
      apply_request(what, output.record);
      output.copied.reset();
      output.postponement.reset();
      output.retry_scheduled = false;
      const auto unfit = what == Requested::resume ? unfit_reason(table.source) : std::string();
      if (!unfit.empty()) suspend(output, unfit);
      changed.outputs.push_back(output.record);
    }
  }
  return changed;
}

}  // namespace

milliseconds retry_wait(milliseconds first, std::uint32_t attempts) {
  auto wait = std::min(first, longest_retry_wait);
  for (std::uint32_t i = 0; i < attempts && wait < longest_retry_wait; ++i)
    wait = std::min(2 * wait, longest_retry_wait);
  return wait;
}

RecordChanges SuspendedTables::request(Requested what, const std::vector<postgres::TableName>& names) {
  auto changed = what == Requested::resync ? sync_.copy_again(names, false, std::string(reason_for(what)))
                                           : suspend_or_resume(what, sync_, names);
  for (const auto& record : changed.outputs) {
    spdlog::info("table {}.{} is {}: {}", record.schema, record.name, done_word(what), record.reason);
  }
  look_ = true;
  return changed;
}

bool SuspendedTables::is_tried(const SyncedTable& table, const SyncedOutput& output) const {
  const auto& record = output.record;
  if (first_wait_.count() == 0 || record.state != OutputState::suspended || is_suspended_by_request(record))
    return false;
  if (record.changes_only && record.columns != nullptr) return false;
  return output.is_asked && table.source.oid != 0 && !is_leaving(table.record) && unfit_reason(table.source).empty();
}

// In whole seconds, as people read it.
WallTime SuspendedTables::after_wait(WallTime now, std::uint32_t attempts) const {
  return std::chrono::ceil<std::chrono::seconds>(now + retry_wait(first_wait_, attempts));
}

void SuspendedTables::find_next() {
  next_retry_.reset();
  for (const auto& [oid, table] : sync_.tables()) {
    for (const auto& output : table.outputs) {
      if (!output.retry_scheduled || !is_tried(table, output)) continue;
      const auto at = output.record.suspension.retry_at;
      if (!next_retry_ || at < *next_retry_) next_retry_ = at;
    }
  }
}

RecordChanges SuspendedTables::schedule(WallTime now) {
  RecordChanges changed;
  if (!look_) return changed;
  look_ = false;
  for (auto& [oid, table] : sync_.tables()) {
    for (auto& output : table.outputs) {
      auto& suspension = output.record.suspension;
      if (is_tried(table, output)) {
        if (output.retry_scheduled) continue;
        if (suspension.retry_at != WallTime{} && now >= suspension.retry_at) suspension.attempts = 0;
        suspension.retry_at = after_wait(now, suspension.attempts);
        output.retry_scheduled = true;
        spdlog::info("table {}.{} is tried again in {} s", output.record.schema, output.record.name,
                     std::chrono::ceil<std::chrono::seconds>(suspension.retry_at - now).count());
      } else if (output.record.state == OutputState::suspended && suspension.retry_at != WallTime{}) {
        suspension.retry_at = {};  // of an earlier run, or the reason is another one now
      } else {
        continue;
      }
      changed.outputs.push_back(output.record);
    }
  }
  find_next();
  return changed;
}

RecordChanges SuspendedTables::retry(WallTime now, destination::Destination& destination) {
  RecordChanges changed;
  if (!next_retry_ || now < *next_retry_) return changed;
  std::vector<FoundOutput> due;
  std::vector<OutputRecord> with_target;
  for (auto& [oid, table] : sync_.tables()) {
    for (auto& output : table.outputs) {
      if (!output.retry_scheduled || !is_tried(table, output) || now < output.record.suspension.retry_at) continue;
      due.push_back({.table = &table, .output = &output});
      if (output.record.columns != nullptr) with_target.push_back(output.record);
    }
  }
  const auto altered = destination.inspect(with_target);
  for (const auto& [table, output] : due) {
    auto& record = output->record;
    ++record.suspension.attempts;
    record.suspension.retry_at = {};
    ask_for_copy(*table, *output, fmt::format("attempt {} after its suspension", record.suspension.attempts));
    spdlog::info("table {}.{} is copied again: {}", record.schema, record.name, record.reason);
    const auto found = std::ranges::find(altered, record.id, &destination::TargetFinding::output);
    if (found != altered.end()) answer_altered_target(*table, *output, *found, sync_.resync_max_size());
    changed.outputs.push_back(record);
  }
  look_ = true;
  find_next();
  return changed;
}

bool SuspendedTables::streams_again(SyncedOutput& output, WallTime now) const {
  auto& suspension = output.record.suspension;
  if (suspension.attempts == 0) return false;
  if (first_wait_.count() == 0) {
    suspension = {};
  } else {
    suspension.retry_at = after_wait(now, suspension.attempts);
  }
  return true;
}

}  // namespace walbrook::replication
