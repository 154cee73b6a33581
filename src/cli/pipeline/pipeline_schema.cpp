#include "cli/pipeline/pipeline_schema.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

#include "base/quoting.h"
#include "base/text.h"
#include "cli/pipeline/pipeline_json.h"

namespace walbrook::cli {
namespace {

using destination::StoredColumn;
using destination::StoredPipeline;
using destination::StoredTable;
using Json = nlohmann::ordered_json;

// "" where nothing of a source is there.
std::string position_of(const StoredPipeline& pipeline) {
  return pipeline.checkpoint.lsn.is_set() ? pipeline.checkpoint.lsn.to_string() : "";
}

std::string target_of(const StoredTable& table) {
  return table.record.target_schema + "." + table.record.target_name;
}

Json column_document(const StoredColumn& column) {
  Json document = {{"name", column.name}, {"type", column.type}};
  if (column.is_key) document["key"] = true;
  if (column.is_variant) document["variant_of"] = column.source;
  if (!column.is_variant && !column.source.empty() && column.source != column.name) document["source"] = column.source;
  return document;
}

Json schema_document(const StoredPipeline& pipeline, const std::vector<StoredTable>& tables) {
  Json list = Json::array();
  for (const auto& table : tables) {
    if (table.columns.empty()) continue;
    Json columns = Json::array();
    for (const auto& column : table.columns) columns.push_back(column_document(column));
    const bool has_source = table.record.state != destination::OutputState::loaded;
    list.push_back({{"table", target_of(table)},
                    {"source", or_null(has_source ? table.record.schema + "." + table.record.name : "")},
                    {"state", destination::to_string(table.record.state)},
                    {"columns", columns}});
  }
  return {{"pipeline", pipeline.name}, {"checkpoint", or_null(position_of(pipeline))}, {"tables", list}};
}

// Every JSON scalar is one of YAML, with its quotes. Keys here are plain words.
void write_yaml(const Json& value, std::size_t indent, std::string& text) {
  const std::string spaces(indent, ' ');
  if (value.is_object()) {
    for (const auto& [key, item] : value.items()) {
      text += fmt::format("{}{}:", spaces, key);
      if (item.is_array() && item.empty()) {
        text += " []\n";
      } else if (item.is_structured()) {
        text += '\n';
        write_yaml(item, indent + 2, text);
      } else {
        text += ' ' + as_line(item) + '\n';
      }
    }
    return;
  }
  for (const auto& item : value) {
    std::string block;
    write_yaml(item, indent + 2, block);
    block[indent] = '-';
    text += block;
  }
}

std::string as_sql(const StoredPipeline& pipeline, const std::vector<StoredTable>& tables) {
  std::string text = fmt::format("-- pipeline {}{}{}\n", printable(pipeline.name),
                                 position_of(pipeline).empty() ? "" : " at ", position_of(pipeline));
  std::set<std::string> schemas;
  for (const auto& table : tables) {
    if (table.columns.empty() || !schemas.insert(table.record.target_schema).second) continue;
    text += fmt::format("CREATE SCHEMA IF NOT EXISTS {};\n", quote_identifier(table.record.target_schema));
  }
  for (const auto& table : tables) {
    if (table.columns.empty()) continue;
    text += fmt::format("\nCREATE TABLE {}.{} (\n", quote_identifier(table.record.target_schema),
                        quote_identifier(table.record.target_name));
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      const auto& column = table.columns[i];
      text += fmt::format("  {} {}{}{}\n", quote_identifier(column.name), column.type,
                          i + 1 < table.columns.size() ? "," : "", column.is_key ? "  -- key" : "");
    }
    text += ");\n";
  }
  return text;
}

}  // namespace

std::string schema_in(SchemaFormat format, const StoredPipeline& pipeline, const std::vector<StoredTable>& tables) {
  switch (format) {
    case SchemaFormat::json:
      return as_document(schema_document(pipeline, tables));
    case SchemaFormat::sql:
      return as_sql(pipeline, tables);
    case SchemaFormat::yaml:
      break;
  }
  std::string text;
  write_yaml(schema_document(pipeline, tables), 0, text);
  return text;
}

}  // namespace walbrook::cli
