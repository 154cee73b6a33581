// How libpq reads a connection string, before anything is connected.
#pragma once

#include <string>
#include <string_view>

namespace walbrook::postgres {

// Throws Error(configuration) if libpq cannot read the string. `origin` names its source ("--source"). "" is valid.
void check_conninfo(const std::string& conninfo, std::string_view origin);

// Returns the database that libpq would choose: from the string, its service or the environment, otherwise the user's
// name. Asks for the service through the environment. REQUIRES: no other thread runs.
[[nodiscard]] std::string database_of(const std::string& conninfo);

// The server and the database that libpq would choose, for people and as a name.
struct ServerPlace {
  std::string host;  // a name, an address, or the folder of a Unix socket
  std::string port;
  std::string database;
};
// `origin` names the string's source in errors. REQUIRES: as for database_of.
[[nodiscard]] ServerPlace server_place(const std::string& conninfo, std::string_view origin);

}  // namespace walbrook::postgres
