// Creates walbrook's event triggers (postgres/catalog/ddl_trigger.h) and waits until they are complete.
#pragma once

#include <stop_token>

#include "postgres/connection/endpoint.h"
#include "postgres/connection/known_server.h"
#include "postgres/slot/slot.h"

namespace walbrook::postgres {

enum class MadeDdlTrigger {
  nothing,    // they were complete
  completed,  // they were pending
  created,
};

// Waits for transactions that were writing when the triggers were created, as the creation of a slot does; if they do
// not end in time, the triggers stay pending and the next call continues. Throws WritersStayOpen, Stopped and
// Error(permission_denied).
MadeDdlTrigger make_ddl_trigger(Connection& catalog, const Endpoint& endpoint, KnownServer& server,
                                const SlotWait& wait, const std::stop_token& stop);

}  // namespace walbrook::postgres
