#include "destination/duckdb/output_rows.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <utility>

#include "destination/duckdb/duckdb_capabilities.h"
#include "destination/duckdb/state.h"
#include "destination/duckdb/state_row.h"
#include "destination/schema_versions.h"
#include "destination/state_tables.h"

namespace walbrook::destination::duckdb {
namespace {

std::string json_literal(const std::string& text) {
  return text.empty() ? "NULL" : literal(text) + "::JSON";
}

std::string time_literal(WallTime time) {
  if (time == WallTime{}) return "NULL";
  const auto since = std::chrono::floor<std::chrono::microseconds>(time).time_since_epoch().count();
  return fmt::format("to_timestamp({} / 1e6)", since);
}

std::string values_of(const TableRecord& record, const std::string& pipeline) {
  return fmt::format("({}, {}, {}, {}, [{}]::BIGINT[], {}, {})", literal(pipeline), record.oid, literal(record.schema),
                     literal(record.name), fmt::join(record.truncates, ", "), record.leaves_xid,
                     literal(lsn_text(record.leaves_at)));
}

std::string values_of(const OutputRecord& record, const std::string& pipeline) {
  return fmt::format(
      "({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {})", literal(pipeline),
      record.id.value, literal(record.schema), literal(record.name), literal(record.role),
      literal(to_string(record.disposition)), literal(record.target_schema), literal(record.target_name),
      literal(to_string(record.state)), literal(lsn_text(record.snapshot_lsn)), literal(record.reason),
      record.suspect.empty() ? "NULL" : literal(record.suspect),
      json_literal(record.columns == nullptr ? "" : to_json(*record.columns)), literal(to_string(record.style.naming)),
      literal(to_string(record.style.metadata)), record.changes_only, record.source, json_literal(record.fingerprint),
      record.suspension.by_request, record.suspension.attempts, time_literal(record.suspension.retry_at),
      record.resync_where.empty() ? "NULL" : literal(record.resync_where));
}

}  // namespace

OutputRows::OutputRows(Connection& connection, std::string pipeline)
    : connection_(connection), pipeline_(std::move(pipeline)) {}

std::string OutputRows::table(const char* name) const {
  return connection_.database().full_name(connection_.database().state_schema_of(pipeline_), name);
}

std::vector<TableRecord> OutputRows::tables() const {
  std::vector<TableRecord> tables;
  for (const auto& row : connection_.rows(
           fmt::format("SELECT oid::VARCHAR, source_schema, source_name, truncates::VARCHAR, leaves_xid::VARCHAR, "
                       "leaves_at FROM {} WHERE pipeline = $1 ORDER BY source_schema, source_name",
                       table("tables")),
           pipeline_)) {
    tables.push_back({.oid = static_cast<Oid>(number(row, 0)),
                      .schema = text(row, 1),
                      .name = text(row, 2),
                      .truncates = parse_xids(text(row, 3)),
                      .leaves_xid = static_cast<std::uint64_t>(number(row, 4)),
                      .leaves_at = lsn(row, 5)});
  }
  return tables;
}

std::vector<OutputRecord> OutputRows::outputs() const {
  std::vector<OutputRecord> outputs;
  for (const auto& row : connection_.rows(
           fmt::format(
               "SELECT output::VARCHAR, source_schema, source_name, role, disposition, target_schema, "
               "target_name, state, snapshot_lsn, reason, suspect, columns::VARCHAR, naming, metadata, "
               "changes_only::VARCHAR, oid::VARCHAR, fingerprint::VARCHAR, by_request::VARCHAR, attempts::VARCHAR, "
               "epoch_us(retry_at)::VARCHAR, resync_where FROM {} WHERE pipeline = $1 ORDER BY "
               "source_schema, source_name, output",
               table("outputs")),
           pipeline_)) {
    outputs.push_back(
        {.id = {static_cast<std::uint32_t>(number(row, 0))},
         .source = static_cast<Oid>(number(row, 15)),
         .schema = text(row, 1),
         .name = text(row, 2),
         .role = text(row, 3),
         .disposition = parse_disposition(text(row, 4)),
         .target_schema = text(row, 5),
         .target_name = text(row, 6),
         .state = parse_output_state(text(row, 7)),
         .snapshot_lsn = lsn(row, 8),
         .reason = text(row, 9),
         .fingerprint = text(row, 16),
         .suspect = text(row, 10),
         .columns = row.at(11) ? std::make_shared<const TableSchema>(table_schema_from_json(*row[11])) : nullptr,
         .style = {.naming = parse_naming(text(row, 12)), .metadata = parse_metadata(text(row, 13))},
         .changes_only = boolean(row, 14).value_or(false),
         .suspension = {.by_request = boolean(row, 17).value_or(false),
                        .attempts = static_cast<std::uint32_t>(number(row, 18)),
                        .retry_at = WallTime(std::chrono::microseconds(number(row, 19)))},
         .resync_where = text(row, 20)});
  }
  return outputs;
}

// Inserts by literals and not by parameters: one statement per row costs a millisecond, most of it for planning.
void OutputRows::insert(const char* name, const char* columns, const std::vector<std::string>& rows) {
  for (std::size_t at = 0; at < rows.size(); at += most_rows_inserted) {
    const auto end = std::min(rows.size(), at + most_rows_inserted);
    connection_.execute(fmt::format("INSERT INTO {} ({}) VALUES {}", table(name), columns,
                                    fmt::join(rows.begin() + static_cast<std::ptrdiff_t>(at),
                                              rows.begin() + static_cast<std::ptrdiff_t>(end), ", ")),
                        fmt::format("storing records of {}", name));
  }
}

namespace {

// Each DELETE scans the table. Up to this many rows are cheaper to delete one by one with a prepared statement; more
// are deleted at once.
constexpr std::size_t deleted_by_one = 8;

}  // namespace

void OutputRows::put(std::span<const TableRecord> records) {
  if (records.empty()) return;
  std::vector<std::string> rows;
  std::string oids;
  std::string names;
  for (const auto& record : records) {
    rows.push_back(values_of(record, pipeline_));
    if (records.size() <= deleted_by_one) {
      connection_.run(fmt::format("DELETE FROM {} WHERE pipeline = $1 AND (oid = $2 OR (source_schema = $3 AND "
                                  "source_name = $4))",
                                  table("tables")),
                      pipeline_, record.oid, record.schema, record.name);
      continue;
    }
    oids += fmt::format("{}({})", oids.empty() ? "" : ", ", record.oid);
    names += fmt::format("{}({}, {})", names.empty() ? "" : ", ", literal(record.schema), literal(record.name));
  }
  if (!oids.empty()) {
    connection_.execute(
        fmt::format("DELETE FROM {} t USING (VALUES {}) gone(oid) WHERE t.pipeline = {} AND t.oid = gone.oid",
                    table("tables"), oids, literal(pipeline_)),
        "replacing records of tables");
    connection_.execute(
        fmt::format("DELETE FROM {} t USING (VALUES {}) gone(source_schema, source_name) WHERE t.pipeline = {} AND "
                    "t.source_schema = gone.source_schema AND t.source_name = gone.source_name",
                    table("tables"), names, literal(pipeline_)),
        "replacing records of tables");
  }
  insert("tables", "pipeline, oid, source_schema, source_name, truncates, leaves_xid, leaves_at", rows);
}

void OutputRows::put(std::span<const OutputRecord> records, Lsn checkpoint) {
  if (records.empty()) return;
  std::vector<std::string> rows;
  std::string ids;
  for (const auto& record : records) {
    rows.push_back(values_of(record, pipeline_));
    if (records.size() <= deleted_by_one) {
      connection_.run(fmt::format("DELETE FROM {} WHERE pipeline = $1 AND output = $2", table("outputs")), pipeline_,
                      record.id.value);
    } else {
      ids += fmt::format("{}({})", ids.empty() ? "" : ", ", record.id.value);
    }
  }
  if (!ids.empty()) {
    connection_.execute(
        fmt::format("DELETE FROM {} t USING (VALUES {}) gone(output) WHERE t.pipeline = {} AND t.output = gone.output",
                    table("outputs"), ids, literal(pipeline_)),
        "replacing records of outputs");
  }
  insert(
      "outputs",
      "pipeline, output, source_schema, source_name, role, disposition, target_schema, target_name, state, "
      "snapshot_lsn, reason, suspect, columns, naming, metadata, changes_only, oid, fingerprint, by_request, attempts, "
      "retry_at, resync_where",
      rows);
  put_schema_versions(records, checkpoint);
}

// One query finds the newest versions of many outputs: a query per output reads what this transaction has inserted each
// time, which takes minutes for 20,000 outputs.
std::map<std::uint32_t, OutputRows::SchemaVersion> OutputRows::newest_versions(
    std::span<const OutputRecord> records) const {
  std::map<std::uint32_t, SchemaVersion> newest;
  const auto keep = [&newest](const std::vector<Row>& rows) {
    for (const auto& row : rows) {
      newest[static_cast<std::uint32_t>(number(row, 0))] = {.version = number(row, 1), .columns = text(row, 2)};
    }
  };
  const auto select = fmt::format(
      "SELECT output::VARCHAR, max(version)::VARCHAR, arg_max(columns::VARCHAR, version) FROM {} WHERE pipeline = $1",
      table("schema_versions"));
  if (records.size() > deleted_by_one) {
    keep(connection_.rows(select + " GROUP BY output", pipeline_));
    return newest;
  }
  for (const auto& record : records) {
    if (record.columns == nullptr) continue;
    keep(connection_.rows(select + " AND output = $2 GROUP BY output", pipeline_, record.id.value));
  }
  return newest;
}

void OutputRows::put_schema_versions(std::span<const OutputRecord> records, Lsn checkpoint) {
  const auto newest = newest_versions(records);
  const auto now = std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
  std::vector<std::string> rows;
  for (const auto& record : records) {
    const auto found = newest.find(record.id.value);
    auto known = found == newest.end() ? SchemaVersion{} : found->second;
    for (auto& version : schema_versions_of(record, checkpoint)) {
      if (known.columns == version.columns) continue;
      known = {.version = known.version + 1, .columns = std::move(version.columns)};
      rows.push_back(fmt::format("({}, {}, {}, {}, {}, {}, {}, to_timestamp({} / 1e6))", literal(pipeline_),
                                 record.id.value, literal(version.schema), literal(version.name), known.version,
                                 json_literal(known.columns), literal(lsn_text(version.since)),
                                 now.time_since_epoch().count()));
    }
  }
  insert("schema_versions", "pipeline, output, source_schema, source_name, version, columns, since_lsn, since", rows);
}

void OutputRows::forget(const OutputRecord& output) {
  for (const char* name : {"outputs", "schema_versions"}) {
    connection_.run(fmt::format("DELETE FROM {} WHERE pipeline = $1 AND output = $2", table(name)), pipeline_,
                    output.id.value);
  }
  if (output.source == 0) return;
  connection_.run(fmt::format("DELETE FROM {} WHERE pipeline = $1 AND oid = $2 AND NOT EXISTS (FROM {} o WHERE "
                              "o.pipeline = $1 AND o.oid = $2)",
                              table("tables"), table("outputs")),
                  pipeline_, output.source);
}

void OutputRows::forget_sourced() {
  connection_.run(fmt::format("DELETE FROM {} WHERE pipeline = $1", table("tables")), pipeline_);
  connection_.run(fmt::format("DELETE FROM {} WHERE pipeline = $1 AND output NOT IN (SELECT output FROM {} WHERE "
                              "pipeline = $1 AND state = 'loaded')",
                              table("schema_versions"), table("outputs")),
                  pipeline_);
  connection_.run(fmt::format("DELETE FROM {} WHERE pipeline = $1 AND state <> 'loaded'", table("outputs")), pipeline_);
}

}  // namespace walbrook::destination::duckdb
