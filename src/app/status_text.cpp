#include "app/status_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/progress_text.h"
#include "app/result_text.h"
#include "app/text.h"

namespace walbrook::app {
namespace {

// The states that have no rows to show yet come last in a reader's interest, but the order of the tables stays.
destination::QueryResult table_of(const pipeline::RunStatus& status) {
  const bool running = status.phase != "stopped";
  const bool reasons =
      std::any_of(status.tables.begin(), status.tables.end(), [](const auto& table) { return !table.reason.empty(); });
  destination::QueryResult result;
  result.columns = {{"table", "", false}, {"state", "", false}};
  if (running) {
    for (const char* name : {"rows copied", "inserts", "updates", "deletes"})
      result.columns.push_back({name, "", true});
  } else {
    result.columns.push_back({"rows", "", true});
  }
  if (reasons) result.columns.push_back({"reason", "", false});
  for (const auto& table : status.tables) {
    std::string name = table.schema + "." + table.name;
    const std::string target = table.target_schema + "." + table.target_name;
    if (!table.target_name.empty() && target != name) name += " → " + target;
    auto& row = result.rows.emplace_back();
    row = {name, table.state, with_thousands(table.copied_rows)};
    if (running) {
      for (const auto number : {table.inserts, table.updates, table.deletes}) row.emplace_back(with_thousands(number));
    }
    if (reasons) row.emplace_back(table.reason);
  }
  return result;
}

}  // namespace

std::string status_text(const pipeline::RunStatus& status) {
  const bool running = status.phase != "stopped";
  std::string text;
  if (running) {
    text = fmt::format("pipeline {}: {}{}{}\n", status.pipeline, status.source, status.source.empty() ? "" : " → ",
                       status.destination);
    text += status_line(status) + '\n';
  } else {
    text = fmt::format("pipeline {}: no run is at work on {}\n", status.pipeline, status.destination);
    text += status.checkpoint.is_set() ? fmt::format("checkpoint {}\n", status.checkpoint.to_string())
                                       : "nothing was ever copied into it\n";
  }
  if (!status.tables.empty()) text += '\n' + as_table(table_of(status));
  return text;
}

}  // namespace walbrook::app
