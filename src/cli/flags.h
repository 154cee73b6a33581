// Defines the commands and their flags for CLI11. What they mean is decided elsewhere (cli/command_line_settings.h).
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/command_line.h"

namespace walbrook::cli {

inline constexpr const char* source_group = "Source";
inline constexpr const char* destination_group = "Destination";
inline constexpr const char* work_group = "Actions";
inline constexpr const char* project_group = "Project folder";
inline constexpr const char* output_group = "Output";
inline constexpr const char* advanced_group = "Advanced";

// The flags as text. An absent flag is nullopt or empty.
struct Flags {
  // Flags that have a name in the configuration: the full name, and the text.
  std::vector<std::pair<std::string, std::string>> settings;
  std::vector<std::string> tables;
  bool diff = false;  // of pipeline NAME schema
  bool no_snapshot = false, two_phase = false, failover = false, standby = false, ddl_trigger = false,
       adopt_slot = false, primary_key = false, create_types = false, enum_columns = false;

  std::optional<std::string> pipeline, project;
  std::optional<std::string> until, skip_transaction, at, where;
  std::vector<std::string> only;
  std::string sql;
  std::optional<std::string> from, to, limit, record, capture;
  std::string streaming = "off";
  bool binary = false, messages = false;
  InitOptions init;
  std::string action;  // of pipeline
  std::string shell;   // of completion
  bool list = false, yes = false, destination_only = false;
  bool follow = false, reset = false, accept_new_system = false, json = false, csv = false;

  // Returns the value set by a flag.
  [[nodiscard]] std::optional<std::string> setting(std::string_view key) const;
};

// A command, with the text before and after the flags in its help.
struct CommandEntry {
  CLI::App* app;
  Command command;
  std::string_view help, examples;
};

// Adds all commands. Parsing fills `flags`. REQUIRES: `flags` outlives `top`.
[[nodiscard]] std::vector<CommandEntry> add_commands(CLI::App& top, Flags& flags);

// Formats CLI11's help without its decorations, so that a flag and its description fit into 100 columns.
[[nodiscard]] std::shared_ptr<CLI::Formatter> help_format();
[[nodiscard]] std::string help_of(const CLI::App& app, std::string_view head, std::string_view examples);

}  // namespace walbrook::cli
