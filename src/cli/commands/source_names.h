// Table names of the command line that the source has to explain.
#pragma once

#include "cli/command_line.h"

namespace walbrook::cli {

// Names of `--table` with capitals outside of quotes become those of the source's tables that are meant
// (postgres/catalog/table_name.h). The source is asked only where there are any; a run waits for it
// and throws where it does not answer; for other commands they stay as SQL reads them then. Throws Error(configuration)
// where several tables may be meant.
void take_source_names(CommandLine& line);

}  // namespace walbrook::cli
