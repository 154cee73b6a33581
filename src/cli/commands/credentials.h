// Finds the source and the default destination without printing a password.
#pragma once

#include <string>

#include "config/configuration.h"

namespace walbrook::cli {

// Returns libpq's connection string from flag, environment or files. Returns "" if none of them is set; libpq then uses
// its own environment variables. Throws Error(configuration) if libpq cannot parse the string.
[[nodiscard]] std::string resolve_source(const config::Configuration& settings);

// Returns duckdb:///<database>.duckdb in the current folder, with the database name that libpq would choose.
[[nodiscard]] std::string default_destination(const std::string& conninfo);

}  // namespace walbrook::cli
