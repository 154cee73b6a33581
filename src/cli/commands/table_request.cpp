#include "cli/commands/table_request.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/pipeline/found_pipeline.h"
#include "cli/pipeline/pipeline_json.h"
#include "cli/terminal.h"
#include "serve/local_client.h"
#include "serve/local_server.h"
#include "serve/socket_path.h"

namespace walbrook::cli {
namespace {

using replication::Requested;

struct Holder {
  std::string pipeline, destination;
  bool runs = false;
};

// Closes the file before it returns.
Holder find_holder(CommandLine& line, Requested what) {
  const FoundPipeline found(line);
  take_meant_tables(found, line.pipeline);
  const auto& run = found.reader.run();
  if (run && run->pipeline != found.name()) {
    throw Error(ErrorKind::destination,
                fmt::format("nothing is {}: a run of pipeline {} holds {}", done_word(what), printable(run->pipeline),
                            found.reader.name()),
                fmt::format("Try again after it has ended, or name that pipeline with --pipeline instead of {}.",
                            printable(found.name())));
  }
  return {.pipeline = found.name(), .destination = found.reader.name(), .runs = run.has_value()};
}

void ask_run(const CommandLine& line, const Holder& holder, Requested what) {
  if (serve::ask_request(serve::socket_path(line.destination.url, holder.pipeline), what, line.pipeline.tables)) return;
  throw Error(
      ErrorKind::destination,
      fmt::format("nothing is {}: the run that held {} ended during the request", done_word(what), holder.destination),
      "Try again.");
}

void store(const CommandLine& line, const Holder& holder, Requested what) {
  auto options = line.destination;
  options.pipeline = holder.pipeline;  // the flags may leave it out
  options.read_only = false;
  replication::store_request(what, *destination::open_destination(options), line.pipeline.tables);
}

std::string result_text(const CommandLine& line, Requested what, const std::string& by) {
  std::string text;
  for (const auto& table : line.pipeline.tables) {
    const auto name = printable(table.full_name());
    text += what == Requested::suspend ? fmt::format("{} is suspended until walbrook resume\n", name)
                                       : fmt::format("{} is {} by the {}\n", name, done_word(what), by);
  }
  return text;
}

}  // namespace

int request_command(const CommandLine& given, Requested what) {
  auto line = given;
  const auto holder = find_holder(line, what);
  if (holder.runs) {
    ask_run(line, holder, what);
  } else {
    store(line, holder, what);
  }
  const std::string by = holder.runs ? "present run" : "next run";
  if (!line.json) {
    write_result(result_text(line, what, by));
    return 0;
  }
  auto names = nlohmann::ordered_json::array();
  for (const auto& table : line.pipeline.tables) names.push_back(table.full_name());
  nlohmann::ordered_json document = {
      {"pipeline", holder.pipeline}, {"destination", holder.destination}, {"tables", names}};
  if (what != Requested::suspend) document["by"] = by;  // a suspension holds at once
  write_result(as_document(document));
  return 0;
}

}  // namespace walbrook::cli
