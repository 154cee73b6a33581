// One attempt to connect. Every wait in it has a limit and ends at a stop, the look-up of the host's name included.
#pragma once

#include <libpq-fe.h>

#include <map>
#include <memory>
#include <string>

#include "source/endpoint.h"

namespace walbrook::source {

struct FinishConnection {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
using OpenedConnection = std::unique_ptr<PGconn, FinishConnection>;

using ConnectionParameters = std::map<std::string, std::string>;  // libpq's keywords

// `conninfo`, then `added` over it; `resolved` is all that libpq makes of the former. Each address gets
// `connect_timeout` of its own, as with PQconnectdb. Returns a connection in whatever state it came to, its errors
// with their SQLSTATE; throws Stopped, and Error(connection) where no address answered in time or none is known.
[[nodiscard]] OpenedConnection dial(const Endpoint& endpoint, const ConnectionParameters& resolved,
                                    const ConnectionParameters& added);

}  // namespace walbrook::source
