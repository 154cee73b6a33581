#include "cli/pipeline/pipeline_schema.h"

#include <nlohmann/json.hpp>

#include "cli/pipeline/pipeline_json.h"

namespace walbrook::cli {
namespace {

using destination::StoredColumn;
using destination::StoredPipeline;
using destination::StoredTable;
using Json = nlohmann::ordered_json;

Json column_document(const StoredColumn& column) {
  Json document = {{"name", column.name}, {"type", column.type}};
  if (column.is_key) document["key"] = true;
  if (column.is_overflow) document["overflow_of"] = column.source;
  if (!column.is_overflow && !column.source.empty() && column.source != column.name) document["source"] = column.source;
  return document;
}

Json table_document(const StoredTable& table) {
  Json columns = Json::array();
  for (const auto& column : table.columns) columns.push_back(column_document(column));
  return {{"table", table.record.target_schema + "." + table.record.target_name},
          {"source", or_null(table.record.has_source() ? table.record.schema + "." + table.record.name : "")},
          {"state", destination::to_string(table.record.state)},
          {"columns", columns}};
}

}  // namespace

std::string schema_json(const StoredPipeline& pipeline, const std::vector<StoredTable>& tables) {
  Json list = Json::array();
  for (const auto& table : tables) {
    if (!table.columns.empty()) list.push_back(table_document(table));
  }
  const auto lsn = pipeline.checkpoint.lsn;  // not set if the pipeline has no source
  return as_document(
      {{"pipeline", pipeline.name}, {"checkpoint", or_null(lsn.is_set() ? lsn.to_string() : "")}, {"tables", list}});
}

}  // namespace walbrook::cli
