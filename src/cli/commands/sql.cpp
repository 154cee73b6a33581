#include "cli/commands/sql.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <utility>

#include "cli/commands/destination_access.h"
#include "cli/commands/result_text.h"
#include "cli/pipeline/found_pipeline.h"
#include "cli/terminal.h"
#include "serve/local_client.h"
#include "serve/local_server.h"
#include "serve/wire_json.h"

namespace walbrook::cli {
namespace {

// Returns the name of the pipeline whose LSN `--at` is. Closes the destination before it returns.
std::string pipeline_to_ask(CommandLine line) {
  line.destination.at.reset();
  return FoundPipeline(line).name();
}

serve::SqlAnswer ask(const CommandLine& line) {
  using destination::NestedCells;
  const auto nested = line.sql_format == SqlFormat::json ? NestedCells::json : NestedCells::text;
  const auto tell = [](std::size_t ahead) {
    spdlog::info("the run answers other queries first: {} {} before this one", ahead, ahead == 1 ? "goes" : "go");
  };
  auto options = line.destination;
  if (options.at) {
    options.pipeline = pipeline_to_ask(line);
  } else {
    auto answer = serve::ask_sql(meant_socket(line),
                                 {.sql = line.sql, .nested = nested, .pipeline = line.run.pipeline, .waits = tell});
    if (answer) return *std::move(answer);
  }
  const auto destination = destination::open_destination(options);
  static_cast<void>(destination->open());
  const auto session = destination::query_engine_of(*destination)
                           .open_session({.pipeline = line.run.pipeline, .limits = line.query_limits});
  auto result = session->query(line.sql, nested);
  return serve::sql_answer(std::move(result), session->positions());
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

}  // namespace walbrook::cli
