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

#include "destination/destination.h"
#include "replication/runtime/run.h"

namespace walbrook::serve {

// Where the socket of the pipeline that writes this destination stands: a folder of mode 700 under XDG_RUNTIME_DIR,
// /run/user/UID or the temporary folder, named after user and destination (canonical path), so that `status` and `sql`
// find it from the same flags. A run that was started by cron may have taken another of these folders than the shell
// that asks: the one where somebody answers wins, otherwise the first that can be used.
[[nodiscard]] std::string socket_path(const std::string& destination_url);
// The folder that would have gone before the one of `socket` if it did not belong to another user; "": there is none.
[[nodiscard]] std::string taken_socket_folder(const std::string& socket);

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

// What a running pipeline is asked. nullopt (false): none is at work at that path. Error(destination) where one is and
// does not answer, and where it cannot be told.
[[nodiscard]] std::optional<std::string> ask_status(const std::string& path);

struct SqlAnswer {
  Lsn lsn;  // of the only pipeline whose tables were read; unset: of none, or of several
  std::vector<destination::PipelinePosition> pipelines = {};
  destination::QueryResult result;
};
struct SqlQuestion {
  std::string sql;
  destination::NestedCells nested = destination::NestedCells::text;
  std::string pipeline = {};    // ReadOptions::pipeline
  bool is_of_walbrook = false;  // one of walbrook's own, on the state: it waits for no query, and has some seconds
  std::function<void(std::size_t ahead)> waits = {};  // told once, where others go before it
};
// Throws Error(configuration) with the destination's reason when the SQL failed.
[[nodiscard]] std::optional<SqlAnswer> ask_sql(const std::string& path, const SqlQuestion& question);

// Throws what the run refused the request with (replication::Run::resync).
[[nodiscard]] bool ask_resync(const std::string& path, const std::vector<postgres::TableName>& tables);

// Positions of an answer, and their LSN where there is one only.
[[nodiscard]] SqlAnswer sql_answer(destination::QueryResult result,
                                   std::vector<destination::PipelinePosition> positions);

// The wire forms, and back. Malformed text is an Error(internal): only our own server writes it.
[[nodiscard]] std::string to_json(const replication::RunStatus& status);
[[nodiscard]] replication::RunStatus status_from_json(std::string_view json);
[[nodiscard]] std::string to_json(const SqlAnswer& answer);
[[nodiscard]] SqlAnswer sql_answer_from_json(std::string_view json);
[[nodiscard]] std::string to_json(const std::vector<postgres::TableName>& tables);
// Throws Error(configuration) for malformed text: what a client sends need not be ours.
[[nodiscard]] std::vector<postgres::TableName> tables_from_json(std::string_view json);

}  // namespace walbrook::serve
