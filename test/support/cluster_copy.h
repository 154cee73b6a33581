// The data folder of a server at one moment: what a cold backup holds. A server that gets it back is in an older state,
// one that gets another server's is another server at the same address.
#pragma once

#include "test/support/postgres_server.h"
#include "test/support/temp_folder.h"

namespace walbrook::test {

class ClusterCopy {
 public:
  // Stops the server, copies its folder, and starts it again.
  explicit ClusterCopy(PostgresServer& server);

  // Stops `server` and gives it this folder; start it then.
  void put_into(PostgresServer& server) const;
  // The same, as a standby that has no primary: SELECT pg_promote() begins a new timeline.
  void put_as_standby_into(PostgresServer& server) const;

 private:
  TempFolder folder_;
};

}  // namespace walbrook::test
