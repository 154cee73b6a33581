#include "cli/flags.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/command_line_pipeline.h"
#include "cli/command_line_settings.h"
#include "cli/help/completion_script.h"
#include "cli/help/help_text.h"
#include "config/keys.h"

namespace walbrook::cli {
namespace {

class HelpFormat : public CLI::Formatter {
 public:
  HelpFormat() { column_width(column); }
  // help2man needs two spaces after a flag. A name that leaves room for one has a line of its own, as longer ones have.
  std::string make_option(const CLI::Option* option, bool is_positional) const override {
    auto text = Formatter::make_option(option, is_positional);
    const bool is_one_short = text.size() > column && text[column - 1] == ' ' && text[column - 2] != ' ';
    if (is_one_short) text.replace(column - 1, 1, "\n" + std::string(column, ' '));
    return text;
  }
  std::string make_option_name(const CLI::Option* option, bool is_positional) const override {
    auto name = Formatter::make_option_name(option, is_positional);
    if (const auto comma = name.find(','); comma != std::string::npos) name.insert(comma + 1, " ");  // "-h, --help"
    return name;
  }
  std::string make_option_opts(const CLI::Option* option) const override {
    return option->get_option_text().empty() ? std::string() : " " + option->get_option_text();
  }
  std::string make_usage(const CLI::App* app, std::string) const override {
    const std::string& name = app->get_name();
    if (app->get_parent() == nullptr) return "\nUsage: walbrook COMMAND [FLAGS]\n";
    std::string words;
    for (const auto* option : app->get_options()) {
      if (!option->get_positional()) continue;
      words += fmt::format(" [{}]", option->get_name(true, false));
    }
    if (name == "sql") words = " \"SELECT …\"";
    if (name == "resync" || name == "suspend" || name == "resume") words = " TABLE…";
    if (name == "pipeline") words = " NAME [ACTION] [TABLE…]";
    return fmt::format("\nUsage: walbrook {} [FLAGS]{}\n", name, words);
  }
  // Arguments that are also flags are described with the flags.
  std::string make_positionals(const CLI::App* app) const override {
    const auto only_by_place = [](const CLI::Option* option) {
      return option->get_positional() && option->get_lnames().empty();
    };
    const auto positions = app->get_options(only_by_place);
    return positions.empty() ? "" : make_group("Arguments", true, positions);
  }
  std::string make_description(const CLI::App*) const override { return {}; }  // the text before the help describes it

 private:
  static constexpr std::size_t column = 27;  // where the meanings begin
};

// Joins alternatives; completion offers each of them.
std::string alternatives(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, "|"));
}

template <class Value>
CLI::Option* add(CLI::App& app, const char* group, const char* name, Value& value, const char* operand,
                 const std::string& text) {
  auto* option = app.add_option(name, value, text)->group(group)->option_text(operand);
  if constexpr (std::is_same_v<Value, std::vector<std::string>>) {
    option->allow_extra_args(false)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  }
  return option;
}

void add_flag(CLI::App& app, const char* group, const char* name, bool& value, const char* text) {
  app.add_flag(name, value, text)->group(group);
}

// Adds a flag that has a name in the configuration as well.
void add_setting(CLI::App& app, Flags& flags, const char* group, const char* key, const char* operand,
                 const std::string& text) {
  app.add_option_function<std::string>(
         std::string(config::key(key).flag),
         [&flags, key](const std::string& given) { flags.settings.emplace_back(key, given); }, text)
      ->group(group)
      ->option_text(operand);
}

std::string default_of(const char* key) {
  return fmt::format("default: {}", config::key(key).fallback);
}

enum class Named { also_by_position, by_flag };

void add_project(CLI::App& app, Flags& flags, Named named) {
  add(app, project_group, named == Named::also_by_position ? "--pipeline,PIPELINE" : "--pipeline", flags.pipeline,
      "NAME", "name of [pipelines.NAME] in the configuration; default:\nthe only one, else pg_replication_pipeline");
  add(app, project_group, "--project", flags.project, "FOLDER",
      "work as if started in this folder and read its .walbrook/;\ndefault: the current folder");
}

