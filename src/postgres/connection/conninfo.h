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

}  // namespace walbrook::postgres
