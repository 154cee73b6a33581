// The local socket of a running pipeline: HTTP over a Unix socket that only the same user can reach.
//
//   GET  /status               → RunStatus as JSON
//   POST /sql   body: the SQL  → {"lsn": "0/1A2B3C8", "pipelines": [{name, lsn}],
//                                "columns": [{name, type, numeric, json}], "rows": [[…]]} or {"error": …}.
//                                ?nested=json: lists, structures and maps are JSON documents. ?pipeline=NAME: whose
//                                tables are found first. ?lane=state: walbrook's own short questions, which wait for no
//                                query. Before the answer comes "102 Processing" with the number of queries that go
//                                before it.
//   POST /resync body: {"tables": [{"schema", "name"}]} → {} once the request is durable, or {"error": …}
//
// It has to be there: a second process can't open a DuckDB file that is being written, not even to read.
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

// What the server asks of the run that it belongs to; called by its threads.
struct ServedRun {
  std::function<replication::RunStatus()> status;
  std::function<void(const std::vector<postgres::TableName>& tables)> resync;  // replication::Run::resync
};

struct ServerOptions {
  int queries = 1;  // answered at the same time; others wait for their turn
  destination::QueryLimits limits{.timeout = std::chrono::minutes(5)};
  milliseconds longest_wait{60'000};    // of a query for its turn
  milliseconds request_timeout{5'000};  // from the connection to the last byte of its request
  milliseconds idle_timeout{10'000};    // of a client that takes nothing of its answer
  milliseconds answer_timeout{60'000};  // of a client that takes its answer slowly
};

class LocalServer {
 public:
  // Starts its threads. Borrows all for its lifetime. A stale socket of a dead process is replaced; Error(destination)
  // when another process answers there, when that cannot be told, or when the folder is not ours alone.
  LocalServer(const std::string& path, destination::Destination& destination, ServedRun run,
              const ServerOptions& options = {});
  LocalServer(const LocalServer&) = delete;
  LocalServer& operator=(const LocalServer&) = delete;
  // Ends queries that still run, and waits for what cannot be interrupted.
  ~LocalServer();

  // Interrupts queries and takes no more of them; status is answered still. Any thread, more than once.
  void end_queries();
  // The same, and waits until all of them ended. False: one did not within `limit`; DuckDB looks for interrupts between
  // the chunks of a query, so that one expression over large values is computed to its end.
  [[nodiscard]] bool wait_for_queries(milliseconds limit);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace walbrook::serve
