// pgbench, which comes with the server: its tables, its own load, or a script.
#pragma once

#include <string>
#include <vector>

#include "test/support/postgres_server.h"

namespace walbrook::test {

// `pgbench ARGUMENTS DATABASE` against the server, as its superuser.
[[nodiscard]] ProcessSpec pgbench_command(const PostgresServer& server, const std::string& database,
                                          const std::vector<std::string>& arguments);

// Makes pgbench's four tables; throws with the output when it fails.
void pgbench_initialize(const PostgresServer& server, const std::string& database, int scale);

}  // namespace walbrook::test
