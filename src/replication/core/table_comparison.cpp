#include "replication/core/table_comparison.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <memory>

#include "model/schema_diff.h"
#include "replication/core/leaving.h"
#include "replication/core/suspicion.h"

namespace walbrook::replication {

std::string other_columns(const OutputRecord& record, const postgres::SourceTable& table) {
  if (record.columns == nullptr) return {};
  const auto diff = schema_diff(*record.columns, table.columns);
  if (diff.fits_target()) return {};
  if (diff.columns.empty() || diff.columns.front().kind == ColumnChange::Kind::dropped) return diff.reason();
  return "column \"" + diff.columns.front().name + "\" was added, renamed or has another type in the source";
}

bool follows_overrides(const OutputRecord& record, const ResolvedOverrides& overrides) {
  const auto is_so = [&overrides](const ColumnSchema& column) {
    const auto found = overrides.find(column.name);
    if (found == overrides.end()) return true;
    const auto& asked_for = found->second;
    if (asked_for.name && *asked_for.name != column.shown_name()) return false;
    return !asked_for.type || *asked_for.type == column.type || !is_wider(column, *asked_for.type);
  };
  return std::ranges::all_of(record.columns->columns, is_so);
}

std::string unfit_reason(const postgres::SourceTable& table) {
  const auto& identity = table.row_identity;
  if (!identity.unclear.empty()) return fmt::format("{}. {}", identity.unclear, identity.remedy);
  if (!table.unfit.reason.empty()) return fmt::format("{}. {}", table.unfit.reason, table.unfit.remedy);
  return {};
}

// Rows of the copy carry the identity that was in force when it was made. Changes since then may name their rows by
// another one, and changes from before the alteration that are still to come are read by the new one.
bool compare_identity(const SyncedTable& table, SyncedOutput& output) {
  auto& record = output.record;
  const auto& rows = table.source.row_identity.rows;
  if (record.state == OutputState::copying) {
    if (output.copy_identity == rows) return false;
  } else {
    if (record.state != OutputState::streaming || record.columns == nullptr) return false;
    auto now = *record.columns;
    rows.apply(now);
    if (!schema_diff(*record.columns, now).identity) return false;
    if (record.changes_only) {  // rows are found by the new identity from here on
      record.columns = std::make_shared<const TableSchema>(std::move(now));
      return true;
    }
  }
  ask_for_copy(table, output, "the replica identity of its partitions differs from when it was copied");
  spdlog::info("table {}.{} is resynced: {}", record.schema, record.name, record.reason);
  return true;
}

bool suspend_unfit(const SyncedTable& table, SyncedOutput& output) {
  const auto& record = output.record;
  const auto reason = unfit_reason(table.source);
  if (reason.empty() || is_suspended_by_request(record)) return false;
  if (record.state == OutputState::suspended && record.reason == reason) return false;
  suspend(output, reason);
  return true;
}

void suspend_for_conflict(SyncedOutput& output, const destination::TargetFinding& conflict) {
  suspend(output, fmt::format("{}. {}", conflict.reason, conflict.hint));
}

void answer_altered_target(const SyncedTable& table, SyncedOutput& output, const destination::TargetFinding& altered,
                           std::uint64_t resync_max_size) {
  auto& record = output.record;
  if (altered.kind == destination::TargetFinding::Kind::name_conflict) return suspend_for_conflict(output, altered);
  const bool is_copied = !is_leaving(table.record) && !(record.changes_only && record.columns != nullptr);
  const auto too_large = too_large_to_copy(altered.reason, table.source, resync_max_size);
  if (is_copied && too_large) {
    suspend(output, fmt::format("{}. walbrook resync {}.{} resyncs it anyway", *too_large, record.schema, record.name));
    return;
  }
  ask_for_copy(table, output, altered.reason);
  if (record.state == OutputState::pending) {
    spdlog::warn("table {}.{} is resynced: {}", record.schema, record.name, record.reason);
  } else if (record.state == OutputState::suspended) {
    spdlog::error("table {}.{} is suspended, the others continue: {}", record.schema, record.name, record.reason);
  }
}

}  // namespace walbrook::replication
