#include "cli/command_line_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <utility>

#include "base/destination_name.h"
#include "base/mask_secrets.h"
#include "base/names.h"
#include "base/publication_list.h"
#include "base/text.h"
#include "base/user_paths.h"
#include "cli/command_line_decode.h"
#include "cli/command_line_overrides.h"
#include "cli/command_line_pipeline.h"
#include "cli/commands/credentials.h"
#include "config/configuration.h"
#include "postgres/connection/conninfo.h"
#include "postgres/slot/default_name.h"

namespace walbrook::cli {
namespace {

constexpr std::string_view credentials_key = "sources.pg_replication.credentials";
constexpr std::string_view slot_key = "sources.pg_replication.slot_name";
constexpr std::string_view publication_key = "sources.pg_replication.pub_name";
constexpr std::string_view destination_key = "destination.duckdb.credentials";

void enter_project(const std::string& given) {
  const auto folder = expand_home(given);
  std::error_code failed;
  std::filesystem::current_path(folder, failed);
  if (failed) {
    throw Error(ErrorKind::configuration, fmt::format("--project {}: {}", printable(folder), failed.message()),
                "Name a folder, or create one: walbrook init.");
  }
}

void make_project(const std::string& given) {
  const auto folder = expand_home(given);
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed) {
    throw Error(ErrorKind::destination,
                fmt::format("--project {} cannot be created: {}", printable(folder), failed.message()),
                "Name a folder that this user may write to.");
  }
  enter_project(folder);
}

[[noreturn]] void refuse_pipeline(const config::Configuration& settings, const std::string& name) {
  const auto& known = settings.pipelines();
  const auto meant = nearest(name, known);
  const auto place = settings.folder().empty()
                         ? std::string("there is no .walbrook/config.toml here")
                         : fmt::format("{} has no [pipelines.{}]", settings.folder(), printable(mask_secrets(name)));
  const auto list =
      known.empty()
          ? std::string("Name its destination (--destination URL), or create a project folder: walbrook init.")
          : fmt::format("Pipelines: {}.", fmt::join(known, ", "));
  throw Error(ErrorKind::configuration,
              fmt::format("unknown pipeline \"{}\": {}", printable(mask_secrets(name)), place),
              meant.empty() ? list : fmt::format("Did you mean {}? {}", meant, list));
}

// `walbrook pipeline info` lacks the pipeline's name, which comes first.
void check_is_no_action(const config::Configuration& settings, const std::string& word) {
  if (!find_pipeline_action(word)) return;
  throw Error(ErrorKind::configuration, fmt::format("\"{}\" is in the place of the pipeline's name", word),
              settings.pipelines().empty()
                  ? fmt::format("walbrook pipeline NAME {} --destination URL", word)
                  : fmt::format("walbrook pipeline {} {}   (pipelines: {})", settings.pipelines().front(), word,
                                fmt::join(settings.pipelines(), ", ")));
}

// `--destination duckdb` names the kind of destination and no file.
bool names_file(const Flags& flags) {
  const auto given = flags.setting(destination_key);
  return given && !is_destination_kind(*given);
}

// True if flags alone describe the pipeline, without a configuration file.
bool names_by_flags(const Flags& flags) {
  return flags.setting(slot_key) || flags.setting(credentials_key) || names_file(flags);
}

void choose_pipeline(const CommandEntry& entry, const Flags& flags, config::Configuration& settings) {
  if (flags.pipeline) {
    // A file can be queried without any configuration.
    const bool of_a_file = entry.command == Command::status || requests_tables(entry.command) ||
                           entry.command == Command::sql || entry.command == Command::pipeline ||
                           entry.command == Command::compact;
    const bool said_by_flags = of_a_file && names_file(flags);
    if (!settings.has_pipeline(*flags.pipeline) && !said_by_flags) {
      if (entry.command == Command::pipeline) check_is_no_action(settings, *flags.pipeline);
      refuse_pipeline(settings, *flags.pipeline);
    }
    settings.choose(*flags.pipeline);
    return;
  }
  if (flags.setting(slot_key)) return;  // only flags describe this pipeline
  const auto name = config::pipeline_without_name(settings);
  if (!name.empty()) settings.choose(name);
  if (name.empty() && settings.pipelines().size() > 1 && !names_by_flags(flags) && entry.command != Command::config) {
    throw Error(ErrorKind::configuration, "there are several pipelines, and none was named",
                fmt::format("Pipelines: {}.", fmt::join(settings.pipelines(), ", ")));
  }
}

config::Configuration read_settings(const CommandEntry& entry, const Flags& flags) {
  config::Configuration settings;
  // `init` creates the folder that the other commands read.
  if (entry.command == Command::init) {
    if (flags.project) make_project(*flags.project);
  } else {
    if (flags.project) enter_project(*flags.project);
    settings = config::Configuration::read();
    if (!flags.list) choose_pipeline(entry, flags, settings);
  }
  for (const auto& [key, text] : flags.settings) {
    settings.set_flag(key, std::string(config::key(key).flag), text);
  }
  const bool are_operands = entry.command == Command::pipeline || requests_tables(entry.command);
  if (!flags.tables.empty() && !are_operands)
    settings.set_flag("sources.pg_replication.table_names", "--table", flags.tables);
  if (flags.no_snapshot) settings.set_flag("sources.pg_replication.snapshot", "--no-snapshot", "false");
  if (flags.adopt_slot) settings.set_flag("sources.pg_replication.adopt_slot", "--adopt-slot", "true");
  if (flags.create_types) settings.set_flag("destination.postgresql.create_types", "--create-types", "true");
  if (flags.enum_columns) settings.set_flag("destination.duckdb.enum_columns", "--enum-columns", "true");
  if (flags.primary_key) settings.set_flag("destination.postgresql.primary_key", "--primary-key", "true");
  if (flags.standby) settings.set_flag("sources.pg_replication.standby", "--standby", "true");
  if (flags.failover) settings.set_flag("sources.pg_replication.failover", "--failover", "true");
  if (flags.ddl_trigger) settings.set_flag("sources.pg_replication.ddl_trigger", "--ddl-trigger", "true");
  if (flags.two_phase) settings.set_flag("sources.pg_replication.two_phase", "--two-phase", "true");
  return settings;
}

postgres::WrittenName to_table_name(const config::TableSetting& table) {
  try {
    auto parsed = postgres::parse_written_name(table.name);
    if (!table.columns.empty()) {
      if (!parsed.read.columns.empty())
        throw Error(ErrorKind::configuration, "its columns are set twice", "Set them once.");
      parsed.read.columns = table.columns;
    }
    return parsed;
  } catch (const Error& error) {
    if (table.origin.place == config::Origin::Place::flag) throw;
    throw Error(error.kind(), fmt::format("{}: {}", table.origin.label(), error.cause()), error.hint());
  }
}

replication::ValueFormat parse_value_format(std::string_view text) {
  if (text == "text") return replication::ValueFormat::text;
  return text == "binary" ? replication::ValueFormat::binary : replication::ValueFormat::automatic;
}

std::string name_or_fallback(const config::Configuration& settings, std::string_view key) {
  if (auto said = settings.text(key)) return *std::move(said);
  return settings.fallback(config::key(key));
}

// Returns the name of the slot, which defaults to the pipeline's name; "": there is no pipeline.
std::string name_or_pipelines(const config::Configuration& settings, std::string_view key) {
  if (auto said = settings.text(key)) return *std::move(said);
  return settings.pipeline();
}

// Returns the publications as publication_list writes them, so that equal lists are equal texts.
std::string publications_or_pipelines(const config::Configuration& settings) {
  if (const auto said = settings.text(publication_key)) return publication_list(parse_publications(*said));
  const auto& name = settings.pipeline();
  if (name.empty()) return {};
  check_name(fmt::format("pub_name of pipeline {}, which is not set,", name), name);
  return publication_list({name});
}

// A pipeline's name need not be a valid slot name in PostgreSQL.
void check_slot(const config::Configuration& settings, const std::string& name) {
  if (!settings.text(slot_key)) check_slot_name(fmt::format("slot_name of pipeline {}, which is not set,", name), name);
}

void read_names(const config::Configuration& settings, CommandLine& line) {
  auto& run = line.run;
  run.slot = name_or_pipelines(settings, slot_key);
  if (line.command != Command::pipeline && !run.slot.empty())
    check_slot(settings, run.slot);  // `walbrook pipeline` reads the slot's name from the destination
  run.publication = publications_or_pipelines(settings);
  run.schema = name_or_fallback(settings, "sources.pg_replication.schema_name");
  run.pipeline = settings.pipeline().empty() ? run.slot : settings.pipeline();
  for (const auto& table : settings.tables()) {
    line.written_tables.push_back(to_table_name(table));
    run.tables.push_back(line.written_tables.back().read);
    read_overrides(table, run.tables.back(), run);
  }
  const auto dataset = settings.find("pipelines.NAME.dataset_name");
  if (!dataset) return;
  run.dataset = dataset->text;
}

// Derives names that are not set from the database's name, but only if the command reads the source: resolving the
// source may run a command that returns the password.
void read_default_names(CommandLine& line, bool knows_source) {
  line.pipeline_is_default = line.run.pipeline.empty();
  line.publication_is_default = line.run.publication.empty();
  if (!knows_source || (!line.pipeline_is_default && !line.publication_is_default)) return;
  const auto name = postgres::default_name(postgres::database_of(line.run.conninfo));
  if (line.pipeline_is_default) line.run.pipeline = line.run.slot = name;
  if (line.publication_is_default) line.run.publication = name;
}

template <class Target>
void set_number(const config::Configuration& settings, std::string_view key, Target& target) {
  if (const auto number = settings.number(key)) target = static_cast<Target>(*number);
}

template <class Target>
void set_seconds(const config::Configuration& settings, std::string_view key, Target& target) {
  if (const auto number = settings.number(key)) target = std::chrono::seconds(*number);
}

void read_source_settings(const config::Configuration& settings, replication::RunOptions& run) {
  if (const auto snapshot = settings.boolean("sources.pg_replication.snapshot")) run.snapshot = *snapshot;
  if (settings.boolean("sources.pg_replication.adopt_slot").value_or(false))
    run.adoption = replication::Adoption::from_others;
  if (const auto format = settings.text("sources.pg_replication.format")) run.format = parse_value_format(*format);
  if (const auto two_phase = settings.boolean("sources.pg_replication.two_phase")) run.two_phase = *two_phase;
  if (const auto standby = settings.boolean("sources.pg_replication.standby")) run.standby = *standby;
  if (const auto triggers = settings.boolean("sources.pg_replication.ddl_trigger")) run.ddl_trigger = *triggers;
  if (const auto failover = settings.boolean("sources.pg_replication.failover")) run.failover = *failover;
  if (settings.text("sources.pg_replication.origin") == "none") run.origin = "none";
  if (settings.text("sources.pg_replication.keyless") == "inserts") run.keyless = replication::Keyless::inserts;
  set_number(settings, "sources.pg_replication.protocol", run.protocol);
  if (const auto memory = settings.text("sources.pg_replication.logical_decoding_work_mem"))
    run.logical_decoding_work_mem = *memory;
  set_seconds(settings, "sources.pg_replication.slot_timeout", run.slot_timeout);
  set_seconds(settings, "sources.pg_replication.network_timeout", run.network_timeout);
  set_seconds(settings, "sources.pg_replication.startup_timeout", run.startup_timeout);
  set_seconds(settings, "sources.pg_replication.reconnect_timeout", run.reconnect_timeout);
  set_seconds(settings, "sources.pg_replication.snapshot_wait", run.snapshot_wait);
  if (const auto interval = settings.number("sources.pg_replication.catalog_poll_interval"))
    run.catalog_poll_interval = milliseconds(*interval);
}

void read_load_settings(const config::Configuration& settings, replication::RunOptions& run) {
  set_number(settings, "load.batch_rows", run.batch_rows);
  set_number(settings, "load.batch_bytes", run.batch_bytes);
  set_number(settings, "load.snapshot_workers", run.snapshot_workers);
  set_number(settings, "load.snapshot_chunk", run.snapshot_chunk);
  if (const auto folder = settings.text("load.spool_dir")) run.spool_dir = *folder;
  set_number(settings, "load.max_spool_size", run.max_spool_size);
  set_number(settings, "load.retries", run.destination_retries);
  set_seconds(settings, "load.suspended_retry", run.suspended_retry);
  if (settings.text("load.on_rewrite") == "ignore") run.suspicion.on_rewrite = replication::OnRewrite::ignore;
  set_number(settings, "load.resync_max_size", run.suspicion.resync_max_size);
}

void read_destination(const config::Configuration& settings, CommandLine& line) {
  auto& destination = line.destination;
  if (const auto limit = settings.text("destination.duckdb.memory_limit")) destination.memory_limit = *limit;
  set_number(settings, "destination.duckdb.threads", destination.threads);
  destination.enum_columns = settings.boolean("destination.duckdb.enum_columns").value_or(false);
  destination.primary_key = settings.boolean("destination.postgresql.primary_key").value_or(false);
  destination.create_types = settings.boolean("destination.postgresql.create_types").value_or(false);
  set_number(settings, "destination.ducklake.inline_rows", destination.lake.inline_rows);
  set_number(settings, "destination.ducklake.maintenance_interval", destination.lake.maintenance_s);
  set_number(settings, "destination.ducklake.keep_snapshots", destination.lake.keep_s);
  if (const auto folder = settings.text("destination.duckdb.extension_directory")) {
    destination.extension_directory = *folder;
  }
  if (const auto named = settings.destination()) {
    destination.url = named->text;
  } else if (!settings.pipeline().empty()) {
    destination.url = settings.fallback(config::key(destination_key));
  } else {
    destination.url = default_destination(line.run.conninfo);
  }
  if (const auto dataset = settings.find("pipelines.NAME.dataset_name")) {
    const auto& names = destination::capabilities_of(destination.url).names;
    destination::check_dataset_name(names, dataset->text, dataset->origin.label());
  }
  auto& style = line.run.style;
  if (const auto naming = settings.text("schema.naming")) style.naming = destination::parse_naming(*naming);
  if (const auto metadata = settings.text("schema.metadata")) style.metadata = destination::parse_metadata(*metadata);
  destination.pipeline = line.run.pipeline;
  destination.read_only = line.command != Command::run;  // `pipeline drop` opens it a second time, for writing
}

void read_at(const Flags& flags, CommandLine& line) {
  if (!flags.at) return;
  if (destination_words(line.destination.url).kind != ducklake_destination) {
    throw Error(ErrorKind::configuration, "--at, and the destination keeps no snapshots",
                "Only a lake (ducklake:) can be read as it was.");
  }
  line.destination.at = parse_lsn("--at", *flags.at);
}

void read_query_limits(const config::Configuration& settings, CommandLine& line) {
  auto& limits = line.query_limits;
  limits.timeout = std::chrono::minutes(5);
  set_number(settings, "destination.duckdb.queries", line.queries);
  set_seconds(settings, "destination.duckdb.query_timeout", limits.timeout);
  set_number(settings, "destination.duckdb.query_rows", limits.rows);
  set_number(settings, "destination.duckdb.query_bytes", limits.bytes);
  set_number(settings, "destination.duckdb.query_memory", limits.memory);
}

void read_output(const Flags& flags, CommandLine& line) {
  line.json = flags.json;
  line.sql = flags.sql;
  if (flags.csv && flags.json)
    throw Error(ErrorKind::configuration, "--csv and --json exclude each other", "Give one of them.");
  if (flags.csv) line.sql_format = SqlFormat::csv;
  if (flags.json) line.sql_format = SqlFormat::json;
  if (const auto level = line.settings.text("runtime.log_level")) line.log_level = *level;
  if (line.settings.text("runtime.log_format") == "json") line.log_format = LogFormat::json;
}

void read_skip(const Flags& flags, replication::RunOptions& run) {
  if (!flags.skip_transaction) {
    if (flags.only.empty()) return;
    throw Error(ErrorKind::configuration, "--only without --skip-transaction",
                "It names the tables that a skipped transaction changed; `walbrook resync TABLE` resyncs a table.");
  }
  for (const auto& [given, flag] :
       {std::pair(flags.reset, "--reset"), std::pair(flags.until.has_value(), "--until-lsn")}) {
    if (given) throw Error(ErrorKind::configuration, fmt::format("--skip-transaction and {} exclude each other", flag));
  }
  run.skip_transaction = parse_lsn("--skip-transaction", *flags.skip_transaction);
  for (const auto& text : flags.only) {
    run.skip_only.push_back(postgres::parse_written_name(text));
    if (run.skip_only.back().read.columns.empty()) continue;
    throw Error(ErrorKind::configuration,
                fmt::format("--only \"{}\" names columns: a resync copies whole tables", text), "Form: schema.table");
  }
}

// Reads the tables of resync, suspend or resume. They are named as in the source, and without columns.
void read_requested_tables(const CommandEntry& entry, const Flags& flags, PipelineRequest& request) {
  const auto command = entry.app->get_name();
  for (const auto& text : flags.tables) {
    request.written.push_back(postgres::parse_written_name(text));
    auto table = request.written.back().read;
    if (!table.columns.empty()) {
      throw Error(ErrorKind::configuration,
                  entry.command == Command::suspend
                      ? fmt::format("\"{}\" names columns: whole tables are suspended", text)
                      : fmt::format("\"{}\" names columns: a {} copies whole tables", text, command),
                  fmt::format("walbrook {} {}", command, printable(table.full_name())));
    }
    request.tables.push_back(std::move(table));
  }
  if (!flags.where) return;
  if (request.tables.size() != 1) {
    throw Error(ErrorKind::configuration, "--where belongs to one table, but several are named",
                "Run the command for each table.");
  }
  if (flags.where->find_first_not_of(" \t\r\n") == std::string::npos) {
    throw Error(ErrorKind::configuration, "--where is empty", "Omit it to copy the whole table.");
  }
  request.where = *flags.where;
}

// Objects of the source are dropped only with a whole pipeline.
bool drops_in_source(const PipelineRequest& request) {
  return request.action == PipelineAction::drop && request.tables.empty() && !request.destination_only;
}

}  // namespace

