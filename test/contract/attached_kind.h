// A DuckDB database that is attached and not opened, as MotherDuck's are. It stands for those in the contract tests:
// the attached database is a file here.
#pragma once

#include "test/contract/destinations.h"

namespace walbrook::contract {

[[nodiscard]] DestinationKind attached_kind();

}  // namespace walbrook::contract