void add_source(CLI::App& app, Flags& flags) {
  add_setting(
      app, flags, source_group, "sources.pg_replication.credentials", "URL",
      "postgresql://user@host:port/database or key=value;\ndefault: libpq's environment (PGHOST, PGSERVICE, …)");
}

// Adds all flags that name a pipeline. Every command about a pipeline takes all of them, so that flags that name it for
// `run` name it everywhere. `publication`: the flag's help, if the command uses the publication.
void add_naming(CLI::App& app, Flags& flags, Named named, const char* publication = nullptr) {
  add_source(app, flags);
  add_setting(app, flags, source_group, "sources.pg_replication.slot_name", "NAME",
              "replication slot, and the pipeline's name if the configuration\nhas none; default: walbrook_<database>");
  add_setting(app, flags, source_group, "sources.pg_replication.pub_name", "NAME",
              publication == nullptr ? "publication, as for run; selects one of several pipelines there" : publication);
  add_setting(app, flags, destination_group, "destination.duckdb.credentials", "URL",
              "duckdb:///relative/path.duckdb, duckdb:////absolute/path.duckdb,\npostgresql://user@host/database, "
              "file:///folder, s3://bucket/prefix,\nducklake:CATALOG?data_path=FOLDER; "
              "default: duckdb:///<database>.duckdb");
  add_project(app, flags, named);
}

void add_help(CLI::App& app) {
  app.set_help_flag("-h,--help", "this text")->group(output_group);
}

void add_output(CLI::App& app, Flags& flags) {
  add_flag(app, output_group, "--json", flags.json, "JSON on stdout, for programs");
  add_setting(app, flags, output_group, "runtime.log_format", "FORMAT", "text or json, on stderr; default: text");
  add_setting(app, flags, output_group, "runtime.log_level", "LEVEL",
              "trace, debug, info, warning, error or off; default: info");
  add_help(app);
}

constexpr const char* publication_of_run =
    "publication, created by the first run if it does not exist, or a list:\nsales,stock; default: walbrook_<database>";

void add_selection(CLI::App& app, Flags& flags) {
  add(app, source_group, "--table", flags.tables, "TABLE",
      "schema.table or schema.table(col,col), can be given many times;\n"
      "default: the publication's tables, or all of --schema if it is created");
  add_setting(app, flags, source_group, "sources.pg_replication.schema_name", "NAME",
              "schema whose tables a new publication gets; default: public");
  add_flag(app, source_group, "--adopt-slot", flags.adopt_slot,
           "take over an existing slot that the destination does not know");
  add_flag(app, source_group, "--standby", flags.standby, "the source may be a standby (16 and later)");
  add_flag(app, source_group, "--failover", flags.failover,
           "the slot is a failover slot, which standbys can synchronize\n(17 and later)");
  add_flag(app, source_group, "--ddl-trigger", flags.ddl_trigger,
           "create event triggers that describe tables when they are altered");
  add_setting(app, flags, source_group, "sources.pg_replication.keyless", "WHAT",
              "leave_out or inserts: whether INSERT and TRUNCATE of tables without\nreplica identity are replicated; "
              "default: leave_out");
  add_flag(app, work_group, "--no-snapshot", flags.no_snapshot, "do not copy existing rows, only changes from now on");
}

// Adds the query limits of a run, or of `sql` when no run is at work.
void add_query_limits(CLI::App& app, Flags& flags) {
  const auto limit = [&](const char* key, const char* operand, const std::string& text) {
    add_setting(app, flags, advanced_group, key, operand, text);
  };
  limit("destination.duckdb.query_timeout", "SECONDS",
        "time after which a query is ended, 0: never; " + default_of("destination.duckdb.query_timeout"));
  limit("destination.duckdb.query_rows", "N", "maximum number of rows in a result; default: any number");
  limit("destination.duckdb.query_bytes", "SIZE",
        "maximum size of a result as text; " + default_of("destination.duckdb.query_bytes"));
  limit("destination.duckdb.query_memory", "SIZE",
        "queries are ended when the process has more memory than this;\ndefault: DuckDB's memory_limit and 384 MB");
}

