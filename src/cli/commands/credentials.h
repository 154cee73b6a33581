// Where the source is, without letting a password out.
#pragma once

#include <string>

#include "config/configuration.h"

namespace walbrook::cli {

// libpq's connection string from flag, environment or files; "": nothing was said, libpq's own environment counts.
// Error(configuration) when libpq cannot read it.
[[nodiscard]] std::string resolve_source(const config::Configuration& settings);

// duckdb:///<database>.duckdb in the current folder; the database as libpq would choose it.
[[nodiscard]] std::string default_destination(const std::string& conninfo);

}  // namespace walbrook::cli
