// One attempt to connect. Every wait in it has a limit and ends at a stop, including the lookup of the host's name.
#pragma once

#include <map>
#include <string>

#include "postgres/connection/connection.h"

namespace walbrook::postgres {

using ConnectionParameters = std::map<std::string, std::string>;  // libpq's keywords
[[nodiscard]] std::string parameter(const ConnectionParameters& parameters, const std::string& name);  // "" if missing

// Connects with `conninfo`, which `added` overrides; `resolved` is everything that libpq makes of `conninfo`. Each
// address gets its own `connect_timeout`, as with PQconnectdb. Returns a connection in whatever state it reached,
// including its errors with their SQLSTATE. Throws Stopped, and Error(connection) if no address answered in time or
// none is known.
[[nodiscard]] OpenedConnection dial(const Endpoint& endpoint, const std::string& conninfo,
                                    const ConnectionParameters& resolved, const ConnectionParameters& added);

}  // namespace walbrook::postgres