void add_keep_snapshots(CLI::App& app, Flags& flags) {
  add_setting(app, flags, advanced_group, "destination.ducklake.keep_snapshots", "SECONDS",
              "time for which a lake keeps old snapshots; " + default_of("destination.ducklake.keep_snapshots"));
}

void add_loading(CLI::App& app, Flags& flags) {
  const auto advanced = [&](const char* key, const char* operand, const std::string& text) {
    add_setting(app, flags, advanced_group, key, operand, text);
  };
  advanced("load.batch_rows", "N", "maximum number of changes in one load; " + default_of("load.batch_rows"));
  advanced("load.batch_bytes", "SIZE",
           "maximum memory of one load, and of a transaction before it is\nspooled in parts; " +
               default_of("load.batch_bytes"));
  advanced("sources.pg_replication.format", "FORMAT",
           "auto, text or binary: how the server sends values; default: auto");
  advanced("load.snapshot_workers", "N", "connections that copy tables; default: one per core, at most 4");
  advanced(
      "load.snapshot_chunk", "SIZE",
      "a larger table is copied in chunks of this size, by several\nconnections; " + default_of("load.snapshot_chunk"));
  advanced("sources.pg_replication.protocol", "N",
           "version of pgoutput, 1 to 4; 1 holds back large transactions until\nthey are committed; default: the "
           "highest that "
           "the server has");
  add_flag(app, advanced_group, "--two-phase", flags.two_phase,
           "prepared transactions are sent when they are prepared, and wait in\nthe destination; permanent: a property "
           "of the slot");
  advanced("sources.pg_replication.origin", "ORIGIN",
           "any, or none: only what was not replicated into the source itself\n(16 and later); default: any");
  advanced("load.spool_dir", "DIR",
           "folder of the spool, where changes wait that cannot be applied yet;\ndefault: the destination's");
  advanced("load.max_spool_size", "SIZE", "maximum size of the spool; default: half of the free space there");
  advanced("sources.pg_replication.logical_decoding_work_mem", "SIZE",
           "logical_decoding_work_mem of the server's sender; " +
               default_of("sources.pg_replication.logical_decoding_work_mem"));
  advanced("destination.duckdb.memory_limit", "SIZE",
           "DuckDB's memory_limit; " + default_of("destination.duckdb.memory_limit"));
  advanced("destination.duckdb.threads", "N", "DuckDB's threads; default: its own");
  add_flag(app, advanced_group, "--primary-key", flags.primary_key,
           "target tables in a PostgreSQL database get a primary key, not an index");
  add_flag(app, advanced_group, "--create-types", flags.create_types,
           "a PostgreSQL database gets the enums, domains and composites\nof the source");
  add_flag(app, advanced_group, "--enum-columns", flags.enum_columns,
           "columns of enums have type ENUM in a DuckDB file, and not VARCHAR");
  advanced("destination.ducklake.inline_rows", "N",
           "changes of up to so many rows of a load stay in a lake's catalog\nuntil maintenance, 0: none; " +
               default_of("destination.ducklake.inline_rows"));
  advanced(
      "destination.ducklake.maintenance_interval", "SECONDS",
      "time between two maintenances of a lake, 0: never; " + default_of("destination.ducklake.maintenance_interval"));
  add_keep_snapshots(app, flags);
  advanced("destination.duckdb.extension_directory", "DIR",
           "folder with DuckDB's extensions, which it installs there if it can;\ndefault: ~/.duckdb/extensions");
  advanced("destination.duckdb.queries", "N",
           "number of queries answered at the same time, others wait for\ntheir turn; " +
               default_of("destination.duckdb.queries"));
  add_query_limits(app, flags);
  advanced("load.on_rewrite", "WHAT",
           "resync or ignore: what happens to a rewritten table if the\ncatalog cannot tell whether its rows "
           "changed; " +
               default_of("load.on_rewrite"));
  advanced("load.resync_max_size", "SIZE",
           "a larger table whose rows may differ from the source is marked\nsuspect instead of being resynced; " +
               default_of("load.resync_max_size"));
  advanced("load.retries", "N", "how often a load that the destination refused is tried again; default: 8");
  advanced(
      "load.suspended_retry", "SECONDS",
      "with --follow: time until a suspended table is copied again, which\ndoubles each time, up to a day, 0: never; " +
          default_of("load.suspended_retry"));
  advanced("sources.pg_replication.slot_timeout", "SECONDS",
           "how long to wait for a slot that another process reads; default: 30");
  advanced("sources.pg_replication.network_timeout", "SECONDS",
           "silence after which a connection to the source is considered\nbroken; " +
               default_of("sources.pg_replication.network_timeout"));
  advanced("sources.pg_replication.startup_timeout", "SECONDS",
           "how long to wait for a source that is not available at the start;\ndefault: 300 with --follow, 5 without");
  advanced("sources.pg_replication.reconnect_timeout", "SECONDS",
           "how long to wait for a source that is lost;\ndefault: unlimited with --follow, 60 without");
  advanced("sources.pg_replication.snapshot_wait", "SECONDS",
           "how long to wait, before tables are copied, for the end of\ntransactions that are writing in the source; "
           "default: 300");
  advanced("sources.pg_replication.catalog_poll_interval", "MILLISECONDS",
           "time between two catalog polls, which find what the stream does\nnot report; " +
               default_of("sources.pg_replication.catalog_poll_interval"));
}

