// What goes over the local socket, as JSON and back.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "destination/destination.h"
#include "postgres/catalog/table_name.h"
#include "replication/runtime/run.h"

namespace walbrook::serve {

struct SqlAnswer {
  Lsn lsn;  // of the only pipeline whose tables were read; unset: of none, or of several
  std::vector<destination::PipelinePosition> pipelines = {};
  destination::QueryResult result;
};
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
