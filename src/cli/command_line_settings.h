// From what was given on the command line to what a command works with: flags over environment over files.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "cli/command_line.h"
#include "cli/flags.h"

namespace walbrook::cli {

// Reads the configuration of the current folder, or of --project, which becomes the current one. Throws
// Error(configuration).
[[nodiscard]] CommandLine to_command_line(const CommandEntry& entry, const Flags& flags);

// The words behind `walbrook pipeline NAME`.
inline constexpr std::array<std::pair<std::string_view, PipelineAction>, 7> pipeline_actions = {
    {{"info", PipelineAction::info},
     {"loads", PipelineAction::loads},
     {"schema", PipelineAction::schema},
     {"sync", PipelineAction::sync},
     {"trace", PipelineAction::trace},
     {"failed", PipelineAction::failed},
     {"drop", PipelineAction::drop}}};
[[nodiscard]] std::optional<PipelineAction> find_pipeline_action(std::string_view word);

// `line.settings` and `line.json` are filled in before.
void read_pipeline_request(const Flags& flags, CommandLine& line);

// What is asked of the table's columns goes to `run.hints`.
void read_hints(const config::TableSetting& table, const postgres::TableName& name, replication::RunOptions& run);

// Of `decode` alone; `line.run` is filled in before.
void read_decode_options(const CLI::App& app, const Flags& flags, CommandLine& line);

}  // namespace walbrook::cli
