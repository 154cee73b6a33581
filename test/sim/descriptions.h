// walbrook's event triggers on the model server (postgres/catalog/ddl_trigger.h): the messages that they send into the
// log, at their place among the changes of the transaction that altered a table.
#pragma once

#include <nlohmann/json.hpp>

#include "test/sim/server.h"

namespace walbrook::sim {

// Creates the triggers, or enables them again.
void enable_trigger(Server& server);
void disable_trigger(Server& server);

// As in a fingerprint and in a description.
[[nodiscard]] nlohmann::json described_columns(const Shape& shape);

// Each sends nothing while there are no triggers.
void send_description(Server& server, Xid xid, Xid subxid, const CatalogRow& table);
void send_rewritten(Server& server, Xid xid, Xid subxid, const CatalogRow& table);

}  // namespace walbrook::sim
