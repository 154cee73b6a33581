// walbrook sql: one statement that only reads, answered by the run that holds the destination or by the file itself.
#include <unistd.h>

#include "app/commands.h"
#include "app/result_text.h"
#include "app/stored_names.h"
#include "app/terminal.h"
#include "serve/local_server.h"

namespace walbrook::app {
namespace {

serve::SqlAnswer ask(const CommandLine& line) {
  using destination::NestedCells;
  const auto nested = line.sql_format == SqlFormat::json ? NestedCells::json : NestedCells::text;
  if (auto answer = serve::ask_sql(serve::socket_path(line.destination.url), line.sql, nested))
    return *std::move(answer);
  auto destination = destination::open_destination(line.destination);
  static_cast<void>(destination->open());
  auto named = line;
  take_stored_names(named, destination);
  const auto session = destination->open_read_session();
  serve::SqlAnswer answer;
  answer.result = session->query(line.sql, nested);
  answer.lsn = session->lsn();
  return answer;
}

}  // namespace

int sql_command(const CommandLine& line) {
  const auto answer = ask(line);
  switch (line.sql_format) {
    case SqlFormat::csv:
      write_result(as_csv(answer.result));
      break;
    case SqlFormat::json:
      write_result(as_json(answer));
      break;
    case SqlFormat::table:
      write_result(as_table(answer.result));
      write_result(coloured(footer(answer), Colour::dim, wants_colour(STDOUT_FILENO)) + "\n");
      break;
  }
  return 0;
}

}  // namespace walbrook::app
