// A copy of a server's data folder at one moment, as in a cold backup. A server that gets its own copy back is in an
// older state; one that gets another server's copy is another server at the same address.
#pragma once

#include "test/support/postgres_server.h"
#include "test/support/temp_folder.h"

namespace walbrook::test {

class ClusterCopy {
 public:
  // Stops the server, copies its folder, and starts it again.
  explicit ClusterCopy(PostgresServer& server);

  // Stops `server` and replaces its folder with this copy. The caller starts it.
  void put_into(PostgresServer& server) const;
  // Does the same, as a standby without a primary: SELECT pg_promote() begins a new timeline.
  void put_as_standby_into(PostgresServer& server) const;

 private:
  TempFolder folder_;
};

}  // namespace walbrook::test
