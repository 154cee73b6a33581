// The files of share/project/ as `walbrook init` writes them for a destination.
#pragma once

#include <string>

#include "base/destination_name.h"
#include "cli/commands/project_files.h"

namespace walbrook::cli {

// Returns the file's text with `destination` in the place of the one that share/project/ names, and with the section of
// its secrets.
[[nodiscard]] std::string text_for(const ProjectFile& file, const DestinationWords& destination);

}  // namespace walbrook::cli
