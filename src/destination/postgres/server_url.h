// Finds the server and the database of a destination from what the user wrote.
#pragma once

#include <string>

#include "destination/registry.h"
#include "postgres/connection/endpoint.h"

namespace walbrook::destination::postgresql {

// Returns libpq's connection string for postgresql://…, postgres://… or "postgresql:host=… dbname=…". Throws
// Error(configuration) for a URL that libpq cannot read.
[[nodiscard]] std::string conninfo_of(const std::string& url);
[[nodiscard]] Place place_of_server(const std::string& url);
[[nodiscard]] postgres::Endpoint endpoint_of(const std::string& url);

}  // namespace walbrook::destination::postgresql
