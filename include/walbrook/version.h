#pragma once

#include <string_view>

#include "walbrook/export.h"

namespace walbrook {

// The version of the library that is loaded, "0.1.0".
[[nodiscard]] WALBROOK_EXPORT std::string_view version();

}  // namespace walbrook
