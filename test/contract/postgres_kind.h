// The PostgreSQL destination for the contract test: a database of its own for each test, on a real server.
#pragma once

#include "test/contract/destinations.h"

namespace walbrook::contract {

[[nodiscard]] DestinationKind postgres_kind();

}  // namespace walbrook::contract