CLI::App* add_run(CLI::App& top, Flags& flags) {
  auto* app = top.add_subcommand("run", "Copy new tables and apply every committed change");
  add_naming(*app, flags, Named::also_by_position, publication_of_run);
  add_selection(*app, flags);
  add_setting(*app, flags, destination_group, "pipelines.NAME.dataset_name", "NAME",
              "schema of all target tables; default: each table's schema in the source");
  add_setting(*app, flags, destination_group, "schema.naming", "NAMING",
              "exact, or snake_case as in dlt; default: exact");
  add_setting(
      *app, flags, destination_group, "schema.metadata", "COLUMNS",
      "none, walbrook (_lsn, _commit_ts) or dlt (lsn, deleted_ts,\n_dlt_load_id), after the source's; default: none");
  add_flag(*app, work_group, "--follow", flags.follow, "continue with every commit until SIGINT or SIGTERM");
  add(*app, work_group, "--until-lsn", flags.until, "X/X", "apply exactly the commits before this LSN, then end");
  add_flag(*app, work_group, "--reset", flags.reset,
           "drop slot, walbrook's own publication and target tables, start again");
  add(*app, work_group, "--skip-transaction", flags.skip_transaction, "X/X",
      "leave out the transaction that commits at this LSN, which the server\ncannot send, and resync every table of "
      "the "
      "publication");
  add(*app, work_group, "--only", flags.only, "TABLE",
      "with --skip-transaction: resync only schema.table; can be given\nmany times");
  add_flag(*app, work_group, "--accept-new-system", flags.accept_new_system,
           "continue although the source has another system identifier, as after\npg_upgrade: slot, tables and columns "
           "must match");
  add_flag(*app, work_group, "--yes", flags.yes,
           "with --reset: also drop a slot or publication that this destination\ndid not create");
  add_output(*app, flags);
  add_loading(*app, flags);
  return app;
}

