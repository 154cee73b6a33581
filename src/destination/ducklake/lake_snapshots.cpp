#include "destination/ducklake/lake_snapshots.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "destination/ducklake/lake_attachment.h"

namespace walbrook::destination::ducklake {

void name_commit(duckdb::Connection& connection, const std::string& pipeline,
                 const std::optional<Checkpoint>& checkpoint) {
  if (!checkpoint || !checkpoint->lsn.is_set()) return;  // before the first load, no position is known
  const auto lsn = checkpoint->lsn.to_string();
  const nlohmann::ordered_json extra = {{"pipeline", pipeline}, {"lsn", lsn}, {"position", checkpoint->lsn.value}};
  connection.execute(
      fmt::format("CALL ducklake_set_commit_message('{}', 'walbrook', {}, extra_info => {})", lake_catalog,
                  duckdb::literal(fmt::format("{} up to {}", pipeline, lsn)), duckdb::literal(extra.dump())),
      "naming the commit");
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
