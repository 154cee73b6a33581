// What a PostgreSQL destination can do.
#pragma once

#include "destination/capabilities.h"

namespace walbrook::destination::postgresql {

[[nodiscard]] const Capabilities& capabilities();
// The same with ValueLimits::user_types.
[[nodiscard]] const Capabilities& capabilities_with_user_types();

}  // namespace walbrook::destination::postgresql
