// What the memory destination can do.
#pragma once

#include "destination/capabilities.h"

namespace walbrook::destination::memory {

[[nodiscard]] const Capabilities& capabilities();

}  // namespace walbrook::destination::memory
