// What libpq makes of a connection string, before anything is connected.
#pragma once

#include <string>
#include <string_view>

namespace walbrook::postgres {

// Throws Error(configuration) when libpq cannot read it; `origin` says where it came from ("--source"). "" is fine.
void check_conninfo(const std::string& conninfo, std::string_view origin);

// The database that libpq would choose: of the string, its service, the environment; else the user's name.
// Asks for the service through the environment: call it while no other thread runs.
[[nodiscard]] std::string database_of(const std::string& conninfo);

}  // namespace walbrook::postgres
