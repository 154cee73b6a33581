// The commands and their flags as CLI11 knows them: what is defined, not yet what it means.
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
inline constexpr const char* work_group = "What is done";
inline constexpr const char* project_group = "Project folder";
inline constexpr const char* output_group = "Output";
inline constexpr const char* advanced_group = "Advanced";

// What was given, as text; absent ones are nullopt or empty.
struct Flags {
  // Those that have a name in the configuration: its full name, and the text.
  std::vector<std::pair<std::string, std::string>> settings;
  std::vector<std::string> tables;
  bool no_snapshot = false, two_phase = false, adopt_slot = false;

  std::optional<std::string> pipeline, project;
  std::optional<std::string> until, skip_transaction;
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

  // Given by a flag.
  [[nodiscard]] std::optional<std::string> setting(std::string_view key) const;
};

// A command, and what stands around its flags in its help.
struct CommandEntry {
  CLI::App* app;
  Command command;
  std::string_view help, examples;
};

// Adds all commands; parsing fills `flags`, which has to live as long as `top`.
[[nodiscard]] std::vector<CommandEntry> add_commands(CLI::App& top, Flags& flags);

// CLI11's help without its decorations, so that a flag and what it does fit into 100 columns.
[[nodiscard]] std::shared_ptr<CLI::Formatter> help_format();
[[nodiscard]] std::string help_of(const CLI::App& app, std::string_view head, std::string_view examples);

}  // namespace walbrook::cli
