// Finds the pipeline that a command means when none is named, from what the destination stores.
#pragma once

#include <memory>
#include <string>

#include "cli/command_line.h"
#include "destination/stored_state.h"

namespace walbrook::cli {

// Returns `line` with the effective names. If no pipeline is named, the file's only pipeline is meant; commands that
// read the source require that it copies that source's database. Its slot and publication are those of its last run. If
// the file holds several pipelines, the one that is `running` is meant. Throws Error(configuration) with their names if
// several remain and the command needs one.
[[nodiscard]] CommandLine with_stored_names(const CommandLine& line, const destination::StoredState& state,
                                            const std::string& running = {});

// Does the same with an open destination. Opens it again if it was opened for another pipeline.
void take_stored_names(CommandLine& line, std::unique_ptr<destination::Destination>& destination);

}  // namespace walbrook::cli
