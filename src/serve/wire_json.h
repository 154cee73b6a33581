// Converts what is sent over the local socket to JSON and back.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "destination/destination.h"
#include "postgres/catalog/table_name.h"
#include "replication/runtime/run.h"

namespace walbrook::serve {

struct SqlAnswer {
  Lsn lsn;  // of the only pipeline whose tables were read; not set: there is none, or several
  std::vector<destination::PipelinePosition> pipelines = {};
  destination::QueryResult result;
};
// Adds the positions to a result, and their LSN if there is only one.
[[nodiscard]] SqlAnswer sql_answer(destination::QueryResult result,
                                   std::vector<destination::PipelinePosition> positions);

// The tables of a request.
struct AskedTables {
  std::vector<postgres::TableName> tables;
  std::string where{};  // of a resync of one table: which rows; empty = all
};

// The wire forms and their inverses. Throw Error(internal) for malformed text, which only walbrook itself writes.
[[nodiscard]] std::string to_json(const replication::RunStatus& status);
[[nodiscard]] replication::RunStatus status_from_json(std::string_view json);
[[nodiscard]] std::string to_json(const SqlAnswer& answer);
[[nodiscard]] SqlAnswer sql_answer_from_json(std::string_view json);
[[nodiscard]] std::string to_json(const AskedTables& asked);
// Throws Error(configuration) for malformed text, because any client may have sent it.
[[nodiscard]] AskedTables tables_from_json(std::string_view json);

}  // namespace walbrook::serve