CLI::App* add_decode(CLI::App& top, Flags& flags) {
  auto* app = top.add_subcommand("decode", "Show what a slot would send, without consuming it");
  add_naming(*app, flags, Named::by_flag,
             "publication whose tables are sent; default: walbrook_<database>, or\nthe destination's");
  add_setting(*app, flags, source_group, "sources.pg_replication.protocol", "N",
              "version of pgoutput, 1 to 4; default: the highest that the server has");
  add(*app, source_group, "--streaming", flags.streaming, "HOW",
      "off, on or parallel: whether transactions larger than the decoding\nmemory are sent before they end; default: "
      "off")
      ->type_name("off|on|parallel");
  add_flag(*app, source_group, "--binary", flags.binary, "ask for binary values where a type has them");
  add_flag(*app, source_group, "--messages", flags.messages, "ask for logical messages (pg_logical_emit_message)");
  add_setting(*app, flags, source_group, "sources.pg_replication.logical_decoding_work_mem", "SIZE",
              "logical_decoding_work_mem of this connection; default: the server's");
  app->add_option("CAPTURE", flags.capture, "a file that --record wrote, instead of a slot");
  add(*app, work_group, "--table", flags.tables, "TABLE", "only changes of schema.table; can be given many times");
  add(*app, work_group, "--from-lsn", flags.from, "X/X", "only transactions that commit at this LSN or later");
  add(*app, work_group, "--to-lsn", flags.to, "X/X", "only transactions that commit before this LSN");
  add(*app, work_group, "--limit", flags.limit, "N", "end after this number of messages");
  add(*app, work_group, "--record", flags.record, "FILE", "write the frames to a file; nothing is printed");
  add_output(*app, flags);
  return app;
}

CLI::App* add_check(CLI::App& top, Flags& flags) {
  auto* app = top.add_subcommand("check", "Find what would make a run fail, and how to fix it");
  add_naming(*app, flags, Named::also_by_position, publication_of_run);
  add_selection(*app, flags);
  add_output(*app, flags);
  return app;
}

CLI::App* add_status(CLI::App& top, Flags& flags) {
  auto* app = top.add_subcommand("status", "Show what a run is doing, or the state that the last one left");
  add_naming(*app, flags, Named::also_by_position);
  add_output(*app, flags);
  return app;
}

CLI::App* add_request(CLI::App& top, Flags& flags, const std::string& name, const std::string& what) {
  auto* app = top.add_subcommand(name, what);
  app->add_option("TABLE", flags.tables, "schema.table, as the source names it; can be given many times")->required();
  if (name == "resync") {
    add(*app, work_group, "--where", flags.where, "CONDITION",
        "only rows of one table that satisfy this condition, in the source's\nSQL, over columns of its key");
  }
  add_naming(*app, flags, Named::by_flag);
  add_output(*app, flags);
  return app;
}

CLI::App* add_compact(CLI::App& top, Flags& flags) {
  auto* app = top.add_subcommand("compact", "Merge the files of a table in a folder, a bucket or a lake");
  add_naming(*app, flags, Named::also_by_position);
  add_output(*app, flags);
  add_keep_snapshots(*app, flags);
  return app;
}

CLI::App* add_sql(CLI::App& top, Flags& flags) {
  auto* app = top.add_subcommand("sql", "Query the target tables, also while a run is at work");
  add_naming(*app, flags, Named::by_flag);
  add_flag(*app, output_group, "--csv", flags.csv, "CSV on stdout, for spreadsheets and scripts");
  add_output(*app, flags);
  add(*app, output_group, "--at", flags.at, "LSN",
      "the tables as they were at that LSN, in a lake that keeps snapshots");
  add_query_limits(*app, flags);
  app->add_option("SQL", flags.sql, "the statement")->required();
  return app;
}

CLI::App* add_config(CLI::App& top, Flags& flags) {
  auto* app = top.add_subcommand("config", "Show every setting, and where it is set");
  add_naming(*app, flags, Named::also_by_position);
  add_output(*app, flags);
  return app;
}

CLI::App* add_init(CLI::App& top, Flags& flags) {
  auto* app = top.add_subcommand("init", "Create a project folder: configuration, secrets, a pipeline");
  app->add_option("SOURCE", flags.init.source, "pg_replication");
  app->add_option("DESTINATION", flags.init.destination,
                  "duckdb, postgresql, filesystem, ducklake or motherduck;\ndefault: duckdb");
  add_flag(*app, work_group, "--force", flags.init.force,
           "overwrite existing files except secrets.toml; the old file is kept\nas NAME.orig; default: existing files "
           "are kept");
  add(*app, project_group, "--project", flags.project, "FOLDER",
      "the folder, created if it does not exist; default: the current one");
  add_output(*app, flags);
  return app;
}

