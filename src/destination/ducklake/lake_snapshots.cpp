#include "destination/ducklake/lake_snapshots.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "destination/duckdb/state_row.h"
#include "destination/ducklake/lake_attachment.h"

namespace walbrook::destination::ducklake {
namespace {

void set_message(duckdb::Connection& connection, const std::string& message, const std::string& pipeline, Lsn lsn) {
  const nlohmann::ordered_json extra = {{"pipeline", pipeline}, {"lsn", lsn.to_string()}, {"position", lsn.value}};
  connection.execute(fmt::format("CALL ducklake_set_commit_message('{}', 'walbrook', {}, extra_info => {})",
                                 lake_catalog, duckdb::literal(message), duckdb::literal(extra.dump())),
                     "naming the commit");
}

std::string message_of_maintenance(const std::string& pipeline) {
  return fmt::format("{} maintained", pipeline);
}

}  // namespace

void name_commit(duckdb::Connection& connection, const std::string& pipeline,
                 const std::optional<Checkpoint>& checkpoint) {
  if (!checkpoint || !checkpoint->lsn.is_set()) return;  // before the first load, no position is known
  set_message(connection, fmt::format("{} up to {}", pipeline, checkpoint->lsn.to_string()), pipeline, checkpoint->lsn);
}

void name_maintenance(duckdb::Connection& connection, const std::string& pipeline, const Checkpoint& checkpoint) {
  set_message(connection, message_of_maintenance(pipeline), pipeline, checkpoint.lsn);
}

// Of a lake with a million snapshots, a catalog in PostgreSQL sends only those of maintenance: it compares the message.
std::chrono::seconds time_since_maintenance(duckdb::Connection& connection, const std::string& pipeline) {
  const auto rows = connection.rows(fmt::format(
      "SELECT epoch(now() - max(snapshot_time)::TIMESTAMPTZ)::BIGINT::VARCHAR FROM {0} WHERE snapshot_id = "
      "coalesce((SELECT max(snapshot_id) FROM {1} WHERE commit_message = {2}), (SELECT min(snapshot_id) FROM {0}))",
      catalog_table("ducklake_snapshot"), catalog_table("ducklake_snapshot_changes"),
      duckdb::literal(message_of_maintenance(pipeline))));
  return std::chrono::seconds(duckdb::number(rows.at(0), 0));
}

std::string snapshot_at(duckdb::Connection& connection, const std::string& pipeline, Lsn lsn,
                        const std::string& label) {
  const auto named = fmt::format(
      "(SELECT snapshot_id, (commit_extra_info->>'$.lsn') AS lsn, (commit_extra_info->>'$.position')::UBIGINT AS "
      "position FROM ducklake_snapshots('{}') WHERE author = 'walbrook' AND (commit_extra_info->>'$.pipeline') = $1)",
      lake_catalog);
  const auto found =
      connection.rows(fmt::format("SELECT max(snapshot_id)::VARCHAR FROM {} WHERE position <= $2::UBIGINT", named),
                      pipeline, std::to_string(lsn.value));
  if (auto version = found.at(0).at(0)) return *version;
  const auto first = connection.rows(fmt::format("SELECT arg_min(lsn, snapshot_id) FROM {}", named), pipeline);
  const auto oldest = first.at(0).at(0).value_or("");
  throw Error(ErrorKind::destination,
              oldest.empty() ? fmt::format("{} holds no snapshot of a load of pipeline {}", label, pipeline)
                             : fmt::format("{} holds no snapshot of pipeline {} at {} any more or yet", label, pipeline,
                                           lsn.to_string()),
              oldest.empty() ? "Either nothing was loaded yet, or the snapshots were given up: the next load makes one."
                             : fmt::format("The first one that is left is at {}.", oldest));
}

}  // namespace walbrook::destination::ducklake
