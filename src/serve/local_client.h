// What commands ask a running pipeline over its local socket.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "postgres/catalog/table_name.h"
#include "serve/wire_json.h"

namespace walbrook::serve {

// What a running pipeline is asked. nullopt (false): none is at work at that path. Error(destination) where one is and
// does not answer, and where it cannot be told.
[[nodiscard]] std::optional<std::string> ask_status(const std::string& path);

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

}  // namespace walbrook::serve
