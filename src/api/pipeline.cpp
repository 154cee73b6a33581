#include "walbrook/pipeline.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <ctime>
#include <mutex>
#include <utility>

#include "api/engine_run.h"
#include "api/query_stream.h"
#include "api/resources.h"
#include "api/source_access.h"
#include "api/stream_run.h"
#include "base/destination_name.h"
#include "base/error.h"
#include "config/configuration.h"

namespace walbrook {
namespace {

void check_name(const std::string& name) {
  const bool plain = !name.empty() && std::ranges::all_of(name, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.' || c >= 0x80;
  });
  if (plain) return;
  throw Error(ErrorKind::configuration, fmt::format("pipeline_name \"{}\" is not a name for a pipeline", name),
              "Use letters, digits, '_', '-' and '.'.", {.setting = "pipeline_name"});
}

// Returns the current time, later than any that it returned before, so that two objects of the same second differ.
std::time_t second_of_its_own() {
  static std::mutex mutex;
  static std::time_t newest = 0;
  const std::lock_guard lock(mutex);
  newest = std::max(newest + 1, std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()));
  return newest;
}

[[noreturn]] void refuse_option(const std::string& setting, const std::string& cause, const std::string& hint) {
  throw Error(ErrorKind::configuration, setting + cause, hint, {.setting = setting});
}

destination::WhenBusy parse_file_busy(const std::string& text) {
  if (text.empty() || text == "wait") return destination::WhenBusy::wait;
  if (text == "throw") return destination::WhenBusy::error;
  refuse_option("file_busy", fmt::format(" \"{}\" is not known", text), "Known: wait, throw.");
}

// Checks the options of a run of resources.
void check_run_options(const PipelineRunOptions& options, bool of_snapshots) {
  const auto& disposition = options.write_disposition;
  if (!disposition.empty() && disposition != "merge" && !(of_snapshots && disposition == "replace")) {
    refuse_option(
        "write_disposition",
        fmt::format(" \"{}\": a target table equals the source, which \"merge\" means{}; changes are not kept as "
                    "separate rows",
                    disposition, of_snapshots ? " (and \"replace\", for snapshots)" : ""),
        of_snapshots ? "Leave it out."
                     : "Leave it out. To keep each change as a row, run what batches() hands out as a stream.");
  }
  if (!options.table_name.empty()) {
    refuse_option("table_name", ": the tables of a publication are named as in the source",
                  "Leave it out; dataset_name sets their schema.");
  }
  if (!options.primary_key.empty()) {
    refuse_option("primary_key", ": rows of a publication are found by its replica identity", "Leave it out.");
  }
}

ErrorFacts facts_of(const api::PipelineState& state, const api::RunPlan& plan) {
  auto facts = api::facts_of(state);
  facts.slot = plan.slot;
  facts.publication = plan.publication;
  return facts;
}

}  // namespace

struct Pipeline::State : api::PipelineState {};

Pipeline::Pipeline(PipelineOptions options) : state_(std::make_unique<State>()) {
  api::with_facts({.pipeline = options.pipeline_name}, [&] {
    check_name(options.pipeline_name);
    std::optional<config::Configuration> settings;  // read only if an option is not set
    const auto read_settings = [&]() -> const config::Configuration& {
      if (!settings) {
        settings = config::Configuration::read();
        settings->choose(options.pipeline_name);
      }
      return *settings;
    };
    const auto configured = [&](std::string_view key) {
      return read_settings().text(key).value_or(settings->fallback(config::key(key)));
    };
    const auto option_or_setting = [&](const std::string& option, std::string_view key) {
      return option.empty() ? configured(key) : option;
    };
    check_destination_kind("destination", options.destination, "destination");
    state_->destination_url = options.destination;
    if (is_destination_kind(options.destination)) {
      const auto named = read_settings().destination_of_kind(options.destination);
      state_->destination_url = named ? named->text : configured("destination.duckdb.credentials");
    }
    const auto& capabilities = destination::capabilities_of(state_->destination_url);
    destination::check_dataset_name(capabilities.names, options.dataset_name, "dataset_name");
    if (capabilities.values.source_types) {  // a PostgreSQL database
      state_->primary_key = configured("destination.postgresql.primary_key") == "true";
      state_->create_types = configured("destination.postgresql.create_types") == "true";
    }
    state_->enum_columns = configured("destination.duckdb.enum_columns") == "true";
    if (destination_words(state_->destination_url).kind == ducklake_destination) {
      const auto number = [&](std::string_view key) { return std::stoull(configured(key)); };  // keys.cpp checks it
      state_->lake = {.inline_rows = number("destination.ducklake.inline_rows"),
                      .maintenance_s = number("destination.ducklake.maintenance_interval"),
                      .keep_s = number("destination.ducklake.keep_snapshots")};
    }
    state_->pipeline_name = state_->key = options.pipeline_name;
    state_->dataset_name = options.dataset_name;
    state_->progress = std::move(options.progress);
    state_->style.naming = destination::parse_naming(option_or_setting(options.naming, "schema.naming"));
    state_->style.metadata = destination::parse_metadata(option_or_setting(options.metadata, "schema.metadata"));
    state_->busy = parse_file_busy(options.file_busy);
    const auto scheme = url_scheme(state_->destination_url);
    if (!scheme.empty() && scheme != duckdb_destination) {  // a file needs no extension
      state_->extension_directory = configured("destination.duckdb.extension_directory");
    }
    state_->spool_dir = option_or_setting(options.spool_dir, "load.spool_dir");
    state_->max_spool_size = options.max_spool_size;
    if (!options.dev_mode) return;
    if (state_->dataset_name.empty()) state_->dataset_name = options.pipeline_name + "_dataset";
    state_->dataset_name += fmt::format("_{:%Y%m%d%H%M%S}", fmt::gmtime(second_of_its_own()));
    state_->key += "_" + state_->dataset_name;
  });
}
Pipeline::~Pipeline() = default;
Pipeline::Pipeline(Pipeline&&) noexcept = default;
Pipeline& Pipeline::operator=(Pipeline&&) noexcept = default;

