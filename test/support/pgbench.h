// pgbench, which comes with the server: its tables, and its own load or a script.
#pragma once

#include <string>
#include <vector>

#include "test/support/postgres_server.h"

namespace walbrook::test {

// `pgbench ARGUMENTS DATABASE` against the server, as its superuser.
[[nodiscard]] ProcessSpec pgbench_command(const PostgresServer& server, const std::string& database,
                                          const std::vector<std::string>& arguments);

// Creates pgbench's four tables. Throws with the output if pgbench fails.
void pgbench_initialize(const PostgresServer& server, const std::string& database, int scale);

}  // namespace walbrook::test
