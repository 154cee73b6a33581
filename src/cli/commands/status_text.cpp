#include "cli/commands/status_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json_text.h"
#include "base/text.h"
#include "cli/commands/result_text.h"
#include "cli/progress/progress_text.h"
#include "serve/local_server.h"

namespace walbrook::cli {
namespace {

bool is_running(const replication::RunStatus& status) {
  return status.phase != replication::Phase::stopped;
}

// "640,000 of about 2,000,000" while a table is being copied
std::string rows_cell(const replication::RunStatus::Table& table, const std::optional<std::uint64_t>& rows) {
  if (rows) return with_thousands(*rows);
  if (table.state != destination::OutputState::copying || table.copied_rows == 0) return "–";
  std::string copied = with_thousands(table.copied_rows);
  if (table.estimated_rows <= 0 || table.copied_rows > static_cast<std::uint64_t>(table.estimated_rows)) return copied;
  return fmt::format("{} of about {}", copied, with_thousands(static_cast<std::uint64_t>(table.estimated_rows)));
}

// "; 2 attempts failed, the next one is at 2026-11-23 00:51:02 UTC"
std::string attempts_text(const replication::RunStatus::Table& table, bool running) {
  if (table.retry_at.empty()) return {};
  std::string text;
  if (table.attempts > 0) text = fmt::format("; {} failed", counted(table.attempts, "attempt"));
  if (!running) return text + "; the next run tries again";
  auto at = table.retry_at;
  std::ranges::replace(at, 'T', ' ');
  std::ranges::replace(at, 'Z', ' ');
  return text + fmt::format("; the next attempt is at {}UTC", at);
}

// "rows are copied again: id < 10"
std::string part_text(const replication::RunStatus::Table& table, bool running) {
  if (table.resync_where.empty()) return {};
  if (!running) return fmt::format("the next run copies rows again: {}", table.resync_where);
  if (table.part_under_way) return fmt::format("rows are copied again: {}", table.resync_where);
  return fmt::format("rows wait to be copied again: {}{}{}", table.resync_where,
                     table.part_waits_for.empty() ? "" : "; ", table.part_waits_for);
}

bool is_suspect(const replication::RunStatus::Table& table) {
  return !table.suspect.empty() && table.state == destination::OutputState::streaming;
}

std::string reason_text(const replication::RunStatus::Table& table, bool running) {
  auto text = is_suspect(table) ? table.suspect : table.reason + attempts_text(table, running);
  const auto part = part_text(table, running);
  if (!text.empty() && !part.empty()) text += "; ";
  return text + part;
}

destination::QueryResult table_of(const replication::RunStatus& status, const RowCounts& rows) {
  const bool running = is_running(status);
  const bool reasons = std::any_of(status.tables.begin(), status.tables.end(), [](const auto& table) {
    return !table.reason.empty() || !table.suspect.empty() || !table.resync_where.empty();
  });
  destination::QueryResult result;
  result.columns = {{"table", "", false}, {"state", "", false}, {"rows", "", true}};
  if (running) {
    for (const char* name : {"inserts", "updates", "deletes"}) result.columns.push_back({name, "", true});
  }
  if (reasons) result.columns.push_back({"reason", "", false});
  for (std::size_t i = 0; i < status.tables.size(); ++i) {
    const auto& table = status.tables[i];
    std::string name = table.schema + "." + table.name;
    const std::string target = table.target_schema + "." + table.target_name;
    if (!table.target_name.empty() && target != name) name += " → " + target;
    auto& row = result.rows.emplace_back();
    const auto state = is_suspect(table) ? "suspect" : destination::to_string(table.state);
    row = {name, std::string(state), rows_cell(table, rows[i])};
    if (running) {
      for (const auto number : {table.inserts, table.updates, table.deletes}) row.emplace_back(with_thousands(number));
    }
    if (reasons) row.emplace_back(reason_text(table, running));
  }
  return result;
}

}  // namespace

std::string status_text(const replication::RunStatus& status, const RowCounts& rows, const std::string& holder) {
  std::string text;
  if (is_running(status)) {
    text = fmt::format("pipeline {}: {}{}{}\n", printable(status.pipeline), printable(status.source),
                       status.source.empty() ? "" : " → ", printable(status.destination));
    text += status_line(status) + '\n';
    if (status.spooled_bytes > 0) {
      text += fmt::format("{} wait in the spool for a commit or for the end of a copy\n",
                          short_bytes(static_cast<double>(status.spooled_bytes)));
    }
    for (const auto& wait : status.source_waits) text += fmt::format("waiting: {}\n", printable(wait));
    if (status.copy_snapshot) {
      text += fmt::format(
          "the copy reads a snapshot of {} ago: until it ends, the source keeps every row version that was deleted or "
          "replaced since (xmin {})\n",
          short_duration(status.copy_snapshot->seconds), status.copy_snapshot->xmin);
    }
  } else {
    const auto pipeline =
        status.pipeline.empty() ? std::string() : fmt::format("pipeline {}: ", printable(status.pipeline));
    text = holder.empty() ? fmt::format("{}no run is at work on {}\n", pipeline, printable(status.destination))
                          : fmt::format("{}no run of this pipeline is at work; a run of pipeline {} holds {}\n",
                                        pipeline, printable(holder), printable(status.destination));
    text += status.checkpoint.is_set() ? fmt::format("checkpoint {}\n", status.checkpoint.to_string())
            : !status.tables.empty()   ? "no source has been copied into it yet\n"
                                       : "this pipeline has never copied into it (--pipeline names another)\n";
  }
  if (!status.tables.empty()) text += '\n' + as_table(table_of(status, rows));
  return text;
}

std::string status_json(const replication::RunStatus& status, const RowCounts& rows, const std::string& holder) {
  auto document = nlohmann::ordered_json::parse(serve::to_json(status));
  if (!holder.empty()) document["held_by"] = holder;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    document["tables"][i]["rows"] = rows[i] ? nlohmann::ordered_json(*rows[i]) : nlohmann::ordered_json();
  }
  return visible_json(document.dump()) + "\n";
}

}  // namespace walbrook::cli
