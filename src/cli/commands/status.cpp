#include "cli/commands/status.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "cli/commands/destination_access.h"
#include "cli/commands/status_text.h"
#include "cli/commands/stored_names.h"
#include "cli/terminal.h"
#include "destination/stored_state.h"
#include "model/same_table.h"

namespace walbrook::cli {
namespace {

// Counts the rows of the tables that readers can see, in one query and therefore at one LSN. If the query fails, the
// status is shown without counts.
RowCounts count_rows(const replication::RunStatus& status, const DestinationReader& reader) {
  RowCounts counts(status.tables.size());
  std::vector<destination::TargetName> targets;
  std::vector<std::size_t> counted;
  for (std::size_t i = 0; i < status.tables.size(); ++i) {
    const auto& table = status.tables[i];
    if (table.state != destination::OutputState::streaming && table.state != destination::OutputState::loaded) continue;
    targets.push_back({.schema = table.target_schema, .table = table.target_name});
    counted.push_back(i);
  }
  try {
    const auto rows = reader.stored()->count_rows(targets);
    for (std::size_t i = 0; i < counted.size(); ++i) counts[counted[i]] = rows[i];
  } catch (const Error&) {  // NOLINT(bugprone-empty-catch): a table just renamed or dropped has no count
  }
  return counts;
}

constexpr const char* interrupted_copy = "its copy was interrupted; the next run copies it from the beginning";

struct Shown {
  replication::RunStatus status;
  RowCounts rows;
  std::string holder;  // the pipeline whose run holds the file, if it is another one
};

bool is_run_of(const replication::RunStatus& run, const std::string& name) {
  return run.pipeline == name || run.slot == name;
}

// True if the command names no pipeline other than the running one. A name derived from the database was not given by
// the user, but it is meant if the file holds it.
bool asks_for_the_run(const CommandLine& line, const replication::RunStatus& run, const DestinationReader& reader) {
  const auto& name = line.run.pipeline;
  if (name.empty() || is_run_of(run, name)) return true;
  if (!line.pipeline_is_default) return false;
  const auto stored = reader.stored()->pipelines();
  return std::ranges::find(stored, name, &destination::StoredPipeline::name) == stored.end();
}

// Returns what the last run of a pipeline left, even while another run holds the file.
Shown read_left(const CommandLine& given, const DestinationReader& reader) {
  const auto state = reader.stored();
  const auto line = with_stored_names(given, *state);
  const auto all = state->pipelines();
  const auto stored = std::ranges::find(all, line.run.pipeline, &destination::StoredPipeline::name);
  Shown left;
  auto& status = left.status;
  status.pipeline = line.run.pipeline;
  status.slot = line.run.slot;
  status.destination = reader.name();
  status.phase = replication::Phase::stopped;
  if (stored != all.end()) {
    if (!stored->checkpoint.slot.empty()) status.slot = stored->checkpoint.slot;
    status.checkpoint = stored->checkpoint.lsn;
  }
  for (const auto& table : state->tables(line.run.pipeline)) {
    const auto& record = table.record;
    const bool is_interrupted = record.state == destination::OutputState::copying;
    auto& shown = status.tables.emplace_back();
    shown = {.schema = record.schema,
             .name = record.name,
             .target_schema = record.target_schema,
             .target_name = record.target_name,
             .state = record.state,
             .reason = is_interrupted ? interrupted_copy : record.reason,
             .suspect = record.suspect,
             .resync_where = record.resync_where};
    replication::show_suspension(record, shown);
  }
  left.rows = count_rows(status, reader);
  if (reader.run()) left.holder = reader.run()->pipeline;
  return left;
}

// Marks tables as the next run will find them: no record exists of changes made to the file since the last run.
void note_altered_targets(destination::DestinationOptions options, replication::RunStatus& status) {
  options.pipeline = status.pipeline;
  options.read_only = true;
  const auto destination = destination::open_destination(options);
  const auto state = destination->open();
  for (const auto& [record, altered] : altered_targets(*destination, state)) {
    const auto table = std::ranges::find_if(status.tables, [&record = record](const auto& each) {
      return means_same_table(each, record) && each.state != destination::OutputState::loaded;
    });
    if (table == status.tables.end()) continue;
    const bool name_conflict = altered.kind == destination::TargetFinding::Kind::name_conflict;
    if (table->by_request) continue;
    table->state = name_conflict ? destination::OutputState::suspended : destination::OutputState::pending;
    table->reason = name_conflict ? altered.reason : altered.reason + "; the next run resyncs it";
  }
}

Shown shown(const CommandLine& line) {
  std::optional<DestinationReader> reader(std::in_place, line);
  if (!reader->run() || !asks_for_the_run(line, *reader->run(), *reader)) {
    auto left = read_left(line, *reader);
    const bool is_held = reader->run().has_value();
    reader.reset();
    if (!is_held) note_altered_targets(line.destination, left.status);
    return left;
  }
  Shown run{.status = *reader->run(), .rows = {}, .holder = {}};
  run.rows = count_rows(run.status, *reader);
  return run;
}

}  // namespace

int status_command(const CommandLine& line) {
  const auto [status, rows, holder] = shown(line);
  write_result(line.json ? status_json(status, rows, holder) : status_text(status, rows, holder));
  return 0;
}

}  // namespace walbrook::cli
