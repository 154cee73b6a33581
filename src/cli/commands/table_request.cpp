#include "cli/commands/table_request.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/pipeline/found_pipeline.h"
#include "cli/pipeline/pipeline_json.h"
#include "cli/terminal.h"
#include "postgres/connection/connection.h"
#include "postgres/snapshot/part_condition.h"
#include "replication/core/part_request.h"
#include "serve/local_client.h"
#include "serve/local_server.h"
#include "serve/socket_path.h"

namespace walbrook::cli {
namespace {

using replication::Requested;

struct Holder {
  std::string pipeline, destination;
  bool runs = false;
  TableSchemaRef columns;  // of the table, where a part of it is to be copied again
};

// The columns of the table, as its copy has them. Throws if no part of it can be copied again.
TableSchemaRef columns_of_part(const FoundPipeline& found, const postgres::TableName& name) {
  destination::State state;
  for (const auto& table : found.state->tables(found.name())) state.outputs.push_back(table.record);
  return replication::check_part_request(state, name);
}

// Asks the source, before the request is stored.
void check_where(const CommandLine& line, const TableSchema& columns) {
  auto connection = postgres::Connection::open(line.run.conninfo, postgres::ConnectionUse::catalog);
  postgres::check_condition(connection, columns, line.pipeline.where);
}

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
  Holder holder{.pipeline = found.name(), .destination = found.reader.name(), .runs = run.has_value(), .columns = {}};
  if (!line.pipeline.where.empty()) holder.columns = columns_of_part(found, line.pipeline.tables.front());
  return holder;
}

void ask_run(const CommandLine& line, const Holder& holder, Requested what) {
  if (serve::ask_request(serve::socket_path(line.destination.url, holder.pipeline), what, line.pipeline.tables,
                         line.pipeline.where)) {
    return;
  }
  throw Error(
      ErrorKind::destination,
      fmt::format("nothing is {}: the run that held {} ended during the request", done_word(what), holder.destination),
      "Try again.");
}

void store(const CommandLine& line, const Holder& holder, Requested what) {
  auto options = line.destination;
  options.pipeline = holder.pipeline;  // the flags may leave it out
  options.read_only = false;
  const auto destination = destination::open_destination(options);
  if (line.pipeline.where.empty()) {
    replication::store_request(what, *destination, line.pipeline.tables);
  } else {
    replication::store_part_request(*destination, line.pipeline.tables.front(), line.pipeline.where);
  }
}

std::string result_text(const CommandLine& line, Requested what, const std::string& by) {
  std::string text;
  for (const auto& table : line.pipeline.tables) {
    const auto name = printable(table.full_name());
    if (!line.pipeline.where.empty()) {
      text += fmt::format("rows of {} are resynced by the {}\n", name, by);
      continue;
    }
    text += what == Requested::suspend ? fmt::format("{} is suspended until walbrook resume\n", name)
                                       : fmt::format("{} is {} by the {}\n", name, done_word(what), by);
  }
  return text;
}

}  // namespace

int request_command(const CommandLine& given, Requested what) {
  auto line = given;
  const auto holder = find_holder(line, what);
  if (holder.columns != nullptr) check_where(line, *holder.columns);
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
  if (!line.pipeline.where.empty()) document["where"] = line.pipeline.where;
  if (what != Requested::suspend) document["by"] = by;  // a suspension holds at once
  write_result(as_document(document));
  return 0;
}

}  // namespace walbrook::cli
