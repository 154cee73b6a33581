#include "serve/wire_json.h"

#include <nlohmann/json.hpp>

#include "base/json_text.h"
#include "postgres/catalog/table_name.h"

namespace walbrook::serve {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

// Text of the source need not be UTF-8 (SQL_ASCII databases). An answer with a replaced byte is better than no answer.
std::string dump(const ordered_json& document) {
  return document.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

Lsn lsn_of(const json& document, const char* field) {
  return Lsn::parse(document.at(field).get<std::string>()).value_or(Lsn{});
}

ordered_json to_document(const replication::RunStatus::Table& table) {
  return {{"schema", table.schema},
          {"name", table.name},
          {"target_schema", table.target_schema},
          {"target_name", table.target_name},
          {"state", destination::to_string(table.state)},
          {"reason", table.reason},
          {"suspect", table.suspect},
          {"by_request", table.by_request},
          {"attempts", table.attempts},
          {"retry_at", table.retry_at.empty() ? ordered_json() : ordered_json(table.retry_at)},
          {"copied_rows", table.copied_rows},
          {"estimated_rows", table.estimated_rows},
          {"inserts", table.inserts},
          {"updates", table.updates},
          {"deletes", table.deletes},
          {"resync_where", table.resync_where},
          {"part_under_way", table.part_under_way},
          {"part_waits_for", table.part_waits_for}};
}

replication::RunStatus::Table table_from(const json& document) {
  replication::RunStatus::Table table;
  document.at("schema").get_to(table.schema);
  document.at("name").get_to(table.name);
  document.at("target_schema").get_to(table.target_schema);
  document.at("target_name").get_to(table.target_name);
  table.state = destination::parse_output_state(document.at("state").get<std::string>());
  document.at("reason").get_to(table.reason);
  document.at("suspect").get_to(table.suspect);
  document.at("by_request").get_to(table.by_request);
  document.at("attempts").get_to(table.attempts);
  if (const auto& at = document.at("retry_at"); !at.is_null()) at.get_to(table.retry_at);
  document.at("copied_rows").get_to(table.copied_rows);
  document.at("estimated_rows").get_to(table.estimated_rows);
  document.at("inserts").get_to(table.inserts);
  document.at("updates").get_to(table.updates);
  document.at("deletes").get_to(table.deletes);
  document.at("resync_where").get_to(table.resync_where);
  document.at("part_under_way").get_to(table.part_under_way);
  document.at("part_waits_for").get_to(table.part_waits_for);
  return table;
}

ordered_json to_document(const replication::RunStatus::CopySnapshot& snapshot) {
  return {{"seconds", snapshot.seconds},
          {"consistent_point", snapshot.consistent_point.to_string()},
          {"xmin", snapshot.xmin}};
}

ordered_json to_document(const replication::Counts& counts) {
  return {{"transactions", counts.transactions},
          {"inserts", counts.inserts},
          {"updates", counts.updates},
          {"deletes", counts.deletes},
          {"truncates", counts.truncates},
          {"overflow_values", counts.overflow_values},
          {"loads", counts.loads}};
}

replication::Counts counts_from(const json& document) {
  replication::Counts counts;
  document.at("transactions").get_to(counts.transactions);
  document.at("inserts").get_to(counts.inserts);
  document.at("updates").get_to(counts.updates);
  document.at("deletes").get_to(counts.deletes);
  document.at("truncates").get_to(counts.truncates);
  document.at("overflow_values").get_to(counts.overflow_values);
  document.at("loads").get_to(counts.loads);
  return counts;
}

[[noreturn]] void malformed(const json::exception& reason) {
  throw Error(ErrorKind::internal, std::string("the local socket's answer is malformed: ") + reason.what(),
              "The running walbrook may be of another version: stop it and start this one.");
}

}  // namespace

std::string to_json(const replication::RunStatus& status) {
  ordered_json document = {{"pipeline", status.pipeline},
                           {"slot", status.slot},
                           {"publication", status.publication},
                           {"source", status.source},
                           {"destination", status.destination},
                           {"phase", replication::to_string(status.phase)},
                           {"checkpoint", status.checkpoint.to_string()},
                           {"received", status.received.to_string()},
                           {"server", status.server.to_string()},
                           {"waits_for", status.waits_for},
                           {"lag_ms", status.lag_ms},
                           {"last_commit_lag_ms", status.last_commit_lag_ms},
                           {"queued_bytes", status.queued_bytes},
                           {"spooled_bytes", status.spooled_bytes},
                           {"rows_per_second", status.rows_per_second},
                           {"applied", to_document(status.applied)},
                           {"source_waits", status.source_waits},
                           {"copy_snapshot", nullptr},
                           {"tables", ordered_json::array()}};
  if (status.copy_snapshot) document["copy_snapshot"] = to_document(*status.copy_snapshot);
  for (const auto& table : status.tables) document["tables"].push_back(to_document(table));
  return dump(document);
}

replication::RunStatus status_from_json(std::string_view text) try {
  const json document = json::parse(text);
  replication::RunStatus status;
  document.at("pipeline").get_to(status.pipeline);
  document.at("slot").get_to(status.slot);
  document.at("publication").get_to(status.publication);
  document.at("source").get_to(status.source);
  document.at("destination").get_to(status.destination);
  status.phase = replication::parse_phase(document.at("phase").get<std::string>());
  status.checkpoint = lsn_of(document, "checkpoint");
  status.received = lsn_of(document, "received");
  status.server = lsn_of(document, "server");
  document.at("waits_for").get_to(status.waits_for);
  document.at("lag_ms").get_to(status.lag_ms);
  document.at("last_commit_lag_ms").get_to(status.last_commit_lag_ms);
  document.at("queued_bytes").get_to(status.queued_bytes);
  document.at("spooled_bytes").get_to(status.spooled_bytes);
  document.at("rows_per_second").get_to(status.rows_per_second);
  status.applied = counts_from(document.at("applied"));
  document.at("source_waits").get_to(status.source_waits);
  if (const auto& snapshot = document.at("copy_snapshot"); !snapshot.is_null()) {
    status.copy_snapshot = {.seconds = snapshot.at("seconds").get<double>(),
                            .consistent_point = lsn_of(snapshot, "consistent_point"),
                            .xmin = snapshot.at("xmin").get<std::string>()};
  }
  for (const auto& table : document.at("tables")) status.tables.push_back(table_from(table));
  return status;
} catch (const json::exception& reason) {
  malformed(reason);
}

SqlAnswer sql_answer(destination::QueryResult result, std::vector<destination::PipelinePosition> positions) {
  SqlAnswer answer{.lsn = {}, .pipelines = std::move(positions), .result = std::move(result)};
  if (answer.pipelines.size() == 1) answer.lsn = answer.pipelines.front().lsn;
  return answer;
}

// Written as text, without a tree: the tree would hold an answer of many rows in memory a second time.
std::string to_json(const SqlAnswer& answer) {
  ordered_json head = {
      {"lsn", answer.lsn.to_string()}, {"pipelines", ordered_json::array()}, {"columns", ordered_json::array()}};
  for (const auto& [pipeline, lsn] : answer.pipelines) {
    head["pipelines"].push_back({{"name", pipeline}, {"lsn", lsn.to_string()}});
  }
  for (const auto& column : answer.result.columns) {
    head["columns"].push_back(
        {{"name", column.name}, {"type", column.type}, {"numeric", column.numeric}, {"json", column.json}});
  }
  auto text = dump(head);
  text.back() = ',';  // replaces the closing brace
  text += "\"rows\":[";
  for (const auto& row : answer.result.rows) {
    text += text.back() == '[' ? "[" : ",[";
    for (const auto& cell : row) {
      if (text.back() != '[') text += ',';
      text += cell ? json_string(*cell) : "null";
    }
    text += ']';
  }
  return text + "]}";
}

SqlAnswer sql_answer_from_json(std::string_view text) try {
  const json document = json::parse(text);
  SqlAnswer answer;
  answer.lsn = lsn_of(document, "lsn");
  for (const auto& pipeline : document.at("pipelines")) {
    answer.pipelines.push_back({.pipeline = pipeline.at("name").get<std::string>(), .lsn = lsn_of(pipeline, "lsn")});
  }
  for (const auto& column : document.at("columns")) {
    answer.result.columns.push_back({.name = column.at("name").get<std::string>(),
                                     .type = column.at("type").get<std::string>(),
                                     .numeric = column.at("numeric").get<bool>(),
                                     .json = column.value("json", false)});
  }
  for (const auto& cells : document.at("rows")) {
    auto& row = answer.result.rows.emplace_back();
    for (const auto& cell : cells) {
      row.push_back(cell.is_null() ? std::nullopt : std::optional(cell.get<std::string>()));
    }
  }
  return answer;
} catch (const json::exception& reason) {
  malformed(reason);
}

std::string to_json(const AskedTables& asked) {
  ordered_json document = {{"tables", ordered_json::array()}};
  for (const auto& table : asked.tables) document["tables"].push_back({{"schema", table.schema}, {"name", table.name}});
  if (!asked.where.empty()) document["where"] = asked.where;
  return dump(document);
}

AskedTables tables_from_json(std::string_view text) try {
  AskedTables asked;
  const json document = json::parse(text);
  for (const auto& table : document.at("tables")) {
    asked.tables.push_back(
        {.schema = table.at("schema").get<std::string>(), .name = table.at("name").get<std::string>(), .columns = {}});
  }
  asked.where = document.value("where", "");
  if (!asked.where.empty() && asked.tables.size() != 1) {
    throw Error(ErrorKind::configuration, "a condition belongs to one table", "Ask for one table at a time.");
  }
  return asked;
} catch (const json::exception&) {
  throw Error(ErrorKind::configuration, "the body of the request is malformed",
              "It is {\"tables\": [{\"schema\": …, \"name\": …}]}.");
}

}  // namespace walbrook::serve
