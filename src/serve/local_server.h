// The local socket of a running pipeline: HTTP over a Unix socket that only the same user can reach.
//
//   GET  /status               → RunStatus as JSON
//   POST /sql   body: the SQL  → {"lsn": "0/1A2B3C8", "columns": [{name, type, numeric, json}], "rows": [[…]]} or
//                                {"error": …}. With ?nested=json lists, structures and maps are JSON documents.
//   POST /resync body: {"tables": [{"schema", "name"}]} → {} once the request is durable, or {"error": …}
//
// It has to be there: a second process can't open a DuckDB file that is being written, not even to read.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "destination/destination.h"
#include "pipeline/run.h"

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
  std::function<pipeline::RunStatus()> status;
  std::function<void(const std::vector<source::TableName>& tables)> resync;  // pipeline::Run::resync
};

class LocalServer {
 public:
  // Starts its thread. Borrows all for its lifetime. A stale socket of a dead process is replaced; Error(destination)
  // when another process answers there or the folder is not ours alone.
  LocalServer(const std::string& path, destination::Destination& destination, ServedRun run);
  LocalServer(const LocalServer&) = delete;
  LocalServer& operator=(const LocalServer&) = delete;
  // Interrupts queries that still run.
  ~LocalServer();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// What `status` and `sql` ask a running pipeline; nullopt when none answers at that path.
[[nodiscard]] std::optional<std::string> ask_status(const std::string& path);
struct SqlAnswer {
  Lsn lsn;
  destination::QueryResult result;
};
// Throws Error(configuration) with the destination's reason when the SQL failed.
[[nodiscard]] std::optional<SqlAnswer> ask_sql(const std::string& path, const std::string& sql,
                                               destination::NestedCells nested = destination::NestedCells::text);

// False when none answers at that path. Throws what the run refused the request with (pipeline::Run::resync).
[[nodiscard]] bool ask_resync(const std::string& path, const std::vector<source::TableName>& tables);

// The wire forms, and back. Malformed text is an Error(internal): only our own server writes it.
[[nodiscard]] std::string to_json(const pipeline::RunStatus& status);
[[nodiscard]] pipeline::RunStatus status_from_json(std::string_view json);
[[nodiscard]] std::string to_json(const SqlAnswer& answer);
[[nodiscard]] SqlAnswer sql_answer_from_json(std::string_view json);
[[nodiscard]] std::string to_json(const std::vector<source::TableName>& tables);
// Throws Error(configuration) for malformed text: what a client sends need not be ours.
[[nodiscard]] std::vector<source::TableName> tables_from_json(std::string_view json);

}  // namespace walbrook::serve
