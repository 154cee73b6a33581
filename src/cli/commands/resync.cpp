#include "cli/commands/resync.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/pipeline/found_pipeline.h"
#include "cli/pipeline/pipeline_json.h"
#include "cli/terminal.h"
#include "replication/core/resync.h"
#include "serve/local_client.h"
#include "serve/local_server.h"
#include "serve/socket_path.h"

namespace walbrook::cli {
namespace {

struct Holder {
  std::string pipeline, destination;
  bool runs = false;
};

// Closes the file before it returns.
Holder find_holder(CommandLine& line) {
  const FoundPipeline found(line);
  take_meant_tables(found, line.pipeline);
  const auto& run = found.reader.run();
  if (run && run->pipeline != found.name()) {
    throw Error(ErrorKind::destination,
                fmt::format("nothing is resynced: a run of pipeline {} holds {}", printable(run->pipeline),
                            found.reader.name()),
                fmt::format("Try again after it has ended, or name that pipeline with --pipeline instead of {}.",
                            printable(found.name())));
  }
  return {.pipeline = found.name(), .destination = found.reader.name(), .runs = run.has_value()};
}

void ask_run(const CommandLine& line, const Holder& holder) {
  if (serve::ask_resync(serve::socket_path(line.destination.url, holder.pipeline), line.pipeline.tables)) return;
  throw Error(ErrorKind::destination,
              fmt::format("nothing is resynced: the run that held {} ended during the request", holder.destination),
              "Try again.");
}

void mark(const CommandLine& line, const Holder& holder) {
  auto options = line.destination;
  options.pipeline = holder.pipeline;  // the flags may leave it out
  options.read_only = false;
  replication::mark_for_resync(*destination::open_destination(options), line.pipeline.tables);
}

}  // namespace

int resync_command(const CommandLine& given) {
  auto line = given;
  const auto holder = find_holder(line);
  if (holder.runs) {
    ask_run(line, holder);
  } else {
    mark(line, holder);
  }
  auto names = nlohmann::ordered_json::array();
  std::string text;
  for (const auto& table : line.pipeline.tables) {
    names.push_back(table.full_name());
    text +=
        fmt::format("{} is resynced by the {} run\n", printable(table.full_name()), holder.runs ? "present" : "next");
  }
  write_result(line.json ? as_document({{"pipeline", holder.pipeline},
                                        {"destination", holder.destination},
                                        {"tables", names},
                                        {"by", holder.runs ? "present run" : "next run"}})
                         : text);
  return 0;
}

}  // namespace walbrook::cli
