// A parsed command line: which command is requested, with flags, environment and configuration files checked and
// merged.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "config/configuration.h"
#include "destination/open_destination.h"
#include "postgres/catalog/table_name.h"
#include "postgres/protocol/message.h"
#include "replication/runtime/run.h"

namespace walbrook::cli {

enum class Command {
  run,
  check,
  status,
  resync,
  suspend,
  resume,
  compact,
  sql,
  decode,
  config,
  init,
  pipeline,
  completion
};
[[nodiscard]] constexpr bool requests_tables(Command command) {
  return command == Command::resync || command == Command::suspend || command == Command::resume;
}
enum class SqlFormat { table, csv, json };

struct DecodeOptions {
  std::string capture;  // the file to read; "": a slot is read
  std::string record;   // the file to write; "": messages are printed
  postgres::Streaming streaming = postgres::Streaming::off;
  bool binary = false;
  bool messages = false;
  std::string logical_decoding_work_mem;  // "": the server's setting is used
  std::optional<Lsn> from, to;
  std::uint64_t limit = 0;  // 0: no limit
};

enum class PipelineAction { info, loads, schema, sync, trace, failed, drop, list };

// A moment in the history of a pipeline: one of the two is set.
struct PipelineMoment {
  std::optional<Lsn> lsn;  // a position in the source's log
  std::optional<WallTime> time;
};

struct PipelineRequest {
  PipelineAction action = PipelineAction::info;
  std::string where{};                         // of resync: which rows of the table; empty = all
  std::vector<postgres::TableName> tables;     // of drop (none: the whole pipeline), resync, suspend, resume
  std::vector<postgres::WrittenName> written;  // the same tables as the user wrote them
  std::uint64_t limit = 0;                     // of loads and trace
  std::optional<PipelineMoment> at;            // of schema: the moment that it shows
  bool diff = false;                           // of schema: how it has changed since then
  bool yes = false;                            // no confirmation is asked for
  bool destination_only = false;               // of drop: keeps slot and publication
  // Of list: the pipelines of the configuration.
  struct Listed {
    std::string name, destination;
    bool by_default = false;  // the one used by a command that names none
  };
  std::vector<Listed> listed;
};

struct InitOptions {
  std::string source = "pg_replication";
  std::string destination = "duckdb";
  bool force = false;  // existing files are replaced
};

struct CommandLine {
  Command command = Command::run;
  bool json = false;
  bool yes = false;  // no confirmation is asked for
  LogFormat log_format = LogFormat::text;
  std::string log_level = "info";
  config::Configuration settings;  // the source of everything below

  std::vector<postgres::WrittenName> written_tables;  // run.tables as the user wrote them
  replication::RunOptions run;                        // conninfo, names and tables are set for every command
  destination::DestinationOptions destination;
  // True if neither flags nor configuration name the pipeline and its slot, or the publication. Names stored in the
  // destination then take precedence over the default (cli/commands/stored_names.h). The names are "" if the source's
  // database is not known either.
  bool pipeline_is_default = false;
  bool publication_is_default = false;

  int queries = 1;                        // queries that a run answers at the same time
  destination::QueryLimits query_limits;  // of each query
  std::string sql;
  SqlFormat sql_format = SqlFormat::table;
  InitOptions init;
  PipelineRequest pipeline;
  std::string shell;     // of completion
  DecodeOptions decode;  // used with slot, publication, protocol and tables of `run`
};

struct CommandLineResult {
  std::optional<CommandLine> line;  // nullopt: print `text` and exit with 0
  std::string text;                 // of --help and --version
};

// Also reads the configuration. Throws Error(configuration), which names the nearest known flag if a flag is unknown.
[[nodiscard]] CommandLineResult parse_command_line(std::vector<std::string> arguments);

// How an error is to be reported. Both work even if the arguments cannot be parsed.
[[nodiscard]] bool asks_for_json(const std::vector<std::string>& arguments);
[[nodiscard]] LogFormat wanted_log_format(const std::vector<std::string>& arguments);

}  // namespace walbrook::cli
