// What a PostgreSQL destination can do.
#pragma once

#include "destination/capabilities.h"

namespace walbrook::destination::postgresql {

[[nodiscard]] const Capabilities& capabilities();

}  // namespace walbrook::destination::postgresql
