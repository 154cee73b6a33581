#include "test/support/pgbench.h"

#include <stdexcept>

#include "test/support/sql.h"

namespace walbrook::test {

ProcessSpec pgbench_command(const PostgresServer& server, const std::string& database,
                            const std::vector<std::string>& arguments) {
  const auto beside_server = server.bin_dir() + "/pgbench";
  ProcessSpec spec{.argv = {std::filesystem::exists(beside_server) ? beside_server : "pgbench", "-h",
                            server.folder().string(), "-p", std::to_string(server.port()), "-U", "postgres"}};
  spec.argv.insert(spec.argv.end(), arguments.begin(), arguments.end());
  spec.argv.push_back(database);
  return spec;
}

void pgbench_initialize(const PostgresServer& server, const std::string& database, int scale) {
  const auto result = run(pgbench_command(server, database, {"-i", "-q", "-s", std::to_string(scale)}));
  if (!result.succeeded()) throw std::runtime_error(result.describe());
  // Without a replica identity, walbrook's own publication would leave it out.
  Sql(server.conninfo(database)).exec("ALTER TABLE pgbench_history REPLICA IDENTITY FULL");
}

}  // namespace walbrook::test
