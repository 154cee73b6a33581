#include "cli/commands/source_names.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "postgres/catalog/table_name.h"
#include "postgres/connection/connection.h"
#include "replication/runtime/run.h"

namespace walbrook::cli {
namespace {

constexpr const char* tables_query =
    "SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.relkind IN ('r', 'p') AND pg_catalog.lower(n.nspname) = pg_catalog.lower($1) AND "
    "pg_catalog.lower(c.relname) = pg_catalog.lower($2)";

std::vector<postgres::TableName> similar_tables(postgres::Connection& catalog, const postgres::TableName& name) {
  std::vector<postgres::TableName> known;
  const auto rows = catalog.query(tables_query, {name.schema, name.name}, "looking up table " + name.full_name());
  for (int row = 0; row < rows.size(); ++row) known.push_back({rows.text(row, 0), rows.text(row, 1), {}});
  return known;
}

}  // namespace

void take_source_names(CommandLine& line) {
  if (std::ranges::none_of(line.written_tables, &postgres::WrittenName::has_capitals)) return;
  try {
    // A run waits for its source, as it does later: a name that was not looked up may be another table's.
    const auto endpoint =
        line.command == Command::run ? replication::patient_endpoint(line.run, {}) : line.run.conninfo;
    auto catalog = postgres::Connection::open(endpoint, postgres::ConnectionUse::catalog);
    for (std::size_t i = 0; i < line.written_tables.size(); ++i) {
      const auto& written = line.written_tables[i];
      if (!written.has_capitals()) continue;
      const auto meant = postgres::meant_table(written, similar_tables(catalog, written.exact));
      if (!meant) continue;
      for (auto& overridden : line.run.overrides) {
        if (overridden.schema != written.read.schema || overridden.name != written.read.name) continue;
        overridden.schema = meant->schema;
        overridden.name = meant->name;
      }
      line.run.tables[i].schema = meant->schema;
      line.run.tables[i].name = meant->name;
    }
  } catch (const Error& failed) {
    if (failed.kind() == ErrorKind::configuration || line.command == Command::run) throw;
    spdlog::debug("{}", failed.cause());
  }
}

}  // namespace walbrook::cli
