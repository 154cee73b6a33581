// PostgreSQL's entry in the registry of destinations.
#pragma once

#include "destination/registry.h"

namespace walbrook::destination::postgresql {

extern const Kind kind_entry;

}  // namespace walbrook::destination::postgresql
