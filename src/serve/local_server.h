// The local socket of a running pipeline: HTTP over a Unix socket that only the same user can reach.
//
//   GET  /status               → RunStatus as JSON
//   POST /sql   body: the SQL  → {"lsn": "0/1A2B3C8", "pipelines": [{name, lsn}],
//                                "columns": [{name, type, numeric, json}], "rows": [[…]]} or {"error": …}.
//                                ?nested=json: lists, structures and maps are JSON documents. ?pipeline=NAME: the
//                                pipeline whose tables are found first. ?lane=state: walbrook's own short queries,
//                                which wait for no user's query. "102 Processing" comes before the answer, with the
//                                number of queries that are ahead.
//   POST /resync, /suspend, /resume   body: {"tables": [{"schema", "name"}]}; of /resync with one table also "where"
//                              → {} once the request is durable, or {"error": …}
//
// The socket is needed because a second process cannot open a DuckDB file that is being written, not even to read it.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "destination/open_destination.h"
#include "postgres/catalog/table_name.h"
#include "replication/runtime/run.h"

namespace walbrook::serve {

// The functions of the run that the server belongs to. The server's threads call them.
struct ServedRun {
  std::function<replication::RunStatus()> status;
  // replication::Run::request
  std::function<void(replication::Requested what, const std::vector<postgres::TableName>& tables)> request;
  // replication::Run::request_part
  std::function<void(const postgres::TableName& table, const std::string& where)> request_part{};
};

struct ServerOptions {
  int queries = 1;  // answered at the same time; others wait for their turn
  destination::QueryLimits limits{.timeout = std::chrono::minutes(5)};
  milliseconds longest_wait{60'000};    // of a query for its turn
  milliseconds request_timeout{5'000};  // from the connection to the last byte of its request
  milliseconds idle_timeout{10'000};    // of a client that takes no byte of its answer
  milliseconds answer_timeout{60'000};  // of a client that takes its answer slowly
};

class LocalServer {
 public:
  // Starts the server's threads. REQUIRES: `destination` and what `run` refers to outlive the server. Replaces the
  // socket of a dead process. Throws Error(destination) if another process answers at `path`, if that cannot be
  // determined, or if the folder is not exclusively this user's.
  LocalServer(const std::string& path, destination::Destination& destination, ServedRun run,
              const ServerOptions& options = {});
  LocalServer(const LocalServer&) = delete;
  LocalServer& operator=(const LocalServer&) = delete;
  // Interrupts running queries and waits for those that cannot be interrupted.
  ~LocalServer();

  // Interrupts queries and accepts no more; status is still answered. May be called by any thread, and more than once.
  void end_queries();
  // Calls end_queries() and waits until all queries have ended. Returns false if one did not end within `limit`: DuckDB
  // checks for interrupts between the chunks of a query, so an expression over large values is evaluated to its end.
  [[nodiscard]] bool wait_for_queries(milliseconds limit);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace walbrook::serve
