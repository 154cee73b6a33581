// What follows from the replica identities of a table and its leaves (postgres/catalog/replica_identity.h).
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "model/schema_diff.h"
#include "replication/core/table_sync.h"

namespace walbrook::replication {

// It can be published or applied again: before `adopt`, which compares all else.
bool TableSync::rejoin(const postgres::SourceTable& table) {
  auto* known = find(table.oid);
  if (known == nullptr) return false;
  auto& record = known->record;
  const bool was_seen = known->source.oid != 0;
  const bool altered = was_seen && known->source.row_identity != table.row_identity;
  const bool freed = was_seen && (known->source.unfit != table.unfit || known->source.unreadable != table.unreadable);
  if (record.state != TableState::left_out && (record.state != TableState::quarantined || !(altered || freed))) {
    return false;
  }
  if (record.columns == nullptr && begins_with_its_changes(table.oid)) record.changes_only = true;
  ask_for_copy(*known, freed && !altered ? "what it was suspended for was altered in the source"
                                         : "its replica identity was altered in the source");
  known->copied.reset();
  return true;
}

bool TableSync::begins_with_its_changes(Oid table) const {
  return !options_.snapshot && !(options_.copy_joining && joined_.contains(table));
}

// The copy holds what its rows were found by; changes since then may have named them otherwise, and those that are
// still to come from before the alteration are read by the new identity.
bool TableSync::compare_identity(SyncedTable& table) {
  auto& record = table.record;
  const auto& rows = table.source.row_identity.rows;
  if (record.state == TableState::copying) {
    if (table.copy_identity == rows) return false;
  } else {
    if (record.state != TableState::streaming || record.columns == nullptr) return false;
    auto now = *record.columns;
    rows.apply(now);
    if (!schema_diff(*record.columns, now).identity) return false;
    if (record.changes_only) {  // rows are found by the new one from here on
      record.columns = std::make_shared<const TableSchema>(std::move(now));
      return true;
    }
  }
  ask_for_copy(table, "the replica identity of its partitions is another than when it was copied");
  table.copied.reset();
  spdlog::info("table {}.{} is resynced: {}", record.schema, record.name, record.reason);
  return true;
}

std::string unfit_reason(const postgres::SourceTable& table) {
  const auto& identity = table.row_identity;
  if (!identity.unclear.empty()) return fmt::format("{}. {}", identity.unclear, identity.remedy);
  if (!table.unfit.reason.empty()) return fmt::format("{}. {}", table.unfit.reason, table.unfit.remedy);
  return {};
}

bool TableSync::suspend_unfit(SyncedTable& table) {
  const auto& record = table.record;
  const auto reason = unfit_reason(table.source);
  if (reason.empty()) return false;
  if (record.state == TableState::quarantined && record.reason == reason) return false;
  suspend(table, reason);
  return true;
}

bool TableSync::leave_out(const postgres::LeftOutTable& table) {
  const postgres::SourceTable named{.oid = table.oid, .schema = table.schema, .name = table.name};
  if (!wanted(named)) return false;
  auto* known = find_by_name(table.schema, table.name);
  if (known == nullptr || known->record.oid != table.oid) {
    leave_old_name(table.oid);
    if (known != nullptr) {  // dropped and created again
      auto node = tables_.extract(known->record.oid);
      node.key() = table.oid;
      node.mapped().record.oid = table.oid;
      tables_.insert(std::move(node));
    } else {
      tables_[table.oid].record = new_record(named);
    }
  }
  auto& entry = tables_[table.oid];
  auto& record = entry.record;
  auto reason = fmt::format("{}. {}", table.lack, table.remedy);
  if (record.state == TableState::left_out && record.reason == reason) return false;
  record.state = TableState::left_out;
  record.reason = std::move(reason);
  entry.source = named;
  entry.copied.reset();
  if (is_missed(entry)) {
    spdlog::error("table {}.{} is suspended, the others continue: {}", record.schema, record.name, record.reason);
  }
  return true;
}

bool TableSync::is_missed(const SyncedTable& table) const {
  if (table.record.state != TableState::left_out) return false;
  return table.record.columns != nullptr || !options_.wanted.empty();
}

RowIdentities TableSync::identities() const {
  RowIdentities identities;
  for (const auto& [oid, table] : tables_) {
    const auto& rows = table.source.row_identity.rows;
    if (rows.kind != postgres::RowIdentity::Kind::as_announced) identities[oid] = rows;
  }
  return identities;
}

}  // namespace walbrook::replication
