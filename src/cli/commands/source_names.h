// Resolves table names of the command line that only the source's catalog can resolve.
#pragma once

#include "cli/command_line.h"

namespace walbrook::cli {

// Replaces each `--table` name that has unquoted capitals with the name of the source's table that it means
// (postgres/catalog/table_name.h). The source is queried only if there is such a name. A run waits for the source, and
// throws if it does not answer; other commands then keep the name as SQL reads it. Throws Error(configuration) if a
// name may mean several tables.
void take_source_names(CommandLine& line);

}  // namespace walbrook::cli
