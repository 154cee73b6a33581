// What a lake can do.
#pragma once

#include "destination/capabilities.h"

namespace walbrook::destination::ducklake {

[[nodiscard]] const Capabilities& capabilities();

}  // namespace walbrook::destination::ducklake
