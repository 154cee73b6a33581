// What the loader does where the destination refuses to change one table's target (destination::TargetRefused).
//
// It happens in a load, which is rolled back. What follows for the table is stored by itself, before that load is tried
// again: the rows of a table that is suspended are dropped then, and those of one that is resynced wait for its copy,
// which is begun after them. So nothing depends on how much of the load had been applied.
#include <fmt/format.h>

#include "replication/core/loader.h"

namespace walbrook::replication {
namespace {

std::string refused_change(const TableFailed& failed) {
  auto cause = failed.cause();
  if (cause.ends_with('.')) cause.pop_back();
  return fmt::format(
      "{}. Walbrook gives target tables no constraints, and nothing that depends on them: remove what was added, the "
      "next run resyncs the table.",
      cause);
}

}  // namespace

TableRecord Loader::promoted_record(const SyncedTable& table) const {
  auto record = table.record;
  record.style = sync_.style();
  if (table.moves_to) {
    record.target_schema = table.moves_to->schema;
    record.target_name = table.moves_to->table;
  }
  return record;
}

void Loader::target_failed(const TableFailed& failed, Lsn commit_lsn, std::stop_token stop) {
  auto& table = *sync_.find(failed.table());
  std::vector<destination::TargetFinding> altered;
  with_retries([&] { altered = destination_.inspect({&table.record, 1}); }, stop);
  if (altered.empty()) {
    TableSync::suspend(table, refused_change(failed));
  } else {
    sync_.target_altered(table, altered.front());
  }
  table.set_aside_at = commit_lsn;
  statistics_.table(table);
  order_copies({table.record}, stop);
}

void Loader::promotion_failed(const TableFailed& failed, std::stop_token stop) {
  auto& table = *sync_.find(failed.table());
  const auto record = promoted_record(table);
  std::vector<destination::TargetFinding> findings;
  with_retries([&] { findings = destination_.inspect({&record, 1}); }, stop);
  if (!findings.empty() && findings.front().kind == destination::TargetFinding::Kind::name_conflict) {
    TableSync::suspend(table, fmt::format("{}. {}", findings.front().reason, findings.front().hint));
  } else {
    TableSync::suspend(table, failed.of_target() ? refused_change(failed) : failed.what());
  }
  statistics_.table(table);
  with_retries([&] { store({table.record}); }, stop);
}

}  // namespace walbrook::replication