CLI::App* add_pipeline(CLI::App& top, Flags& flags) {
  auto* app = top.add_subcommand("pipeline", "Show a pipeline in its destination, or drop it or some of its tables");
  add_naming(*app, flags, Named::also_by_position);
  std::vector<std::string> actions;
  for (const auto& [name, action] : pipeline_actions) actions.emplace_back(name);
  app->add_option("ACTION", flags.action, fmt::format("{}; default: info", fmt::join(actions, ", ")))
      ->type_name(alternatives(actions));
  app->add_option("TABLE", flags.tables, "for drop: schema.table");
  add_flag(*app, work_group, "--list", flags.list, "all pipelines of the configuration and of their destinations");
  add(*app, work_group, "--limit", flags.limit, "N",
      "for loads and trace: number of loads, newest first; default: 20 and 1");
  add(*app, work_group, "--at", flags.at, "LSN|TIME",
      "for schema: the source's columns as they were then; a time is in UTC,\n\"2026-11-23 00:51:02\"");
  add_flag(*app, work_group, "--diff", flags.diff,
           "for schema: how columns have changed, since --at or from the start");
  add_flag(*app, work_group, "--yes", flags.yes, "for drop: do not ask");
  add_flag(*app, work_group, "--destination-only", flags.destination_only,
           "for drop: keep slot and publication, do not connect to the source");
  add_output(*app, flags);
  return app;
}

CLI::App* add_completion(CLI::App& top, Flags& flags) {
  auto* app = top.add_subcommand("completion", "Write the completion of a shell to stdout");
  app->add_option("SHELL", flags.shell, "bash, zsh or fish")->required()->type_name(std::string(completion_shells));
  add_help(*app);
  return app;
}

}  // namespace

std::optional<std::string> Flags::setting(std::string_view key) const {
  const auto found = std::ranges::find(settings, key, [](const auto& given) { return given.first; });
  return found == settings.end() ? std::nullopt : std::optional(found->second);
}

std::vector<CommandEntry> add_commands(CLI::App& top, Flags& flags) {
  std::vector<CommandEntry> entries = {
      {add_init(top, flags), Command::init, init_help, init_examples},
      {add_run(top, flags), Command::run, run_help, run_examples},
      {add_check(top, flags), Command::check, check_help, check_examples},
      {add_status(top, flags), Command::status, status_help, status_examples},
      {add_request(top, flags, "resync", "Copy tables again; readers see the present ones until then"), Command::resync,
       resync_help, resync_examples},
      {add_request(top, flags, "suspend", "Stop applying the changes of tables; their rows stay as they are"),
       Command::suspend, suspend_help, suspend_examples},
      {add_request(top, flags, "resume", "Copy suspended tables again and continue with them"), Command::resume,
       resume_help, resume_examples},
      {add_compact(top, flags), Command::compact, compact_help, compact_examples},
      {add_sql(top, flags), Command::sql, sql_help, sql_examples},
      {add_decode(top, flags), Command::decode, decode_help, decode_examples},
      {add_config(top, flags), Command::config, config_help, config_examples},
      {add_pipeline(top, flags), Command::pipeline, pipeline_help, pipeline_examples},
      {add_completion(top, flags), Command::completion, completion_help, completion_examples}};
  top.require_subcommand(0, 1);  // otherwise a statement that equals a command's name would be parsed as the command
  for (const auto& entry : entries) {
    entry.app->formatter(help_format());
    entry.app->group("Commands");
    entry.app->allow_extras();  // so that the error for an unknown flag can name the nearest one
  }
  return entries;
}

std::shared_ptr<CLI::Formatter> help_format() {
  return std::make_shared<HelpFormat>();
}

std::string help_of(const CLI::App& app, std::string_view head, std::string_view examples) {
  std::string text = app.help();
  // CLI11 prints several blank lines in a row.
  for (auto at = text.find("\n\n\n"); at != std::string::npos; at = text.find("\n\n\n")) text.erase(at, 1);
  text.erase(0, text.find_first_not_of('\n'));
  text.erase(text.find_last_not_of('\n') + 1);
  return fmt::format("{}\n\n{}\n\n{}\n", head, text, examples);
}

}  // namespace walbrook::cli
