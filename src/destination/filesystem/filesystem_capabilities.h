// What a destination of files can do.
#pragma once

#include "destination/capabilities.h"

namespace walbrook::destination::filesystem {

[[nodiscard]] const Capabilities& capabilities();

}  // namespace walbrook::destination::filesystem
