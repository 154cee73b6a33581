#include "destination/filesystem/view_session.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "destination/duckdb/duckdb_capabilities.h"
#include "destination/duckdb/query_check.h"
#include "destination/duckdb/read_session.h"
#include "destination/duckdb/state.h"
#include "destination/filesystem/state_json.h"

namespace walbrook::destination::filesystem {
namespace {

TargetRecord target_record(const FileTarget& target) {
  TargetRecord record{.output = target.output, .has_source = target.has_source, .target = {}};
  auto columns = target_columns(target.table);
  columns.erase(columns.begin(), columns.begin() + static_cast<std::ptrdiff_t>(change_columns().size()));
  record.target = {.schema = target.table.schema, .table = target.table.table, .columns = std::move(columns)};
  return record;
}

// The state's functions write the time of the call where a manifest knows the time of the commit.
void put_times(duckdb::Connection& connection, const std::string& pipeline, const Manifest& manifest) {
  const auto table = [&](const char* name) { return connection.database().full_name(duckdb::state_schema, name); };
  connection.run(fmt::format("UPDATE {} SET written_at = $2 WHERE pipeline = $1", table("checkpoint")), pipeline,
                 manifest.written);
  for (const auto& load : manifest.loads) {
    connection.run(fmt::format("UPDATE {} SET finished_at = $3 WHERE pipeline = $1 AND load_id = $2", table("loads")),
                   pipeline, load.record.id, load.finished);
  }
}

void put_schema_versions(duckdb::Connection& connection, const std::string& pipeline, const Manifest& manifest) {
  const auto table = connection.database().full_name(duckdb::state_schema, "schema_versions");
  connection.run(fmt::format("DELETE FROM {} WHERE pipeline = $1", table), pipeline);
  for (const auto& [id, kept] : manifest.schema_versions) {
    std::int64_t number = 0;
    for (const auto& [version, at] : kept) {
      connection.run(fmt::format("INSERT INTO {} (pipeline, output, source_schema, source_name, version, columns, "
                                 "since_lsn, since) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                                 table),
                     pipeline, id.value, version.schema, version.name, ++number, version.columns,
                     version.since.to_string(), at);
    }
  }
}

void put_state(duckdb::Connection& connection, const std::string& pipeline, const Manifest& manifest) {
  duckdb::StateTables state(connection, pipeline);
  state.create();
  std::vector<TableRecord> tables;
  for (const auto& [oid, table] : manifest.tables) tables.push_back(table);
  state.put_tables(tables);
  std::vector<OutputRecord> outputs;
  for (const auto& [id, output] : manifest.outputs) outputs.push_back(output);
  state.put_outputs(outputs);
  put_schema_versions(connection, pipeline, manifest);
  for (const auto& [name, target] : manifest.targets) state.put_target(target_record(target));
  for (const auto& load : manifest.loads) state.put_load(load.record);
  if (manifest.checkpoint) state.put_checkpoint(*manifest.checkpoint);
  put_times(connection, pipeline, manifest);
}

}  // namespace

ViewSession::ViewSession(ViewSource source, ReadOptions options)
    : source_(std::move(source)), options_(std::move(options)), session_(make_session()) {}

std::unique_ptr<ReadSession> ViewSession::make_session() const {
  auto database = source_.database();
  {
    duckdb::Connection connection(database);
    for (const auto& [pipeline, manifest] : source_.manifests()) {
      connection.execute("BEGIN TRANSACTION");
      put_state(connection, pipeline, manifest);
      connection.execute("COMMIT");
      connection.execute(views_text(manifest, pipeline, source_.location.format, source_.path_of),
                         "creating the views");
    }
    // Views name the tables' files; nothing else may be read, whatever a query names.
    connection.execute(fmt::format("SET GLOBAL allowed_directories = [{}]; SET GLOBAL enable_external_access = false; "
                                   "SET GLOBAL lock_configuration = true",
                                   duckdb::literal(source_.location.root + "/")),
                       "confining queries to the destination");
  }
  database->query_check().trust_definitions();
  return std::make_unique<duckdb::TransactionReadSession>(
      std::make_shared<duckdb::SessionConnection>(std::move(database)), options_);
}

QueryResult ViewSession::query(const std::string& sql, NestedCells nested) {
  return session_->query(sql, nested);
}

std::unique_ptr<ArrowRows> ViewSession::arrow_rows(const std::string& sql) {
  return session_->arrow_rows(sql);
}

void ViewSession::refresh() {
  auto session = make_session();
  const std::scoped_lock lock(mutex_);
  std::swap(session_, session);
}

void ViewSession::interrupt() {
  const std::scoped_lock lock(mutex_);
  session_->interrupt();
}

}  // namespace walbrook::destination::filesystem
