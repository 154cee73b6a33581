#include "postgres/slot/ddl_trigger_setup.h"

#include "postgres/catalog/ddl_trigger.h"

namespace walbrook::postgres {

MadeDdlTrigger make_ddl_trigger(Connection& catalog, const Endpoint& endpoint, KnownServer& server,
                                const SlotWait& wait, const std::stop_token& stop) {
  const auto state = read_ddl_trigger(catalog);
  if (state == DdlTriggerState::complete) return MadeDdlTrigger::nothing;
  if (state == DdlTriggerState::none) create_ddl_trigger(catalog);
  {
    // The creation of a temporary slot ends once every transaction has that was writing when it began.
    auto replication = open_checked(endpoint, ConnectionUse::replication, &server);
    create_snapshot_slot(replication, endpoint, wait, stop);
  }
  complete_ddl_trigger(catalog);
  return state == DdlTriggerState::none ? MadeDdlTrigger::created : MadeDdlTrigger::completed;
}

}  // namespace walbrook::postgres
