#include "app/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <limits>
#include <utility>

#include "app/credentials.h"
#include "app/help_text.h"
#include "app/names.h"
#include "app/text.h"
#include "pgoutput/capture.h"
#include "source/slot.h"

namespace walbrook::app {
namespace {

constexpr std::uint64_t least_package_bytes = 4096;  // below it a package is one row anyway
constexpr std::uint64_t most_package_rows = 1'000'000'000;
constexpr std::uint64_t most_slot_wait_s = 7ULL * 24 * 3600;
constexpr std::uint64_t most_retries = 1'000'000;
constexpr std::uint64_t most_threads = 1024;
constexpr std::uint64_t highest_protocol = 4;
constexpr std::uint64_t most_limit = 1'000'000'000'000;
constexpr std::uint64_t most_snapshot_workers = 64;
constexpr std::uint64_t least_piece = 8192;  // a page

const char* const source_group = "Source";
const char* const destination_group = "Destination";
const char* const work_group = "What is done";
const char* const output_group = "Output";
const char* const advanced_group = "Advanced";

// The flags as text; absent ones are nullopt or empty.
struct Flags {
  std::optional<std::string> source, destination, dataset, until, package_rows, package_bytes, memory_limit, threads;
  std::optional<std::string> slot_wait, decoding_memory, retries, staged_bytes, protocol;
  std::optional<std::string> snapshot_workers, snapshot_piece;
  std::string origin = "any";
  std::string slot = "walbrook";
  std::string publication = "walbrook";
  std::string schema = "public";
  std::vector<std::string> tables;
  std::string wire = "auto";
  std::string log_format = "text";
  std::string log_level = "info";
  std::string sql;
  std::optional<std::string> from, to, limit, record, capture;
  std::string streaming = "off";
  bool binary = false, messages = false;
  bool no_snapshot = false, follow = false, reset = false, two_phase = false, json = false, csv = false;
};

// CLI11's formatter without its decorations, so that a flag and what it does fit into 100 columns.
class HelpFormat : public CLI::Formatter {
 public:
  HelpFormat() { column_width(26); }
  std::string make_option_opts(const CLI::Option* option) const override {
    return option->get_option_text().empty() ? std::string() : " " + option->get_option_text();
  }
  std::string make_usage(const CLI::App* app, std::string) const override {
    const std::string& name = app->get_name();
    if (app->get_parent() == nullptr) return "\nUsage: walbrook COMMAND [FLAGS]\n";
    const auto* behind = name == "sql" ? " \"SELECT …\"" : name == "decode" ? " [CAPTURE]" : "";
    return fmt::format("\nUsage: walbrook {} [FLAGS]{}\n", name, behind);
  }
  std::string make_positionals(const CLI::App*) const override { return {}; }
  std::string make_description(const CLI::App*) const override { return {}; }  // the help's head says more
};

template <class Value>
void add(CLI::App& app, const char* group, const char* name, Value& value, const char* operand,
         const std::string& text) {
  auto* option = app.add_option(name, value, text)->group(group)->option_text(operand);
  if constexpr (std::is_same_v<Value, std::vector<std::string>>) {
    option->allow_extra_args(false)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  }
}

void add_flag(CLI::App& app, const char* group, const char* name, bool& value, const char* text) {
  app.add_flag(name, value, text)->group(group);
}

void add_endpoints(CLI::App& app, Flags& flags) {
  add(app, source_group, "--source", flags.source, "URL",
      "postgresql://user@host:port/database or key=value;\ndefault: libpq's environment (PGHOST, PGSERVICE, …)");
  add(app, source_group, "--slot", flags.slot, "NAME", "replication slot, and name of the pipeline; default: walbrook");
  add(app, destination_group, "--destination", flags.destination, "URL",
      "duckdb:///relative/path.duckdb, duckdb:////absolute/path.duckdb;\ndefault: duckdb:///<database>.duckdb");
}

void add_output(CLI::App& app, Flags& flags) {
  add_flag(app, output_group, "--json", flags.json, "for programs: JSON on stdout");
  add(app, output_group, "--log-format", flags.log_format, "FORMAT", "text or json, on stderr; default: text");
  add(app, output_group, "--log-level", flags.log_level, "LEVEL",
      "trace, debug, info, warning, error or off; default: info");
  app.set_help_flag("-h,--help", "this text")->group(output_group);
}

void add_selection(CLI::App& app, Flags& flags) {
  add(app, source_group, "--publication", flags.publication, "NAME",
      "created when there is none of that name; default: walbrook");
  add(app, source_group, "--table", flags.tables, "TABLE",
      "schema.table or schema.table(col,col), may be given many times;\n"
      "default: those of the publication, all of --schema where it is created");
  add(app, source_group, "--schema", flags.schema, "NAME",
      "whose tables a publication that is created gets; default: public");
  add_flag(app, work_group, "--no-snapshot", flags.no_snapshot, "do not copy what is there, only changes from now on");
}

CLI::App* add_run(CLI::App& top, Flags& flags) {
  const pipeline::RunOptions defaults;
  auto* app = top.add_subcommand("run", "Copy what is new and apply every committed change");
  add_endpoints(*app, flags);
  add_selection(*app, flags);
  add(*app, destination_group, "--dataset", flags.dataset, "NAME",
      "schema of all copies; default: the schema each table has in the source");
  add_flag(*app, work_group, "--follow", flags.follow, "go on with every commit until SIGINT or SIGTERM");
  add(*app, work_group, "--until-lsn", flags.until, "X/X", "apply exactly the commits before this LSN, then end");
  add_flag(*app, work_group, "--reset", flags.reset,
           "drop slot, walbrook's own publication and the copies, then start anew");
  add_output(*app, flags);
  add(*app, advanced_group, "--package-rows", flags.package_rows, "N",
      fmt::format("most changes in one load; default: {}", defaults.package_rows));
  add(*app, advanced_group, "--package-bytes", flags.package_bytes, "SIZE",
      fmt::format("most memory of one load, and of a transaction before it is\nstaged in parts; default: {}MB",
                  defaults.package_bytes >> 20U));
  add(*app, advanced_group, "--wire", flags.wire, "FORM",
      "auto, text or binary: how the server sends values; default: auto");
  add(*app, advanced_group, "--snapshot-workers", flags.snapshot_workers, "N",
      "connections that copy tables; default: one a core, at most 4");
  add(*app, advanced_group, "--snapshot-piece", flags.snapshot_piece, "SIZE",
      fmt::format("a larger table is copied in pieces of this size, by several\nconnections; default: {}MB",
                  defaults.snapshot_piece >> 20U));
  add(*app, advanced_group, "--protocol", flags.protocol, "N",
      "of pgoutput, 1 to 4; 1 holds back large transactions until they\nare committed; default: the highest that the "
      "server has");
  add_flag(
      *app, advanced_group, "--two-phase", flags.two_phase,
      "prepared transactions travel when they are prepared and wait in\nthe destination; for good: the slot keeps it");
  add(*app, advanced_group, "--origin", flags.origin, "ORIGIN",
      "any, or none: only what was not replicated into the source itself\n(16 and later); default: any");
  add(*app, advanced_group, "--staged-bytes", flags.staged_bytes, "SIZE",
      "most that open transactions may take in the destination;\ndefault: what it has room for");
  add(*app, advanced_group, "--decoding-memory", flags.decoding_memory, "SIZE",
      "logical_decoding_work_mem of the server's sender; default: " + defaults.decoding_memory);
  add(*app, advanced_group, "--memory-limit", flags.memory_limit, "SIZE",
      "DuckDB's memory_limit; default: DESTINATION__DUCKDB__MEMORY_LIMIT");
  add(*app, advanced_group, "--threads", flags.threads, "N", "DuckDB's threads; default: DESTINATION__DUCKDB__THREADS");
  add(*app, advanced_group, "--retries", flags.retries, "N",
      "how often a load that the destination refused is tried again; default: 8");
  add(*app, advanced_group, "--slot-wait", flags.slot_wait, "SECONDS",
      "how long to wait for a slot that another process reads; default: 30");
  return app;
}

CLI::App* add_decode(CLI::App& top, Flags& flags) {
  auto* app = top.add_subcommand("decode", "Show what a slot would send, without taking it");
  add(*app, source_group, "--source", flags.source, "URL",
      "postgresql://user@host:port/database or key=value;\ndefault: libpq's environment (PGHOST, PGSERVICE, …)");
  add(*app, source_group, "--slot", flags.slot, "NAME", "the slot that is peeked at; default: walbrook");
  add(*app, source_group, "--publication", flags.publication, "NAME", "whose tables are sent; default: walbrook");
  add(*app, source_group, "--protocol", flags.protocol, "N",
      "of pgoutput, 1 to 4; default: the highest that the server has");
  add(*app, source_group, "--streaming", flags.streaming, "HOW",
      "off, on or parallel: whether transactions beyond the decoding\nmemory are sent before they end; default: off");
  add_flag(*app, source_group, "--binary", flags.binary, "ask for binary values where a type has them");
  add_flag(*app, source_group, "--messages", flags.messages, "ask for logical messages (pg_logical_emit_message)");
  add(*app, source_group, "--decoding-memory", flags.decoding_memory, "SIZE",
      "logical_decoding_work_mem of this connection; default: the server's");
  app->add_option("CAPTURE", flags.capture, "a file that --record wrote, in place of a slot");
  add(*app, work_group, "--table", flags.tables, "TABLE", "only changes of schema.table; may be given many times");
  add(*app, work_group, "--from-lsn", flags.from, "X/X", "only transactions that commit at this LSN or later");
  add(*app, work_group, "--to-lsn", flags.to, "X/X", "only transactions that commit before this LSN");
  add(*app, work_group, "--limit", flags.limit, "N", "end after so many messages");
  add(*app, work_group, "--record", flags.record, "FILE", "write the frames to a file; nothing is printed");
  add_output(*app, flags);
  return app;
}

std::string help_of(const CLI::App& app, std::string_view head, std::string_view examples) {
  std::string text = app.help();
  // CLI11 leaves empty lines in heaps.
  for (auto at = text.find("\n\n\n"); at != std::string::npos; at = text.find("\n\n\n")) text.erase(at, 1);
  text.erase(0, text.find_first_not_of('\n'));
  text.erase(text.find_last_not_of('\n') + 1);
  return fmt::format("{}\n\n{}\n\n{}\n", head, text, examples);
}

std::vector<std::string> flag_names(const CLI::App& app) {
  std::vector<std::string> names = {"--help"};
  for (const auto* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

// A command, and what stands around its flags in its help.
struct Entry {
  CLI::App* app;
  Command command;
  std::string_view help, examples;
};

std::vector<Entry> add_commands(CLI::App& top, Flags& flags) {
  auto* run = add_run(top, flags);
  auto* check = top.add_subcommand("check", "Find what would make a run fail, and how to mend it");
  add_endpoints(*check, flags);
  add_selection(*check, flags);
  add_output(*check, flags);
  auto* status = top.add_subcommand("status", "What a run is doing now, or what the last one left behind");
  add_endpoints(*status, flags);
  add_output(*status, flags);
  auto* sql = top.add_subcommand("sql", "Ask the copy, also while a run holds it");
  add_endpoints(*sql, flags);
  add_flag(*sql, output_group, "--csv", flags.csv, "for spreadsheets and scripts: CSV on stdout");
  add_output(*sql, flags);
  sql->add_option("SQL", flags.sql, "the statement")->required();
  auto* decode = add_decode(top, flags);
  top.require_subcommand(0, 1);  // else a statement that is a command's name would be taken for it
  for (auto* app : {run, check, status, sql, decode}) {
    app->formatter(std::make_shared<HelpFormat>());
    app->group("Commands");
    app->allow_extras();  // refuse_extras says more than CLI11 would
  }
  return {{run, Command::run, run_help, run_examples},
          {check, Command::check, check_help, check_examples},
          {status, Command::status, status_help, status_examples},
          {sql, Command::sql, sql_help, sql_examples},
          {decode, Command::decode, decode_help, decode_examples}};
}

const Entry* parsed_of(const std::vector<Entry>& entries) {
  for (const auto& entry : entries) {
    if (entry.app->parsed()) return &entry;
  }
  return nullptr;
}

std::string commands_of(const std::vector<Entry>& entries) {
  std::string names;
  for (const auto& entry : entries) names += (names.empty() ? "" : ", ") + entry.app->get_name();
  return fmt::format("Commands: {}.", names);
}

// What CLI11 could not place: a flag, or a word too many. A value is not shown: it might be a URL with a password.
void refuse_extras(const CLI::App& app) {
  auto extras = app.remaining();
  std::erase(extras, "--");  // the end of the flags is kept there as well
  if (extras.empty()) return;
  const std::string all = fmt::format("`walbrook {} --help` lists all.", app.get_name());
  if (!extras[0].starts_with('-') || extras[0] == "-") {
    throw Error(ErrorKind::configuration, fmt::format("unexpected argument \"{}\"", printable(mask_secrets(extras[0]))),
                all);
  }
  const std::string flag = extras[0].substr(0, extras[0].find('='));
  const std::string meant = nearest(flag, flag_names(app));
  throw Error(ErrorKind::configuration,
              fmt::format("unknown flag {} of `walbrook {}`", printable(flag), app.get_name()),
              meant.empty() ? all : fmt::format("Did you mean {}? {}", meant, all));
}

// CLI11 would take an unknown word for an argument of nobody.
void check_command_word(const std::vector<std::string>& arguments, const std::vector<Entry>& entries) {
  if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "-h" || arguments[0] == "--version") return;
  const auto& word = arguments[0];
  std::vector<std::string> names;
  for (const auto& entry : entries) names.push_back(entry.app->get_name());
  if (std::find(names.begin(), names.end(), word) != names.end()) return;
  if (word.starts_with('-')) {
    throw Error(ErrorKind::configuration,
                fmt::format("{} stands before the command", printable(word.substr(0, word.find('=')))),
                commands_of(entries));
  }
  const std::string meant = nearest(word, names);
  throw Error(ErrorKind::configuration, fmt::format("unknown command \"{}\"", printable(mask_secrets(word))),
              meant.empty() ? commands_of(entries) : fmt::format("Did you mean `walbrook {}`?", meant));
}

std::optional<std::string> variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr || *value == '\0' ? std::nullopt : std::optional<std::string>(value);
}

void read_duckdb_settings(const Flags& flags, destination::DestinationOptions& options) {
  constexpr const char* memory_variable = "DESTINATION__DUCKDB__MEMORY_LIMIT";
  constexpr const char* threads_variable = "DESTINATION__DUCKDB__THREADS";
  if (const auto limit = flags.memory_limit ? flags.memory_limit : variable(memory_variable)) {
    check_duckdb_memory(flags.memory_limit ? "--memory-limit" : memory_variable, *limit);
    options.memory_limit = *limit;
  }
  if (const auto threads = flags.threads ? flags.threads : variable(threads_variable)) {
    options.threads =
        static_cast<int>(parse_count(flags.threads ? "--threads" : threads_variable, *threads, 1, most_threads));
  }
}

pipeline::Wire parse_wire(const std::string& text) {
  if (text == "auto") return pipeline::Wire::automatic;
  if (text == "text") return pipeline::Wire::text;
  if (text == "binary") return pipeline::Wire::binary;
  throw Error(ErrorKind::configuration, fmt::format("--wire \"{}\" is not known", printable(text)),
              "Known: auto, text, binary.");
}

void read_run_options(const Flags& flags, pipeline::RunOptions& run) {
  check_slot_name("--slot", flags.slot);
  check_name("--publication", flags.publication);
  check_name("--schema", flags.schema);
  run.pipeline = flags.slot;
  run.slot = flags.slot;
  run.publication = flags.publication;
  run.schema = flags.schema;
  for (const auto& table : flags.tables) run.tables.push_back(source::parse_table_name(table));
  if (flags.dataset) {
    check_name("--dataset", *flags.dataset);
    if (*flags.dataset == "_walbrook") {
      throw Error(ErrorKind::configuration, "--dataset \"_walbrook\" is where walbrook keeps its own state",
                  "Choose another name.");
    }
    run.dataset = *flags.dataset;
  }
  run.follow = flags.follow;
  run.snapshot = !flags.no_snapshot;
  run.reset = flags.reset;
  if (flags.until) run.until = parse_lsn("--until-lsn", *flags.until);
  run.wire = parse_wire(flags.wire);
  if (flags.package_rows) run.package_rows = parse_count("--package-rows", *flags.package_rows, 1, most_package_rows);
  if (flags.package_bytes) run.package_bytes = parse_size("--package-bytes", *flags.package_bytes, least_package_bytes);
  if (flags.snapshot_workers) {
    run.snapshot_workers =
        static_cast<int>(parse_count("--snapshot-workers", *flags.snapshot_workers, 1, most_snapshot_workers));
  }
  if (flags.snapshot_piece) run.snapshot_piece = parse_size("--snapshot-piece", *flags.snapshot_piece, least_piece);
  if (flags.protocol) run.protocol = static_cast<int>(parse_count("--protocol", *flags.protocol, 1, highest_protocol));
  run.two_phase = flags.two_phase;
  if (flags.origin != "any" && flags.origin != "none") {
    throw Error(ErrorKind::configuration, fmt::format("--origin \"{}\" is not known", printable(flags.origin)),
                "Known: any, none.");
  }
  if (flags.origin == "none") run.origin = flags.origin;
  if (flags.staged_bytes) run.staged_bytes = parse_size("--staged-bytes", *flags.staged_bytes, least_package_bytes);
  if (flags.decoding_memory) {
    check_postgres_memory("--decoding-memory", *flags.decoding_memory);
    run.decoding_memory = *flags.decoding_memory;
  }
  if (flags.retries) {
    run.destination_retries = static_cast<int>(parse_count("--retries", *flags.retries, 0, most_retries));
  }
  if (flags.slot_wait) {
    run.slot_wait = std::chrono::seconds(parse_count("--slot-wait", *flags.slot_wait, 0, most_slot_wait_s));
  }
}

[[noreturn]] void refuse_together(std::string_view flag, std::string_view other, std::string mend) {
  throw Error(ErrorKind::configuration, fmt::format("{} and {} exclude each other", flag, other), std::move(mend));
}

// What says how a slot is read says nothing of a file.
void refuse_flags_of_slots(const CLI::App& app) {
  for (const auto* option : app.get_options()) {
    const bool of_source = option->get_group() == source_group && option->get_name() != "--table";
    if (of_source && option->count() > 0) {
      refuse_together(option->get_name(), "a capture", "A capture holds what it was recorded with.");
    }
  }
}

void read_decode_options(const CLI::App& app, const Flags& flags, CommandLine& line) {
  auto& decode = line.decode;
  if (flags.capture) {
    refuse_flags_of_slots(app);
    if (flags.record) refuse_together("--record", "a capture", "It is one already.");
    if (flags.capture->empty() || flags.capture->find("://") != std::string::npos) {
      throw Error(ErrorKind::configuration,
                  fmt::format("\"{}\" is not the name of a capture", printable(mask_secrets(*flags.capture))),
                  "A server is named by --source.");
    }
    decode.capture = *flags.capture;
  }
  const auto streaming = pgoutput::parse_streaming(flags.streaming);
  if (!streaming) {
    throw Error(ErrorKind::configuration, fmt::format("--streaming \"{}\" is not known", printable(flags.streaming)),
                "Known: off, on, parallel.");
  }
  decode.streaming = *streaming;
  const int needed = decode.streaming == pgoutput::Streaming::off  ? 1
                     : decode.streaming == pgoutput::Streaming::on ? 2
                                                                   : 4;
  if (line.run.protocol != 0 && line.run.protocol < needed) {
    throw Error(ErrorKind::configuration,
                fmt::format("--streaming {} is not in protocol version {}", flags.streaming, line.run.protocol),
                fmt::format("It came with version {}.", needed));
  }
  decode.binary = flags.binary;
  decode.messages = flags.messages;
  if (flags.decoding_memory) decode.decoding_memory = line.run.decoding_memory;
  if (flags.from) decode.from = parse_lsn("--from-lsn", *flags.from);
  if (flags.to) decode.to = parse_lsn("--to-lsn", *flags.to);
  if (flags.limit) decode.limit = parse_count("--limit", *flags.limit, 1, most_limit);
  for (const auto& table : line.run.tables) {
    if (!table.columns.empty()) {
      throw Error(ErrorKind::configuration, "--table of `walbrook decode` takes no columns", "Form: schema.table");
    }
  }
  if (!flags.record) return;
  if (flags.record->empty()) throw Error(ErrorKind::configuration, "--record needs the name of a file");
  if (!line.run.tables.empty()) refuse_together("--table", "--record", "A capture holds the stream of all tables.");
  if (flags.from) refuse_together("--from-lsn", "--record", "A capture begins where the slot stands.");
  decode.record = *flags.record;
}

CommandLine to_command_line(Command command, const CLI::App& app, const Flags& flags) {
  CommandLine line;
  line.command = command;
  line.json = flags.json;
  line.sql = flags.sql;
  if (flags.csv && flags.json)
    throw Error(ErrorKind::configuration, "--csv and --json exclude each other", "Give one of them.");
  if (flags.csv) line.sql_format = SqlFormat::csv;
  if (flags.json) line.sql_format = SqlFormat::json;
  if (flags.log_format != "text" && flags.log_format != "json") {
    throw Error(ErrorKind::configuration, fmt::format("--log-format \"{}\" is not known", printable(flags.log_format)),
                "Known: text, json.");
  }
  line.log_format = flags.log_format == "json" ? LogFormat::json : LogFormat::text;
  const std::vector<std::string> levels = {"trace", "debug", "info", "warning", "error", "off"};
  if (std::find(levels.begin(), levels.end(), flags.log_level) == levels.end()) {
    throw Error(ErrorKind::configuration, fmt::format("--log-level \"{}\" is not known", printable(flags.log_level)),
                fmt::format("Known: {}.", fmt::join(levels, ", ")));
  }
  line.log_level = flags.log_level;
  read_run_options(flags, line.run);
  if (command == Command::decode) {
    read_decode_options(app, flags, line);
    if (line.decode.capture.empty()) line.run.conninfo = resolve_source(flags.source);
    return line;
  }
  read_duckdb_settings(flags, line.destination);
  const bool needs_source = command == Command::run || command == Command::check;
  if (needs_source || flags.source || !flags.destination) line.run.conninfo = resolve_source(flags.source);
  line.destination.url = flags.destination ? *flags.destination : default_destination(line.run.conninfo);
  line.destination.pipeline = flags.slot;
  line.destination.read_only = command != Command::run;
  return line;
}

}  // namespace

CommandLineResult parse_command_line(std::vector<std::string> arguments) {
  Flags flags;
  CLI::App top;
  top.formatter(std::make_shared<HelpFormat>());
  top.set_help_flag("-h,--help", "this text");
  bool version = false;
  top.add_flag("--version", version, "the version");
  const auto entries = add_commands(top, flags);
  check_command_word(arguments, entries);
  if (arguments.empty()) arguments = {"--help"};
  try {
    std::reverse(arguments.begin(), arguments.end());
    top.parse(std::move(arguments));
  } catch (const CLI::CallForHelp&) {
    const auto* entry = parsed_of(entries);
    if (entry == nullptr) return {std::nullopt, help_of(top, walbrook_help, walbrook_examples)};
    return {std::nullopt, help_of(*entry->app, entry->help, entry->examples)};
  } catch (const CLI::ParseError& error) {
    // An unknown flag explains more than what follows from it.
    const auto* entry = parsed_of(entries);
    if (entry != nullptr) refuse_extras(*entry->app);
    throw Error(ErrorKind::configuration, mask_secrets(error.what()), "`walbrook COMMAND --help` shows the form.");
  }
  if (version) return {std::nullopt, fmt::format("walbrook {}\n", WALBROOK_VERSION)};
  const auto* entry = parsed_of(entries);
  if (entry == nullptr) throw Error(ErrorKind::configuration, "no command was given", commands_of(entries));
  refuse_extras(*entry->app);
  return {to_command_line(entry->command, *entry->app, flags), {}};
}

bool asks_for_json(const std::vector<std::string>& arguments) {
  return std::find(arguments.begin(), arguments.end(), "--json") != arguments.end();
}

LogFormat wanted_log_format(const std::vector<std::string>& arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const bool apart = arguments[i] == "--log-format" && i + 1 < arguments.size() && arguments[i + 1] == "json";
    if (apart || arguments[i] == "--log-format=json") return LogFormat::json;
  }
  return LogFormat::text;
}

}  // namespace walbrook::app
