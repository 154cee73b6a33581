// One attempt to connect. Every wait in it has a limit and ends at a stop, the look-up of the host's name included.
#pragma once

#include <map>
#include <string>

#include "postgres/connection/connection.h"

namespace walbrook::postgres {

using ConnectionParameters = std::map<std::string, std::string>;  // libpq's keywords
[[nodiscard]] std::string parameter(const ConnectionParameters& parameters, const std::string& name);  // "": not there

// `conninfo`, then `added` over it; `resolved` is all that libpq makes of the former. Each address gets
// `connect_timeout` of its own, as with PQconnectdb. Returns a connection in whatever state it came to, its errors
// with their SQLSTATE; throws Stopped, and Error(connection) where no address answered in time or none is known.
[[nodiscard]] OpenedConnection dial(const Endpoint& endpoint, const std::string& conninfo,
                                    const ConnectionParameters& resolved, const ConnectionParameters& added);

}  // namespace walbrook::postgres
