// Which pipeline a command means where nobody named one: what the destination holds says it.
#pragma once

#include <memory>
#include <string>

#include "cli/command_line.h"
#include "destination/stored_state.h"

namespace walbrook::cli {

// `line` with the names that count. A file's only pipeline is meant where no other is named, of the commands that read
// the source only if it copies that database; its slot and publication are the ones that it was last run with.
// Of several the one that is `running` is meant. Throws Error(configuration) with their names where a file holds
// several and the command needs one.
[[nodiscard]] CommandLine with_stored_names(const CommandLine& line, const destination::StoredState& state,
                                            const std::string& running = {});

// The same from the opened destination, which is opened again where it was opened for another pipeline.
void take_stored_names(CommandLine& line, std::unique_ptr<destination::Destination>& destination);

}  // namespace walbrook::cli
