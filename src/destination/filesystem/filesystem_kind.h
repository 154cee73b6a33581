// The entry of the destination of files in the registry.
#pragma once

#include "destination/registry.h"

namespace walbrook::destination::filesystem {

extern const Kind kind_entry;

}  // namespace walbrook::destination::filesystem
