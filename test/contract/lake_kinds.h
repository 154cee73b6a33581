// Lakes as destinations of the contract test, one for each kind of catalog. They need DuckDB's extensions from
// tools/install-ducklake.
#pragma once

#include <vector>

#include "test/contract/destinations.h"

namespace walbrook::contract {

// Returns none, and says so on stderr, if the extensions are not there.
[[nodiscard]] std::vector<DestinationKind> lake_kinds();

}  // namespace walbrook::contract
