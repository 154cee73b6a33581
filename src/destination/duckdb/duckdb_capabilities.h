// The capabilities of a DuckDB file.
#pragma once

#include <string_view>

#include "destination/capabilities.h"

namespace walbrook::destination::duckdb {

inline constexpr std::string_view state_schema = "_walbrook";

[[nodiscard]] const Capabilities& capabilities();
// The same with ValueLimits::user_types.
[[nodiscard]] const Capabilities& capabilities_with_enums();

}  // namespace walbrook::destination::duckdb
