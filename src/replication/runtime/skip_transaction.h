// Leaves out one transaction that the server cannot send, on the user's word.
//
// Nothing tells which tables it changed, so every table that streams is resynced, or those that the user names. In
// order: everything that committed before it is applied; then one load makes the checkpoint the position right after
// its commit record and the tables `pending`. The server starts behind that position, and passes transactions before it
// to no output plugin. A crash in between repeats what was not durable; once it is, the run needs the flag no more.
#pragma once

#include <stop_token>

#include "destination/destination.h"
#include "replication/core/run_observer.h"
#include "replication/setup/run_options.h"

namespace walbrook::replication {

// Does that for options.skip_transaction; what follows is an ordinary run's. A transaction that the checkpoint has
// passed already is only mentioned. Throws Error(configuration) when no transaction commits at that LSN or a table of
// skip_only is not known, and what a run throws.
// Returns false when `stop` was requested before it was skipped.
[[nodiscard]] bool skip_transaction(const RunOptions& options, destination::Destination& destination,
                                    RunObserver& observer, std::stop_token stop);

}  // namespace walbrook::replication
