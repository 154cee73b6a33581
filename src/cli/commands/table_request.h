// walbrook resync, suspend and resume: what is requested for tables, of the run that holds the destination or, without
// one, of the next run.
#pragma once

#include "cli/command_line.h"
#include "replication/core/table_request.h"

namespace walbrook::cli {

[[nodiscard]] int request_command(const CommandLine& line, replication::Requested what);

}  // namespace walbrook::cli
