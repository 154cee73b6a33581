// MotherDuck's entry in the registry of destinations.
#pragma once

#include "destination/registry.h"

namespace walbrook::destination::duckdb {

extern const Kind motherduck_entry;

}  // namespace walbrook::destination::duckdb
