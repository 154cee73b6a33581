#include "cli/pipeline/pipeline_text.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/commands/result_text.h"
#include "cli/pipeline/pipeline_json.h"

namespace walbrook::cli {
namespace {

using destination::OutputState;
using destination::QueryResult;
using destination::StoredLoad;
using destination::StoredTable;

std::string suspended_hint(const destination::OutputRecord& record) {
  if (is_suspended_by_request(record)) {
    return fmt::format("walbrook resume {} copies this table again.", printable(record.schema + "." + record.name));
  }
  return "Fix the cause; the next start of walbrook run copies this table again.";
}

constexpr const char* no_load_yet = "no load yet\n";

double seconds_of(const StoredLoad& load) {
  return std::max(std::chrono::duration<double>(load.finished - load.started).count(), 0.0);
}

std::string name_with_target(const destination::OutputRecord& record) {
  const auto name = record.schema + "." + record.name;
  const auto target = record.target_schema + "." + record.target_name;
  return record.target_name.empty() || target == name ? name : name + " → " + target;
}

std::string state_cell(const PipelineRow& row) {
  if (!row.stored) return row.error;
  if (!row.stored->checkpoint.lsn.is_set()) return fmt::format("no source, {}", utc_text(row.stored->written));
  return fmt::format("checkpoint {}, {}{}", row.stored->checkpoint.lsn.to_string(), utc_text(row.stored->written),
                     row.runs ? ", a run is at work" : "");
}

// A load of rows written by a program has no LSN.
std::string lsn_cell(Lsn lsn) {
  return lsn.is_set() ? lsn.to_string() : "–";
}
std::string lsn_json(Lsn lsn) {
  return lsn.is_set() ? lsn.to_string() : "";
}

std::string trace_head(const StoredLoad& load) {
  if (load.of_program()) return fmt::format("load {}: rows of a program\n", load.id);
  if (load.of_copies()) {
    return fmt::format("load {}: {} copied, as of {}\n", load.id, counted(load.tables.size(), "table"),
                       load.last_commit.to_string());
  }
  return fmt::format("load {}: {}, commits from {} to {}\n", load.id, counted(load.transactions, "transaction"),
                     load.first_commit.to_string(), load.last_commit.to_string());
}

nlohmann::ordered_json load_document(const StoredLoad& load) {
  nlohmann::ordered_json tables = nlohmann::ordered_json::object();
  for (const auto& [name, rows] : load.tables) tables[name] = rows;
  return {{"load_id", load.id},
          {"first_lsn", or_null(lsn_json(load.first_commit))},
          {"last_lsn", or_null(lsn_json(load.last_commit))},
          {"copied_rows", load.copied_rows},
          {"transactions", load.transactions},
          {"inserts", load.inserts},
          {"updates", load.updates},
          {"deletes", load.deletes},
          {"truncates", load.truncates},
          {"started", utc_json(load.started)},
          {"finished", utc_json(load.finished)},
          {"seconds", seconds_of(load)},
          {"tables", tables}};
}

bool is_suspect(const destination::OutputRecord& record) {
  return record.state == destination::OutputState::streaming && !record.suspect.empty();
}

std::string reason_of(const destination::OutputRecord& record) {
  auto text = is_suspect(record) ? record.suspect : record.reason;
  if (record.resync_where.empty()) return text;
  return fmt::format("{}{}rows are to be copied again: {}", text, text.empty() ? "" : "; ", record.resync_where);
}

}  // namespace

nlohmann::ordered_json changes_document(const std::vector<destination::StoredSchemaChange>& changes) {
  auto list = nlohmann::ordered_json::array();
  for (const auto& change : changes) {
    list.push_back({{"table", change.table},
                    {"column", or_null(change.column)},
                    {"change", change.what},
                    {"since_lsn", or_null(lsn_json(change.since))},
                    {"at", utc_json(change.at)}});
  }
  return list;
}

std::string change_text(const destination::StoredSchemaChange& change) {
  return change.column.empty() ? fmt::format("{} {}", change.table, change.what)
                               : fmt::format("{}: column \"{}\" {}", change.table, change.column, change.what);
}

std::string utc_text(WallTime time) {
  return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

std::string utc_json(WallTime time) {
  const auto since = time.time_since_epoch();
  const auto second = std::chrono::floor<std::chrono::seconds>(since);
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(since - second).count();
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z", fmt::gmtime(static_cast<std::time_t>(second.count())), micros);
}

std::string list_text(const std::vector<PipelineRow>& rows) {
  if (rows.empty())
    return "no pipelines: create a project folder (walbrook init), or name a destination (--destination URL)\n";
  QueryResult result;
  result.columns = {{"pipeline", "", false}, {"destination", "", false}, {"state", "", false}};
  for (const auto& row : rows) {
    const char* mark = row.by_default ? " (default)" : (row.configured ? "" : " (not configured here)");
    result.rows.push_back({row.name + mark, row.destination, state_cell(row)});
  }
  return as_table(result);
}

std::string list_json(const std::vector<PipelineRow>& rows) {
  auto list = nlohmann::ordered_json::array();
  for (const auto& row : rows) {
    const auto& stored = row.stored;
    list.push_back({{"pipeline", row.name},
                    {"destination", row.destination},
                    {"configured", row.configured},
                    {"default", row.by_default},
                    {"running", row.runs},
                    {"checkpoint", or_null(stored ? lsn_json(stored->checkpoint.lsn) : "")},
                    {"written", or_null(stored ? utc_json(stored->written) : "")},
                    {"slot", or_null(stored ? stored->checkpoint.slot : "")},
                    {"publication", or_null(stored ? stored->checkpoint.publication : "")},
                    {"source", or_null(stored ? stored->checkpoint.source : "")},
                    {"error", or_null(row.error)}});
  }
  return as_document({{"pipelines", list}});
}

std::string info_text(const PipelineFacts& facts) {
  const auto& checkpoint = facts.stored.checkpoint;
  const bool has_source = checkpoint.lsn.is_set();
  std::string text = fmt::format("pipeline     {}\n", printable(facts.stored.name));
  text += fmt::format("source       {}\n", has_source ? printable(checkpoint.source) : "none yet");
  if (has_source) {
    text += fmt::format("slot         {}\n", printable(checkpoint.slot));
    text += fmt::format("publication  {}\n", printable(facts.publication));
  }
  text += fmt::format("destination  {}\n", printable(facts.destination));
  text += fmt::format("run          {}\n", facts.phase.empty() ? "none is at work" : facts.phase);
  if (has_source) {
    text += fmt::format("checkpoint   {}, {}\n", checkpoint.lsn.to_string(), utc_text(facts.stored.written));
  }
  text += fmt::format("loads        {}\n", with_thousands(facts.loads));
  if (facts.tables.empty()) return text;
  QueryResult result;
  result.columns = {{"table", "", false}, {"state", "", false}, {"rows", "", true}};
  const bool reasons =
      std::ranges::any_of(facts.tables, [](const StoredTable& table) { return !reason_of(table.record).empty(); });
  if (reasons) result.columns.push_back({"reason", "", false});
  for (const auto& table : facts.tables) {
    auto& row = result.rows.emplace_back();
    const auto state = is_suspect(table.record) ? "suspect" : destination::to_string(table.record.state);
    row = {name_with_target(table.record), std::string(state), table.rows ? with_thousands(*table.rows) : "–"};
    if (reasons) row.emplace_back(reason_of(table.record));
  }
  return text + '\n' + as_table(result);
}

std::string info_json(const PipelineFacts& facts) {
  const auto& checkpoint = facts.stored.checkpoint;
  auto tables = nlohmann::ordered_json::array();
  for (const auto& table : facts.tables) {
    const auto& record = table.record;
    tables.push_back({{"table", record.schema + "." + record.name},
                      {"target", record.target_schema + "." + record.target_name},
                      {"state", destination::to_string(record.state)},
                      {"rows", table.rows ? nlohmann::ordered_json(*table.rows) : nlohmann::ordered_json()},
                      {"reason", or_null(record.reason)},
                      {"suspect", or_null(record.suspect)},
                      {"resync_where", or_null(record.resync_where)}});
  }
  return as_document({{"pipeline", facts.stored.name},
                      {"source", or_null(checkpoint.source)},
                      {"system_identifier", checkpoint.systemid},
                      {"timeline", checkpoint.timeline},
                      {"slot", or_null(checkpoint.slot)},
                      {"publication", or_null(checkpoint.lsn.is_set() ? facts.publication : "")},
                      {"destination", facts.destination},
                      {"run", or_null(facts.phase)},
                      {"checkpoint", or_null(lsn_json(checkpoint.lsn))},
                      {"written", utc_json(facts.stored.written)},
                      {"loads", facts.loads},
                      {"tables", tables}});
}

std::string loads_text(const std::vector<StoredLoad>& loads) {
  if (loads.empty()) return no_load_yet;
  QueryResult result;
  result.columns = {
      {"load", "", true}, {"from LSN", "", false}, {"to LSN", "", false}, {"started", "", false}, {"took", "", true}};
  for (const char* name : {"copied", "transactions", "inserts", "updates", "deletes", "truncates"}) {
    result.columns.push_back({name, "", true});
  }
  for (const auto& load : loads) {
    auto& row = result.rows.emplace_back();
    row = {std::to_string(load.id), lsn_cell(load.first_commit), lsn_cell(load.last_commit), utc_text(load.started),
           short_duration(seconds_of(load))};
    for (const auto count :
         {load.copied_rows, load.transactions, load.inserts, load.updates, load.deletes, load.truncates}) {
      row.emplace_back(with_thousands(count));
    }
  }
  return as_table(result);
}

std::string loads_json(const std::string& pipeline, const std::vector<StoredLoad>& loads) {
  auto list = nlohmann::ordered_json::array();
  for (const auto& load : loads) list.push_back(load_document(load));
  return as_document({{"pipeline", pipeline}, {"loads", list}});
}

PipelineTrace make_trace(const std::vector<StoredLoad>& loads,
                         const std::vector<destination::StoredSchemaChange>& changes, std::uint64_t limit) {
  const auto between = [&changes](WallTime after, WallTime until) {
    std::vector<destination::StoredSchemaChange> found;
    std::ranges::copy_if(changes, std::back_inserter(found),
                         [&](const auto& change) { return change.at > after && change.at <= until; });
    return found;
  };
  PipelineTrace trace{.since = between(loads.empty() ? WallTime::min() : loads[0].finished, WallTime::max()),
                      .steps = {}};
  for (std::size_t i = 0; i < loads.size() && i < limit; ++i) {
    const auto before = i + 1 < loads.size() ? loads[i + 1].finished : WallTime::min();
    trace.steps.push_back({.load = loads[i], .changes = between(before, loads[i].finished)});
  }
  return trace;
}

std::string trace_text(const PipelineTrace& trace) {
  std::string text;
  if (!trace.since.empty()) {
    text += trace.steps.empty() ? "no load yet\n" : fmt::format("since load {}\n", trace.steps.front().load.id);
    for (const auto& change : trace.since) {
      text += fmt::format("  schema: {}, {}\n", printable(change_text(change)), utc_text(change.at));
    }
  }
  if (trace.steps.empty() && text.empty()) return no_load_yet;
  for (const auto& [load, changes] : trace.steps) {
    if (!text.empty()) text += '\n';
    text += trace_head(load);
    text += fmt::format("  started {}, took {}\n", utc_text(load.started), short_duration(seconds_of(load)));
    if (load.of_copies()) text += fmt::format("  {} copied\n", counted(load.copied_rows, "row"));
    text +=
        fmt::format("  {} inserted, {} updated, {} deleted, {}\n", with_thousands(load.inserts),
                    with_thousands(load.updates), with_thousands(load.deletes), counted(load.truncates, "truncate"));
    for (const auto& [table, rows] : load.tables) {
      text += fmt::format("  {}: {}\n", printable(table), counted(rows, load.of_copies() ? "row" : "change"));
    }
    for (const auto& change : changes) text += fmt::format("  schema: {}\n", printable(change_text(change)));
  }
  return text;
}

std::string trace_json(const std::string& pipeline, const PipelineTrace& trace) {
  auto list = nlohmann::ordered_json::array();
  for (const auto& [load, changes] : trace.steps) {
    auto document = load_document(load);
    document["schema_changes"] = changes_document(changes);
    list.push_back(std::move(document));
  }
  return as_document(
      {{"pipeline", pipeline}, {"schema_changes_since", changes_document(trace.since)}, {"loads", list}});
}

std::string failed_text(const std::string& pipeline, const std::vector<StoredTable>& tables) {
  std::string text;
  for (const auto& table : tables) {
    if (table.record.state != OutputState::suspended) continue;
    text += fmt::format("{}: {}\n  {}\n", printable(name_with_target(table.record)), printable(table.record.reason),
                        suspended_hint(table.record));
  }
  return text.empty() ? fmt::format("no table of pipeline {} is suspended\n", printable(pipeline)) : text;
}

std::string failed_json(const std::string& pipeline, const std::vector<StoredTable>& tables) {
  auto list = nlohmann::ordered_json::array();
  for (const auto& table : tables) {
    if (table.record.state != OutputState::suspended) continue;
    list.push_back({{"table", table.record.schema + "." + table.record.name},
                    {"target", table.record.target_schema + "." + table.record.target_name},
                    {"reason", table.record.reason},
                    {"hint", suspended_hint(table.record)}});
  }
  return as_document({{"pipeline", pipeline}, {"failed", list}});
}

}  // namespace walbrook::cli
