#include "cli/pipeline/pipeline.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <map>

#include "base/mask_secrets.h"
#include "cli/commands/stored_names.h"
#include "cli/pipeline/found_pipeline.h"
#include "cli/pipeline/pipeline_drop.h"
#include "cli/pipeline/pipeline_schema.h"
#include "cli/pipeline/pipeline_sync.h"
#include "cli/pipeline/pipeline_text.h"
#include "cli/terminal.h"
#include "destination/place.h"
#include "serve/local_client.h"
#include "serve/socket_path.h"
#include "serve/wire_json.h"

namespace walbrook::cli {
namespace {

using destination::StoredPipeline;
using destination::StoredState;

// A list reports no error for a file that does not exist yet.
ListedPipelines list_one_file(const std::string& url, const std::string& extension_directory) {
  ListedPipelines listed;
  try {
    const destination::DestinationOptions options{
        .url = url, .pipeline = {}, .read_only = true, .memory_limit = {}, .extension_directory = extension_directory};
    if (!destination::is_there(url)) {
      listed.error = "has not run yet";
      return listed;
    }
    const DestinationReader reader(options, serve::socket_path(url, ""));
    for (const auto& socket : serve::sockets_of_all(url)) {
      if (const auto run = serve::ask_status(socket)) listed.running.insert(serve::status_from_json(*run).pipeline);
    }
    listed.stored = reader.stored()->pipelines();
  } catch (const Error& error) {
    listed.error = error.cause();
  }
  return listed;
}

// Lists the configured pipelines, then the other pipelines that their files hold.
std::vector<PipelineRow> list_pipelines(const CommandLine& line) {
  std::map<std::string, ListedPipelines> files;
  const auto file_of = [&](const std::string& url) -> ListedPipelines& {
    const auto [at, is_new] = files.try_emplace(url);
    if (is_new) at->second = list_one_file(url, line.destination.extension_directory);
    return at->second;
  };
  std::vector<PipelineRow> rows;
  for (const auto& listed : line.pipeline.listed) {
    auto& file = file_of(listed.destination);
    PipelineRow row{.name = listed.name,
                    .destination = mask_secrets(listed.destination),
                    .configured = true,
                    .by_default = listed.by_default,
                    .stored = std::nullopt,
                    .error = file.error};
    const auto found = std::ranges::find(file.stored, listed.name, &StoredPipeline::name);
    if (found != file.stored.end()) {
      row.stored = *found;
      row.runs = file.running.contains(listed.name);
      file.stored.erase(found);
    } else if (!line.destination.url.empty()) {
      continue;  // its file is listed below with all that it holds
    } else if (row.error.empty()) {
      row.error = "has not run yet";
    }
    rows.push_back(std::move(row));
  }
  if (!line.destination.url.empty()) {
    const auto& file = file_of(line.destination.url);
    if (rows.empty() && !file.error.empty()) {
      throw Error(ErrorKind::destination, fmt::format("{}: {}", mask_secrets(line.destination.url), file.error),
                  "Name another one with --destination.");
    }
  }
  for (const auto& [url, file] : files) {
    for (const auto& stored : file.stored) {
      rows.push_back({.name = stored.name, .destination = mask_secrets(url), .stored = stored, .error = {}});
      rows.back().runs = file.running.contains(stored.name);
    }
  }
  return rows;
}

int list_action(const CommandLine& line) {
  const auto rows = list_pipelines(line);
  write_result(line.json ? list_json(rows) : list_text(rows));
  return 0;
}

int look(const CommandLine& line) {
  const FoundPipeline found(line);
  switch (line.pipeline.action) {
    case PipelineAction::loads: {
      const auto loads = found.state->loads(found.name(), line.pipeline.limit);
      write_result(line.json ? loads_json(found.name(), loads) : loads_text(loads));
      return 0;
    }
    case PipelineAction::trace: {
      // Reads one more load: its end is where the schema changes of the oldest shown load begin.
      const auto loads = found.state->loads(found.name(), line.pipeline.limit + 1);
      const auto trace = make_trace(loads, destination::schema_changes(found.state->schema_versions(found.name())),
                                    line.pipeline.limit);
      write_result(line.json ? trace_json(found.name(), trace) : trace_text(trace));
      return 0;
    }
    case PipelineAction::failed: {
      const auto tables = found.state->tables(found.name());
      write_result(line.json ? failed_json(found.name(), tables) : failed_text(found.name(), tables));
      return 0;
    }
    case PipelineAction::schema: {
      if (line.pipeline.at || line.pipeline.diff) {
        const auto versions = found.state->schema_versions(found.name());
        write_result(line.pipeline.diff ? schema_diff(versions, line.pipeline.at, line.json)
                                        : schema_at(versions, *line.pipeline.at, line.json));
        return 0;
      }
      const auto tables = found.state->tables(found.name());
      write_result(line.json ? schema_json(found.stored, tables) : found.state->definitions(found.stored, tables));
      return 0;
    }
    default: {
      const PipelineFacts facts{
          .stored = found.stored,
          .publication = found.publication(),
          .destination = found.reader.name(),
          .phase = found.runs() ? std::string(replication::to_string(found.reader.run()->phase)) : "",
          .loads = found.state->load_count(found.name()),
          .tables = found.state->tables(found.name())};
      write_result(line.json ? info_json(facts) : info_text(facts));
      return 0;
    }
  }
}

}  // namespace

int pipeline_command(const CommandLine& line) {
  switch (line.pipeline.action) {
    case PipelineAction::list:
      return list_action(line);
    case PipelineAction::drop:
      return drop_action(line);
    case PipelineAction::sync:
      return sync_action(line);
    default:
      return look(line);
  }
}

}  // namespace walbrook::cli
