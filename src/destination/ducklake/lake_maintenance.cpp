#include "destination/ducklake/lake_maintenance.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/error.h"
#include "destination/duckdb/retried_transaction.h"
#include "destination/duckdb/state.h"
#include "destination/duckdb/state_row.h"
#include "destination/ducklake/lake_attachment.h"
#include "destination/state_tables.h"

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

// The tables that readers see, and those of the state.
std::set<Name> tables_of(Connection& connection, const std::string& pipeline) {
  std::set<Name> tables;
  duckdb::StateTables state(connection, pipeline);
  for (const auto& record : state.targets()) {
    if (record.kind == TargetRecord::Kind::live) tables.emplace(record.target.schema, record.target.table);
  }
  for (const auto& name : state_table_names) {
    tables.emplace(connection.database().state_schema_of(pipeline), std::string(name));
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

void flush_inlined(Connection& connection, const std::set<Name>& tables) {
  std::set<std::string> schemas;
  for (const auto& table : tables) schemas.insert(table.first);
  for (const auto& schema : schemas) {
    call(connection, "flush_inlined_data", "schema_name => " + literal(schema),
         "moving rows from the catalog to files");
  }
}

// Returns nothing if the table has the same files as before its rows were moved from the catalog.
std::optional<CompactedTable> put_table_in_order(Connection& connection, const Name& table, const Files& former) {
  const auto before = files_of(connection, table);
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

void give_up_snapshots(Connection& connection, const LakeOptions& options) {
  call(connection, "expire_snapshots", "older_than => " + seconds_ago(static_cast<std::int64_t>(options.keep_s)),
       "giving up old snapshots");
  call(connection, "cleanup_old_files", "older_than => " + seconds_ago(unused_file_s), "removing unused files");
}

}  // namespace

std::vector<CompactedTable> put_in_order(Connection& connection, const std::string& pipeline,
                                         const LakeOptions& options) {
  std::vector<CompactedTable> done;
  if (!duckdb::StateTables(connection, pipeline).exist()) return done;
  const auto tables = tables_of(connection, pipeline);
  std::map<Name, Files> former;
  for (const auto& table : tables) former[table] = files_of(connection, table);
  flush_inlined(connection, tables);
  for (const auto& table : tables) {
    auto compacted = put_table_in_order(connection, table, former[table]);
    const bool is_state = table.first == connection.database().state_schema_of(pipeline);
    if (!is_state && compacted) done.push_back(*std::move(compacted));
  }
  give_up_snapshots(connection, options);
  return done;
}

void remove_orphans(Connection& connection) {
  call(connection, "delete_orphaned_files", "older_than => " + seconds_ago(orphan_s), "removing files of nobody");
}

}  // namespace walbrook::destination::ducklake
