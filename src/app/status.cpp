// walbrook status: what the run that holds the destination is doing, or what the last one left in it.
#include <fmt/format.h>

#include <charconv>
#include <functional>

#include "app/commands.h"
#include "app/status_text.h"
#include "app/stored_names.h"
#include "app/terminal.h"
#include "serve/local_server.h"

namespace walbrook::app {
namespace {

using Ask = std::function<std::optional<destination::QueryResult>(const std::string& sql)>;

// The name as DuckDB reads it.
std::string quoted(const std::string& name) {
  std::string text = "\"";
  for (const char c : name) {
    if (c == '"') text += '"';
    text += c;
  }
  return text + '"';
}

// Of the tables that readers can see, in one query and so at one LSN. Without an answer the status is shown all the
// same.
RowCounts count_rows(const pipeline::RunStatus& status, const Ask& ask) {
  RowCounts counts(status.tables.size());
  std::string sql;
  std::vector<std::size_t> counted;
  for (std::size_t i = 0; i < status.tables.size(); ++i) {
    const auto& table = status.tables[i];
    if (table.state != "streaming" && table.state != "loaded") continue;
    sql += fmt::format("{}(SELECT count(*) FROM {}.{})", sql.empty() ? "SELECT " : ", ", quoted(table.target_schema),
                       quoted(table.target_name));
    counted.push_back(i);
  }
  if (counted.empty()) return counts;
  try {
    const auto result = ask(sql);
    if (!result || result->rows.empty()) return counts;
    for (std::size_t i = 0; i < counted.size(); ++i) {
      const std::string text = result->rows[0][i].value_or("");
      std::uint64_t rows = 0;
      if (std::from_chars(text.data(), text.data() + text.size(), rows).ec == std::errc{}) counts[counted[i]] = rows;
    }
  } catch (const Error&) {
    // A table that was just renamed or dropped: the numbers are left out.
  }
  return counts;
}

struct Answer {
  pipeline::RunStatus status;
  RowCounts rows;
};

std::optional<Answer> ask_run(const std::string& path) {
  const auto answer = serve::ask_status(path);
  if (!answer) return std::nullopt;
  Answer told;
  told.status = serve::status_from_json(*answer);
  told.rows = count_rows(told.status, [&path](const std::string& sql) -> std::optional<destination::QueryResult> {
    auto counts = serve::ask_sql(path, sql);
    if (!counts) return std::nullopt;
    return std::move(counts->result);
  });
  return told;
}

Answer read_left(const CommandLine& given) {
  auto line = given;
  auto destination = destination::open_destination(line.destination);
  static_cast<void>(destination->open());
  take_stored_names(line, destination);
  const auto state = destination->open();
  Answer left;
  auto& status = left.status;
  status.pipeline = line.run.pipeline;
  status.slot = state.checkpoint ? state.checkpoint->slot : line.run.slot;
  status.destination = destination->name();
  status.phase = "stopped";
  if (state.checkpoint) status.checkpoint = state.checkpoint->lsn;
  for (const auto& record : state.tables) {
    const bool interrupted = record.state == destination::TableState::copying;
    status.tables.push_back(
        {.schema = record.schema,
         .name = record.name,
         .target_schema = record.target_schema,
         .target_name = record.target_name,
         .state = std::string(destination::to_string(record.state)),
         .reason = interrupted ? "its copy was interrupted; the next run copies it from the beginning" : record.reason,
         .suspect = record.suspect});
  }
  const auto session = destination->open_read_session();
  left.rows = count_rows(status, [&session](const std::string& sql) { return session->query(sql); });
  return left;
}

}  // namespace

int status_command(const CommandLine& line) {
  auto answer = ask_run(serve::socket_path(line.destination.url));
  if (!answer) answer = read_left(line);
  write_result(line.json ? status_json(answer->status, answer->rows) : status_text(answer->status, answer->rows));
  return 0;
}

}  // namespace walbrook::app
