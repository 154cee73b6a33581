// The requests that commands send to a running pipeline over its local socket.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "postgres/catalog/table_name.h"
#include "replication/core/table_request.h"
#include "serve/wire_json.h"

namespace walbrook::serve {

// Each function sends one request. nullopt (false): no run is at work at that path. Throws Error(destination) if a run
// is there and does not answer, and if it cannot be determined whether one is there.
[[nodiscard]] std::optional<std::string> ask_status(const std::string& path);

struct SqlQuestion {
  std::string sql;
  destination::NestedCells nested = destination::NestedCells::text;
  std::string pipeline = {};    // ReadOptions::pipeline
  bool is_of_walbrook = false;  // a short query of walbrook on the state: waits for no user's query
  std::function<void(std::size_t ahead)> waits = {};  // called once, if others are ahead of it
};
// Throws Error(configuration) with the destination's reason if the SQL failed.
[[nodiscard]] std::optional<SqlAnswer> ask_sql(const std::string& path, const SqlQuestion& question);

// Throws the error with which the run refused the request (replication::Run::request).
// `where`: Run::request_part, of one table.
[[nodiscard]] bool ask_request(const std::string& path, replication::Requested what,
                               const std::vector<postgres::TableName>& tables, const std::string& where = {});

}  // namespace walbrook::serve
