// Reads the request of `walbrook pipeline` from its words and flags.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "cli/command_line.h"
#include "cli/flags.h"

namespace walbrook::cli {

// The actions that may follow `walbrook pipeline NAME`.
inline constexpr std::array<std::pair<std::string_view, PipelineAction>, 7> pipeline_actions = {
    {{"info", PipelineAction::info},
     {"loads", PipelineAction::loads},
     {"schema", PipelineAction::schema},
     {"sync", PipelineAction::sync},
     {"trace", PipelineAction::trace},
     {"failed", PipelineAction::failed},
     {"drop", PipelineAction::drop}}};
[[nodiscard]] std::optional<PipelineAction> find_pipeline_action(std::string_view word);

// REQUIRES: `line.settings` and `line.json` are filled in. Throws Error(configuration).
void read_pipeline_request(const Flags& flags, CommandLine& line);

}  // namespace walbrook::cli
