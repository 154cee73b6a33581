// A database of MotherDuck as the destination, which DuckDB's extension `motherduck` attaches. Not tested against
// MotherDuck itself: that takes an account.
#pragma once

#include <string>

#include "destination/duckdb/connection.h"
#include "destination/open_destination.h"

namespace walbrook::destination::duckdb {

struct MotherDuckUrl {
  std::string database;
  std::string token;  // "": the URL has none
};

// Reads md:shop, md:///shop, md:shop?motherduck_token=TOKEN. Throws Error(configuration), without the token, for a URL
// that cannot be used.
[[nodiscard]] MotherDuckUrl parse_motherduck_url(const std::string& url);

// Returns how DuckDB opens the database. Throws Error(configuration) if neither the URL nor the environment has a
// token.
[[nodiscard]] DatabaseOptions motherduck_options(const DestinationOptions& options);

}  // namespace walbrook::destination::duckdb
