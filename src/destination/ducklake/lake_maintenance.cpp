#include "destination/ducklake/lake_maintenance.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "destination/duckdb/retried_transaction.h"
#include "destination/duckdb/state.h"
#include "destination/duckdb/state_row.h"
#include "destination/ducklake/lake_attachment.h"
#include "destination/ducklake/lake_snapshots.h"

namespace walbrook::destination::ducklake {
namespace {

using duckdb::Connection;
using duckdb::literal;

using Name = std::pair<std::string, std::string>;  // schema and table

// A file that no snapshot names any more may still be read by a query that began before, or be written by a transaction
// that is not committed yet.
constexpr std::int64_t unused_file_s = 3600;
constexpr std::int64_t orphan_s = 24 * 3600;

std::string seconds_ago(std::int64_t seconds) {
  return fmt::format("now() - to_seconds({})", seconds);
}

// The pipeline's tables that readers see.
std::set<Name> tables_of(duckdb::StateTables& state) {
  std::set<Name> tables;
  for (const auto& record : state.targets()) {
    if (record.kind == TargetRecord::Kind::live) tables.emplace(record.target.schema, record.target.table);
  }
  return tables;
}

struct Files {
  std::size_t data = 0;
  std::size_t deletes = 0;
  std::string names;
  [[nodiscard]] std::size_t all() const { return data + deletes; }
};

// The statement is prepared each time: DuckDB lists the files when it prepares it.
Files files_of(Connection& connection, const Name& table) {
  duckdb::Statement list(
      connection,
      fmt::format("SELECT count(*)::VARCHAR, count(delete_file)::VARCHAR, string_agg(data_file || "
                  "coalesce(delete_file, ''), ' ' ORDER BY data_file) FROM ducklake_list_files({}, {}, schema => {})",
                  literal(lake_catalog), literal(table.second), literal(table.first)));
  const auto rows = list.rows();
  return {.data = static_cast<std::size_t>(duckdb::number(rows.at(0), 0)),
          .deletes = static_cast<std::size_t>(duckdb::number(rows.at(0), 1)),
          .names = rows.at(0).at(2).value_or("")};
}

void call(Connection& connection, const std::string& function, const std::string& arguments, std::string_view doing) {
  duckdb::run_retried(
      connection,
      [&] { connection.execute(fmt::format("CALL ducklake_{}({}, {})", function, literal(lake_catalog), arguments)); },
      doing);
}

// Tables of the catalog with rows of a table as it was before it was altered or renamed.
std::vector<std::string> superseded_tables(Connection& connection) {
  std::vector<std::string> names;
  for (auto& row : connection.rows(fmt::format("SELECT table_name FROM {0} AS one WHERE schema_version < (SELECT "
                                               "max(schema_version) FROM {0} AS other WHERE other.table_id = "
                                               "one.table_id)",
                                               catalog_table("ducklake_inlined_data_tables")))) {
    names.push_back(duckdb::text(row, 0));
  }
  return names;
}

// Whether another session has read one of the tables in a transaction that is still open. REQUIRES: the catalog is in
// PostgreSQL.
bool are_in_use(Connection& connection, const std::vector<std::string>& tables) {
  if (tables.empty()) return false;
  std::string names;
  for (const auto& table : tables) names += fmt::format("{}{}", names.empty() ? "" : ", ", literal(table));
  const auto locks = fmt::format(
      "SELECT 1 AS held FROM pg_catalog.pg_locks AS held JOIN pg_catalog.pg_class AS read ON read.oid = held.relation "
      "WHERE held.pid <> pg_catalog.pg_backend_pid() AND held.database = (SELECT oid FROM pg_catalog.pg_database WHERE "
      "datname = pg_catalog.current_database()) AND read.relname IN ({}) LIMIT 1",
      names);
  return !connection
              .rows(fmt::format("SELECT held::VARCHAR FROM postgres_query({}, {})", literal(catalog_database),
                                literal(locks)))
              .empty();
}

// A flush ends with DROP TABLE of superseded tables that it has emptied. (DuckLake 1.5.5 does that after the commit.)
// In PostgreSQL, that would wait for the end of every transaction that has read them, and this process with it. Readers
// that are attached read the dropped tables again and again until the lake has another schema version.
void flush_inlined(Connection& connection, CatalogKind kind, const std::set<Name>& tables) {
  const auto superseded = superseded_tables(connection);
  if (kind == CatalogKind::postgres && are_in_use(connection, superseded)) {
    spdlog::info("rows stay in the lake's catalog until the transactions end that read them");
    return;
  }
  std::set<std::string> schemas;
  for (const auto& table : tables) schemas.insert(table.first);
  for (const auto& schema : schemas) {
    call(connection, "flush_inlined_data", "schema_name => " + literal(schema),
         "moving rows from the catalog to files");
  }
  if (superseded_tables(connection) == superseded) return;
  constexpr std::string_view doing = "making a schema version";
  duckdb::run_retried(
      connection,
      [&] {
        connection.execute(fmt::format("COMMENT ON VIEW {} IS 'The position of each pipeline.'",
                                       connection.database().full_name(duckdb::state_schema, "checkpoint")),
                           doing);
      },
      doing);
}

// Returns nothing if the table has the same files as before its rows were moved from the catalog.
std::optional<CompactedTable> put_table_in_order(Connection& connection, const Name& table, const Files& former) {
  const auto before = files_of(connection, table);
  if (before.names == former.names && before.data <= 1 && before.deletes == 0) return std::nullopt;
  const auto arguments = fmt::format("{}, schema => {}", literal(table.second), literal(table.first));
  if (before.deletes > 0) call(connection, "rewrite_data_files", arguments, "rewriting files");
  if (before.data > 1) call(connection, "merge_adjacent_files", arguments, "merging files");
  const auto files = files_of(connection, table);
  if (files.names == former.names) return std::nullopt;
  const auto rows = connection.rows(
      fmt::format("SELECT count(*)::VARCHAR FROM {}", connection.database().full_name(table.first, table.second)));
  return CompactedTable{.target = {.schema = table.first, .table = table.second},
                        .rows = static_cast<std::uint64_t>(duckdb::number(rows.at(0), 0)),
                        .files = files.all(),
                        .former_files = former.all()};
}

// Rows of tables that were dropped. As with superseded tables, PostgreSQL would wait for readers to drop them.
std::vector<std::string> dropped_tables(Connection& connection) {
  std::vector<std::string> names;
  for (auto& row :
       connection.rows(fmt::format("SELECT table_name FROM {} AS one WHERE table_id NOT IN (SELECT "
                                   "table_id FROM {} WHERE end_snapshot IS NULL)",
                                   catalog_table("ducklake_inlined_data_tables"), catalog_table("ducklake_table")))) {
    names.push_back(duckdb::text(row, 0));
  }
  return names;
}

// The state stays in the catalog. A flush would write files, which DuckLake (1.5.5) removes if the answer to its COMMIT
// is lost, and nobody could write the state again. But only a flush removes outdated rows from the catalog; so a table
// that has many is replaced by a new one.
void put_state_in_order(Connection& connection, duckdb::StateTables& state, const std::string& pipeline) {
  constexpr std::int64_t most_outdated = 2000;  // in PostgreSQL, each load reads them in about a millisecond
  const auto inlined = connection.rows(
      fmt::format("SELECT t.table_name, i.table_name FROM {} i JOIN {} t ON t.table_id = i.table_id AND t.end_snapshot "
                  "IS NULL JOIN {} s ON s.schema_id = t.schema_id AND s.end_snapshot IS NULL WHERE s.schema_name = $1",
                  catalog_table("ducklake_inlined_data_tables"), catalog_table("ducklake_table"),
                  catalog_table("ducklake_schema")),
      connection.database().state_schema_of(pipeline));
  for (const auto& row : inlined) {
    const auto counts = connection.rows(
        fmt::format("SELECT count(end_snapshot)::VARCHAR, (count(*) - count(end_snapshot))::VARCHAR FROM {}",
                    catalog_table(duckdb::identifier(duckdb::text(row, 1)))));
    if (duckdb::number(counts.at(0), 0) <= std::max(most_outdated, duckdb::number(counts.at(0), 1))) continue;
    duckdb::run_retried(
        connection, [&] { state.rewrite_table(duckdb::text(row, 0)); }, "rewriting a table of the state");
  }
}

void give_up_snapshots(Connection& connection, CatalogKind kind, const LakeOptions& options) {
  if (kind == CatalogKind::postgres && are_in_use(connection, dropped_tables(connection))) {
    spdlog::info("old snapshots stay until the transactions end that read dropped tables of the lake");
    return;
  }
  call(connection, "expire_snapshots", "older_than => " + seconds_ago(static_cast<std::int64_t>(options.keep_s)),
       "giving up old snapshots");
  call(connection, "cleanup_old_files", "older_than => " + seconds_ago(unused_file_s), "removing unused files");
}

// Makes a snapshot that the next run finds. A transaction without changes makes none; the row is written as it was.
void note_maintenance(Connection& connection, duckdb::StateTables& state, const std::string& pipeline) {
  constexpr std::string_view doing = "noting the time of maintenance";
  duckdb::run_retried(
      connection,
      [&] {
        const auto checkpoint = state.checkpoint();
        if (!checkpoint) return;
        connection.execute(
            fmt::format("UPDATE {} SET lsn = lsn WHERE pipeline = {}",
                        connection.database().full_name(connection.database().state_schema_of(pipeline), "checkpoint"),
                        literal(pipeline)),
            doing);
        name_maintenance(connection, pipeline, *checkpoint);
      },
      doing);
}

}  // namespace

std::vector<CompactedTable> put_in_order(Connection& connection, CatalogKind kind, const std::string& pipeline,
                                         const LakeOptions& options) {
  std::vector<CompactedTable> done;
  duckdb::StateTables state(connection, pipeline);
  if (!state.exist()) return done;
  const auto tables = tables_of(state);
  std::map<Name, Files> former;
  for (const auto& table : tables) former[table] = files_of(connection, table);
  flush_inlined(connection, kind, tables);
  for (const auto& table : tables) {
    if (auto compacted = put_table_in_order(connection, table, former[table])) done.push_back(*std::move(compacted));
  }
  put_state_in_order(connection, state, pipeline);
  give_up_snapshots(connection, kind, options);
  note_maintenance(connection, state, pipeline);
  return done;
}

bool is_maintenance_due(Connection& connection, const std::string& pipeline, std::chrono::seconds interval) {
  return time_since_maintenance(connection, pipeline) >= interval;
}

void remove_orphans(Connection& connection) {
  call(connection, "delete_orphaned_files", "older_than => " + seconds_ago(orphan_s), "removing files of nobody");
}

}  // namespace walbrook::destination::ducklake
