// walbrook status: what the run that holds the destination is doing, or what the last one left in it.
#include <fmt/format.h>

#include "app/commands.h"
#include "app/status_text.h"
#include "app/terminal.h"
#include "serve/local_server.h"

namespace walbrook::app {
namespace {

// The name as DuckDB reads it.
std::string quoted(const std::string& name) {
  std::string text = "\"";
  for (const char c : name) {
    if (c == '"') text += '"';
    text += c;
  }
  return text + '"';
}

std::uint64_t count_rows(destination::ReadSession& session, const destination::TableRecord& table) {
  const auto result =
      session.query(fmt::format("SELECT count(*) FROM {}.{}", quoted(table.target_schema), quoted(table.target_name)));
  return result.rows.empty() ? 0 : std::strtoull(result.rows[0][0].value_or("0").c_str(), nullptr, 10);
}

pipeline::RunStatus read_left(const CommandLine& line) {
  const auto destination = destination::open_destination(line.destination);
  const auto state = destination->open();
  const auto session = destination->open_read_session();
  pipeline::RunStatus status;
  status.pipeline = line.run.pipeline;
  status.slot = state.checkpoint ? state.checkpoint->slot : line.run.slot;
  status.destination = destination->name();
  status.phase = "stopped";
  if (state.checkpoint) status.checkpoint = state.checkpoint->lsn;
  for (const auto& record : state.tables) {
    const bool has_copy = record.columns != nullptr && record.state != destination::TableState::copying;
    status.tables.push_back({.schema = record.schema,
                             .name = record.name,
                             .target_schema = record.target_schema,
                             .target_name = record.target_name,
                             .state = std::string(destination::to_string(record.state)),
                             .reason = record.reason,
                             .copied_rows = has_copy ? count_rows(*session, record) : 0});
  }
  return status;
}

}  // namespace

int status_command(const CommandLine& line) {
  auto answer = serve::ask_status(serve::socket_path(line.destination.url));
  if (line.json) {
    write_result((answer ? *answer : serve::to_json(read_left(line))) + "\n");
  } else {
    write_result(status_text(answer ? serve::status_from_json(*answer) : read_left(line)));
  }
  return 0;
}

}  // namespace walbrook::app
