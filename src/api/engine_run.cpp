#include "api/engine_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <thread>
#include <utility>

#include "api/published_tables.h"
#include "api/run_progress.h"
#include "api/schema_changes.h"
#include "api/source_access.h"
#include "base/mask_secrets.h"
#include "base/snake_case.h"
#include "destination/place.h"
#include "destination/stored_state.h"
#include "postgres/slot/slot.h"
#include "replication/runtime/run.h"

namespace walbrook::api {
namespace {

using destination::Destination;
using destination::OutputState;

constexpr milliseconds progress_interval{200};

// A pipeline's tables in one dataset are not moved to another one automatically.
void check_dataset(const PipelineState& state, const destination::State& known) {
  for (const auto& table : known.outputs) {
    const bool stays = table.state == OutputState::removed || table.state == OutputState::loaded;
    if (stays || table.columns == nullptr) continue;
    const auto& wanted = state.dataset_name.empty() ? table.schema : state.dataset_name;
    if (table.target_schema == wanted) continue;
    // An earlier run may have named the schema by another naming; such a table is moved.
    if (state.dataset_name.empty() && table.target_schema == snake_case(table.schema)) continue;
    throw Error(ErrorKind::configuration,
                fmt::format("pipeline {} keeps {} in dataset {}, not in {}", state.pipeline_name,
                            dotted(table.schema, table.name), table.target_schema, wanted),
                "Give another dataset another pipeline_name, or drop() the pipeline first.",
                {.setting = "dataset_name", .table = dotted(table.schema, table.name)});
  }
}

replication::RunOptions run_options(const PipelineState& state, const RunPlan& plan, const PublishedTables& source) {
  replication::RunOptions options;
  options.conninfo = plan.conninfo;
  options.pipeline = state.key;
  options.slot = plan.slot;
  options.publication = plan.publication;
  options.keyless = plan.keyless;
  options.tables = source.named(plan.tables, "table_names");
  options.dataset = state.dataset_name;
  options.style = state.style;
  options.snapshot = false;
  options.copy_joining = true;
  options.copy_again = source.named(plan.copy_again, "snapshot");
  options.include_columns = source.named(plan.include_columns, "include_columns");
  options.overrides = source.with_schemas(plan.overrides);
  options.confirm = plan.confirm;
  options.accept_new_system = plan.accept_new_system;
  options.standby = plan.standby;
  options.snapshot_wait = plan.snapshot_wait;
  options.spool_dir =
      state.spool_dir.empty() ? destination::default_spool_folder(state.destination_url) : state.spool_dir;
  options.max_spool_size = state.max_spool_size;
  options.adoption = replication::Adoption::of_same_owner;  // the slot that a resource names is the pipeline's
  return options;
}

// Runs the engine, and reports applied changes meanwhile.
replication::RunSummary execute(replication::Run& run, RunProgress& progress, const std::stop_source& stop) {
  std::jthread ticker([&](const std::stop_token& ended) {
    while (!ended.stop_requested()) {
      std::this_thread::sleep_for(progress_interval / 4);
      const auto counts = run.status().applied;
      progress.applied(counts.inserts + counts.updates + counts.deletes);
    }
  });
  auto summary = run.execute(stop.get_token());
  ticker.request_stop();
  ticker.join();
  const auto counts = run.status().applied;
  progress.applied(counts.inserts + counts.updates + counts.deletes);
  return summary;
}

std::vector<TableLoad> table_loads(const replication::RunStatus& status, const destination::State& now,
                                   const std::set<std::string>& copied) {
  std::map<std::string, const replication::RunStatus::Table*> by_name;
  for (const auto& table : status.tables) by_name[dotted(table.schema, table.name)] = &table;
  std::vector<TableLoad> loads;
  for (const auto& record : now.outputs) {
    TableLoad load{.name = dotted(record.schema, record.name),
                   .target = dotted(record.target_schema, record.target_name),
                   .state = std::string(destination::to_string(record.state)),
                   .reason = record.reason,
                   .suspect = record.suspect};
    if (record.state == OutputState::copying) {
      load.reason = "its copy was stopped; the next run copies it from the beginning";
    }
    if (const auto seen = by_name.find(load.name); seen != by_name.end()) {
      const auto& table = *seen->second;
      load.copied = copied.contains(load.name) && record.state == OutputState::streaming;
      if (load.copied) load.copied_rows = table.copied_rows;
      load.inserts = table.inserts;
      load.updates = table.updates;
      load.deletes = table.deletes;
      load.changes = load.inserts + load.updates + load.deletes;
    }
    loads.push_back(std::move(load));
  }
  return loads;
}

LoadInfo describe(const PipelineState& state, const Destination& destination, const destination::State& now) {
  LoadInfo info{.pipeline_name = state.pipeline_name,
                .dataset_name = state.dataset_name,
                .destination = destination.name(),
                .first_lsn = {},
                .last_lsn = now.checkpoint ? now.checkpoint->lsn.to_string() : std::string(),
                .tables = {},
                .schema_changes = {}};
  return info;
}

// A suspended table throws, after everything else is done.
void throw_suspended(const std::vector<replication::SuspendedTable>& tables) {
  if (tables.empty()) return;
  std::string cause;
  for (const auto& [table, commit_lsn] : tables) {
    cause += fmt::format("{}table {} is suspended: {}", cause.empty() ? "" : "; ", dotted(table.schema, table.name),
                         table.reason);
  }
  const auto& [first, commit_lsn] = tables.front();
  throw Error(
      ErrorKind::data, cause, "The other tables continue. The next run copies it again.",
      {.table = dotted(first.schema, first.name), .lsn = commit_lsn.is_set() ? commit_lsn.to_string() : std::string()});
}

void throw_postponed(const std::vector<replication::Postponed>& tables) {
  if (tables.empty()) return;
  std::string cause;
  for (const auto& [table, remedy] : tables) {
    cause += fmt::format("{}table {} could not be copied: {}", cause.empty() ? "" : "; ",
                         dotted(table.schema, table.name), table.reason);
  }
  const auto& [first, remedy] = tables.front();
  auto then = remedy;
  if (!then.empty()) then += " ";
  then += "The other tables continue. The next run copies it.";
  throw Error(ErrorKind::data, cause, std::move(then), {.table = dotted(first.schema, first.name)});
}

// So does a table whose rows may differ from the source.
void throw_suspect(const std::vector<destination::OutputRecord>& tables) {
  if (tables.empty()) return;
  const auto& first = tables.front();
  throw Error(ErrorKind::data,
              fmt::format("table {} is suspect, its rows may differ from the source: {}",
                          dotted(first.schema, first.name), first.suspect),
              "The table continues to stream. A run with its SnapshotResource copies it again.",
              {.table = dotted(first.schema, first.name)});
}

}  // namespace

ErrorFacts facts_of(const PipelineState& state) {
  return {.pipeline = state.pipeline_name, .destination = mask_secrets(state.destination_url)};
}

destination::DestinationOptions destination_options(const PipelineState& state) {
  return {.url = state.destination_url,
          .pipeline = state.key,
          .extension_directory = state.extension_directory,
          .primary_key = state.primary_key,
          .lake = state.lake,
          .create_types = state.create_types,
          .enum_columns = state.enum_columns,
          .owner = state.owner,
          .busy = state.busy};
}

LoadInfo run_engine(PipelineState& state, const RunPlan& plan) {
  const auto started = std::chrono::system_clock::now();
  state.callback_failure = nullptr;
  PublishedTables source(plan.conninfo, plan.slot, plan.publication, plan.keyless);
  const auto options = run_options(state, plan, source);
  const auto destination = destination::open_destination(destination_options(state));
  source.check(options.include_columns, *destination);
  const auto before = destination->open();
  check_dataset(state, before);

  std::stop_source stop;
  const std::stop_callback forward(plan.stop, [&stop] { stop.request_stop(); });
  RunProgress progress(state.progress, stop);
  replication::Run run(options, *destination, progress);
  const auto summary = execute(run, progress, stop);
  state.callback_failure = progress.failure();
  const auto now = destination->read_state();

  auto info = describe(state, *destination, now);
  info.first_lsn = before.checkpoint ? before.checkpoint->lsn.to_string() : std::string();
  info.load_id = now.newest_load > before.newest_load ? now.newest_load : 0;
  info.batches = summary.applied.loads;
  info.transactions = summary.applied.transactions;
  info.truncates = summary.applied.truncates;
  info.tables = table_loads(run.status(), now, progress.copied());
  std::erase_if(info.tables, [](const TableLoad& table) { return table.state == "loaded"; });
  info.schema_changes = schema_changes(before.outputs, now.outputs, *destination);
  info.started_at = started;
  info.seconds = std::chrono::duration<double>(std::chrono::system_clock::now() - started).count();
  info.copy_seconds = summary.copy_seconds;
  info.apply_seconds = summary.apply_seconds;
  info.stopped = stop.stop_requested();
  state.last_load = info;
  if (!state.callback_failure) {
    throw_suspended(summary.suspended);
    throw_postponed(summary.postponed);
    throw_suspect(summary.suspect);
  }
  return info;
}

std::optional<LoadInfo> newest_load(const PipelineState& state) {
  auto options = destination_options(state);
  options.read_only = true;
  const auto destination = destination::open_destination(options);
  if (!destination::is_there(options.url)) return std::nullopt;
  const auto now = destination->open();
  if (!now.checkpoint && now.outputs.empty()) return std::nullopt;
  auto info = describe(state, *destination, now);
  info.tables = table_loads({}, now, {});
  const auto session = destination::query_engine_of(*destination).open_session();
  const auto stored =
      destination::stored_state(options.url, [&session](const std::string& sql) { return session->query(sql); });
  const auto loads = stored->loads(state.key, 1);
  if (loads.empty()) return info;
  const auto& load = loads.front();
  info.load_id = load.id;
  info.batches = load.of_copies() ? 0 : 1;
  info.transactions = load.transactions;
  info.truncates = load.truncates;
  for (auto& table : info.tables) {
    const auto changed = std::ranges::find(load.tables, table.name, &std::pair<std::string, std::uint64_t>::first);
    if (changed == load.tables.end()) continue;
    table.copied = load.of_copies();
    (table.copied ? table.copied_rows : table.changes) = changed->second;
  }
  info.started_at = load.started;
  info.seconds = std::chrono::duration<double>(load.finished - load.started).count();
  info.apply_seconds = info.seconds;
  info.first_lsn = load.first_commit.is_set() ? load.first_commit.to_string() : "";
  return info;
}

void compact(const PipelineState& state) {
  const auto options = destination_options(state);
  const auto destination = destination::open_destination(options);
  auto& compactor = destination::compactor_of(*destination);
  if (!destination::is_there(options.url)) return;
  static_cast<void>(destination->open());
  compactor.compact();
}

void drop_pipeline(const PipelineState& state) {
  const auto options = destination_options(state);
  if (!destination::is_there(options.url)) return;
  const auto destination = destination::open_destination(options);
  static_cast<void>(destination->open());
  destination->drop(destination::DropScope::pipeline);
}

}  // namespace walbrook::api