CommandLine to_command_line(const CommandEntry& entry, const Flags& flags) {
  CommandLine line;
  line.command = entry.command;
  line.shell = flags.shell;
  if (entry.command == Command::completion) return line;
  line.settings = read_settings(entry, flags);
  read_output(flags, line);
  line.init = flags.init;
  if (entry.command == Command::config || entry.command == Command::init) return line;

  const auto& settings = line.settings;
  read_names(settings, line);
  read_source_settings(settings, line.run);
  read_load_settings(settings, line.run);
  read_query_limits(settings, line);
  line.run.follow = flags.follow;
  line.run.reset = flags.reset;
  line.run.accept_new_system = flags.accept_new_system;
  line.yes = flags.yes;
  if (flags.until) line.run.until = parse_lsn("--until-lsn", *flags.until);
  read_skip(flags, line.run);
  if (entry.command == Command::decode) {
    // The configured tables select what is copied. Decode shows everything that is sent unless a flag selects tables.
    line.run.tables.clear();
    line.written_tables.clear();
    for (const auto& table : flags.tables) {
      line.written_tables.push_back(postgres::parse_written_name(table));
      line.run.tables.push_back(line.written_tables.back().read);
    }
    read_decode_options(*entry.app, flags, line);
    if (line.decode.capture.empty()) {
      line.run.conninfo = resolve_source(settings);
      read_default_names(line, true);
      if (names_file(flags)) read_destination(settings, line);  // its pipeline gives the names
    }
    return line;
  }
  if (entry.command == Command::pipeline) {
    read_pipeline_request(flags, line);
    if (flags.list) {
      if (names_file(flags)) line.destination.url = *flags.setting(destination_key);
      line.destination.extension_directory = settings.text("destination.duckdb.extension_directory").value_or("");
      return line;
    }
  }
  if (requests_tables(entry.command)) read_requested_tables(entry, flags, line.pipeline);
  // The other commands need the source only for the name of the default file.
  const bool needs_source = entry.command == Command::run || entry.command == Command::check ||
                            drops_in_source(line.pipeline) || !line.pipeline.where.empty();
  const bool has_file = settings.names_destination() || !settings.pipeline().empty();
  const bool knows_source = needs_source || flags.setting(credentials_key) || !has_file;
  if (knows_source) line.run.conninfo = resolve_source(settings);
  line.run.reread_conninfo = [settings] { return resolve_source(settings.read_again()); };
  read_default_names(line, knows_source);
  read_destination(settings, line);
  if (entry.command == Command::sql) read_at(flags, line);
  return line;
}

}  // namespace walbrook::cli
