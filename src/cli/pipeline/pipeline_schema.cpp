#include "cli/pipeline/pipeline_schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/pipeline/pipeline_json.h"
#include "cli/pipeline/pipeline_text.h"

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

using destination::StoredSchemaVersion;

// The first version is in force at its own position, which is that of the copy; a later one after its position.
bool is_in_force(const StoredSchemaVersion& version, const PipelineMoment& at, bool is_first) {
  if (at.time) return version.at <= *at.time;
  return version.since < *at.lsn || (is_first && version.since == *at.lsn);
}

// The version of each output that is in force at the moment.
std::vector<const StoredSchemaVersion*> versions_at(const std::vector<StoredSchemaVersion>& versions,
                                                    const PipelineMoment& at) {
  std::map<std::int64_t, const StoredSchemaVersion*> newest;
  for (const auto& version : versions) {
    if (is_in_force(version, at, !newest.contains(version.output))) newest[version.output] = &version;
  }
  std::vector<const StoredSchemaVersion*> found;
  for (const auto& [output, version] : newest) {
    if (!version->removed) found.push_back(version);
  }
  std::ranges::sort(found, {}, [](const StoredSchemaVersion* version) { return version->table; });
  return found;
}

Json moment_document(const PipelineMoment& at) {
  return at.lsn ? Json(at.lsn->to_string()) : Json(utc_json(*at.time));
}

Json version_document(const StoredSchemaVersion& version) {
  Json columns = Json::array();
  for (const auto& column : version.columns.columns) {
    columns.push_back({{"name", column.name}, {"type", to_string(column.type)}, {"key", column.in_key}});
  }
  return {{"table", version.table},
          {"since_lsn", version.since.to_string()},
          {"since", utc_json(version.at)},
          {"columns", columns}};
}

std::string version_text(const StoredSchemaVersion& version) {
  auto text =
      fmt::format("{}, since {}, {}\n", printable(version.table), version.since.to_string(), utc_text(version.at));
  for (const auto& column : version.columns.columns) {
    text += fmt::format("  {}: {}{}\n", printable(column.name), to_string(column.type), column.in_key ? ", key" : "");
  }
  return text;
}

}  // namespace

std::string schema_at(const std::vector<StoredSchemaVersion>& versions, const PipelineMoment& at, bool json) {
  const auto found = versions_at(versions, at);
  if (json) {
    Json tables = Json::array();
    for (const auto* version : found) tables.push_back(version_document(*version));
    return as_document({{"at", moment_document(at)}, {"tables", tables}});
  }
  std::string text;
  for (const auto* version : found) text += (text.empty() ? "" : "\n") + version_text(*version);
  return text.empty() ? "no table had a copy then\n" : text;
}

std::string schema_diff(const std::vector<StoredSchemaVersion>& versions, const std::optional<PipelineMoment>& since,
                        bool json) {
  auto changes = destination::schema_changes(versions);
  std::erase_if(changes, [&since](const destination::StoredSchemaChange& change) {
    return since && (since->time ? change.at <= *since->time : change.since < *since->lsn);
  });
  if (json) return as_document({{"changes", changes_document(changes)}});
  std::string text;
  for (const auto& change : changes) {
    text += fmt::format("{}, since {}, {}\n", printable(change_text(change)), change.since.to_string(),
                        utc_text(change.at));
  }
  return text.empty() ? "no change\n" : text;
}

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
