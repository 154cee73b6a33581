// DuckDB's entry in the registry of destinations.
#pragma once

#include "destination/registry.h"

namespace walbrook::destination::ducklake {

extern const Kind kind_entry;

}  // namespace walbrook::destination::ducklake
