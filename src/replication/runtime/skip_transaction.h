// Skips one transaction that the server cannot send, at the user's request.
//
// Nothing reports which tables it changed, so every streaming table is resynced, or those that the user names. First,
// everything that committed before the transaction is applied. Then one load sets the checkpoint to the position right
// after its commit record, and the tables to `pending`. The server starts after that position, and passes no earlier
// transaction to an output plugin. After a crash in between, what was not durable is repeated; once it is durable, the
// run no longer needs the flag.
#pragma once

#include <stop_token>

#include "destination/destination.h"
#include "replication/core/run_observer.h"
#include "replication/setup/run_options.h"

namespace walbrook::replication {

// Skips options.skip_transaction; an ordinary run follows. If the checkpoint has already passed that transaction, this
// is only logged. Throws Error(configuration) if no transaction commits at that LSN or a table of skip_only is not
// known, and whatever a run throws. Returns false if `stop` was requested before it was skipped.
[[nodiscard]] bool skip_transaction(const RunOptions& options, destination::Destination& destination,
                                    RunObserver& observer, std::stop_token stop);

}  // namespace walbrook::replication
