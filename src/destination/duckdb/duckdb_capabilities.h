// The capabilities of a DuckDB file.
#pragma once

#include <string_view>

#include "destination/capabilities.h"

namespace walbrook::destination::duckdb {

inline constexpr std::string_view state_schema = "_walbrook";

[[nodiscard]] const Capabilities& capabilities();

}  // namespace walbrook::destination::duckdb
