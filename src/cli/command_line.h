// What a command is to do: its flags, the environment and the configuration files, checked, defaults filled in.
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

enum class Command { run, check, status, resync, sql, decode, config, init, pipeline, completion };
enum class SqlFormat { table, csv, json };

struct DecodeOptions {
  std::string capture;  // the file to read; "": a slot
  std::string record;   // the file to write; "": messages are printed
  postgres::Streaming streaming = postgres::Streaming::off;
  bool binary = false;
  bool messages = false;
  std::string logical_decoding_work_mem;  // "": as the server has it set
  std::optional<Lsn> from, to;
  std::uint64_t limit = 0;  // 0: none
};

enum class PipelineAction { info, loads, schema, sync, trace, failed, drop, list };

struct PipelineRequest {
  PipelineAction action = PipelineAction::info;
  std::vector<postgres::TableName> tables;     // of drop, where none means the whole pipeline; and of resync
  std::vector<postgres::WrittenName> written;  // the same as they were written
  std::uint64_t limit = 0;                     // of loads and trace
  bool yes = false;                            // nothing is asked
  bool destination_only = false;               // of drop: slot and publication stay
  // Of list: what the configuration holds.
  struct Listed {
    std::string name, destination;
    bool by_default = false;  // the one that a command without a name takes
  };
  std::vector<Listed> listed;
};

struct InitOptions {
  std::string source = "pg_replication";
  std::string destination = "duckdb";
  bool force = false;  // what is there is written again
};

struct CommandLine {
  Command command = Command::run;
  bool json = false;
  bool yes = false;  // nothing is asked
  LogFormat log_format = LogFormat::text;
  std::string log_level = "info";
  config::Configuration settings;  // where everything below came from

  std::vector<postgres::WrittenName> written_tables;  // run.tables as they were written
  replication::RunOptions run;                        // conninfo, names and tables are set for every command
  destination::DestinationOptions destination;
  // Nobody named the pipeline and its slot, or the publication: what the destination holds goes before the default
  // (cli/commands/stored_names.h). The names are "" then where the source's database is not known either.
  bool pipeline_is_default = false;
  bool publication_is_default = false;

  int queries = 1;                        // that a run answers at the same time
  destination::QueryLimits query_limits;  // of each
  std::string sql;
  SqlFormat sql_format = SqlFormat::table;
  InitOptions init;
  PipelineRequest pipeline;
  std::string shell;     // of completion
  DecodeOptions decode;  // with slot, publication, protocol and tables of `run`
};

struct CommandLineResult {
  std::optional<CommandLine> line;  // nullopt: `text` is all there is to do, exit 0
  std::string text;                 // of --help and --version
};

// Reads the configuration too. Throws Error(configuration), with the nearest known flag where one was not known.
[[nodiscard]] CommandLineResult parse_command_line(std::vector<std::string> arguments);

// How an error is to be told, known even when the arguments cannot be parsed.
[[nodiscard]] bool asks_for_json(const std::vector<std::string>& arguments);
[[nodiscard]] LogFormat wanted_log_format(const std::vector<std::string>& arguments);

}  // namespace walbrook::cli