namespace {

LoadInfo run_plan(api::PipelineState& state, const api::RunPlan& plan) {
  auto info = api::with_facts(facts_of(state, plan), [&] { return api::run_engine(state, plan); });
  if (state.callback_failure) std::rethrow_exception(std::exchange(state.callback_failure, nullptr));
  return info;
}

}  // namespace

LoadInfo Pipeline::run(const std::vector<SnapshotResource>& snapshots, const PipelineRunOptions& options) {
  api::RunPlan plan;
  api::with_facts({.pipeline = state_->pipeline_name}, [&] {
    check_run_options(options, true);
    if (snapshots.empty()) {
      throw Error(ErrorKind::configuration, "there is no snapshot to run",
                  "init_replication returns some with .persist_snapshots = true.", {.setting = "persist_snapshots"});
    }
    const auto& first = snapshots.front().parts();
    plan = {.conninfo = first.conninfo,
            .slot = first.slot,
            .publication = first.publication,
            .accept_new_system = options.accept_new_system,
            .keyless = first.keyless,
            .standby = first.standby,
            .snapshot_wait = options.snapshot_wait,
            .stop = options.stop};
    for (const auto& snapshot : snapshots) {
      const auto& parts = snapshot.parts();
      if (parts.conninfo != plan.conninfo || parts.slot != plan.slot || parts.publication != plan.publication) {
        throw Error(ErrorKind::configuration,
                    fmt::format("snapshots of slots {} and {} cannot be run together", plan.slot, parts.slot),
                    "Run each with a pipeline of its own.", {.slot = parts.slot, .publication = parts.publication});
      }
      plan.copy_again.push_back({parts.table.schema, parts.table.name, {}});
      if (!parts.table.columns.empty()) plan.include_columns.push_back(parts.table);
      if (!parts.overrides.empty()) plan.overrides.push_back({parts.table.schema, parts.table.name, parts.overrides});
    }
  });
  return run_plan(*state_, plan);
}

LoadInfo Pipeline::run(const SnapshotResource& snapshot, const PipelineRunOptions& options) {
  return run(std::vector<SnapshotResource>{snapshot}, options);
}

LoadInfo Pipeline::run(const ReplicationResource& changes, const PipelineRunOptions& options) {
  const auto& parts = changes.parts();
  api::RunPlan plan{.conninfo = parts.conninfo,
                    .slot = parts.slot,
                    .publication = parts.publication,
                    .copy_again = {},
                    .tables = parts.tables,
                    .include_columns = parts.include_columns,
                    .overrides = {},
                    .confirm = parts.flush_slot,
                    .accept_new_system = options.accept_new_system,
                    .keyless = parts.keyless,
                    .standby = parts.standby,
                    .snapshot_wait = options.snapshot_wait,
                    .stop = options.stop};
  api::with_facts(facts_of(*state_, plan), [&] {
    check_run_options(options, false);
    plan.overrides = api::parse_overrides(parts.columns);
  });
  return run_plan(*state_, plan);
}

LoadInfo Pipeline::run(ArrowArrayStream* stream, const PipelineRunOptions& options) {
  const api::StreamPlan plan{.table_name = options.table_name,
                             .write_disposition = options.write_disposition,
                             .primary_key = options.primary_key,
                             .dev_mode = state_->key != state_->pipeline_name,
                             .stop = options.stop};
  auto info = api::with_facts(api::facts_of(*state_), [&] { return api::run_stream(*state_, stream, plan); });
  if (state_->callback_failure) std::rethrow_exception(std::exchange(state_->callback_failure, nullptr));
  return info;
}

const std::string& Pipeline::dataset_name() const {
  return state_->dataset_name;
}
const std::string& Pipeline::pipeline_name() const {
  return state_->pipeline_name;
}
const std::optional<LoadInfo>& Pipeline::last_load() const {
  return state_->last_load;
}

const std::optional<LoadInfo>& Pipeline::sync() {
  api::with_facts(api::facts_of(*state_), [this] { state_->last_load = api::newest_load(*state_); });
  return state_->last_load;
}

ArrowArrayStream Pipeline::query(const std::string& sql, const PipelineQueryOptions& options) const {
  return api::with_facts(api::facts_of(*state_), [&] { return api::open_query(*state_, sql, options); });
}

void Pipeline::compact() {
  api::with_facts(api::facts_of(*state_), [this] { api::compact(*state_); });
}

void Pipeline::drop() {
  api::with_facts(api::facts_of(*state_), [this] { api::drop_pipeline(*state_); });
  state_->last_load.reset();
}

Pipeline pipeline(PipelineOptions options) {
  return Pipeline(std::move(options));
}

}  // namespace walbrook
