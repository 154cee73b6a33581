#include "postgres/snapshot/snapshot_reader.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "base/clock.h"
#include "postgres/catalog/table_schema.h"
#include "postgres/catalog/type_definitions.h"
#include "postgres/connection/server_text.h"
#include "postgres/connection/server_wait.h"

namespace walbrook::postgres {
namespace {

// Selects the columns in the snapshot with their attribute numbers, for the comparison with the present ones.
constexpr auto attributes_query = R"(
SELECT c.relname, n.nspname, a.attname, a.attnum
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.oid = $1
)";

// Compares what the snapshot shows (catalog tables) with the present state (functions read the current catalog). The
// result is true if a relation with rows has another file, or if the leaves differ. A COPY in a snapshot older than a
// rewriting ALTER returns no rows and no error, because all rows of the new file are too young for it.
constexpr auto rewritten_query = R"(
WITH RECURSIVE tree(oid) AS (
  SELECT $1::oid
  UNION ALL
  SELECT i.inhrelid FROM tree JOIN pg_catalog.pg_inherits i ON i.inhparent = tree.oid
    JOIN pg_catalog.pg_class p ON p.oid = i.inhparent AND p.relkind = 'p'
  WHERE NOT i.inhdetachpending
), seen AS (
  SELECT c.oid, nullif(c.relfilenode, 0) AS file FROM tree JOIN pg_catalog.pg_class c ON c.oid = tree.oid
  WHERE c.relkind IN ('r', 'f')
), now AS (
  SELECT relid::oid AS oid FROM pg_catalog.pg_partition_tree($1::oid::regclass) WHERE isleaf AND $2::boolean
  UNION ALL
  SELECT $1::oid WHERE NOT $2::boolean
)
SELECT EXISTS (
  SELECT FROM seen FULL JOIN now ON now.oid = seen.oid
  WHERE seen.oid IS NULL OR now.oid IS NULL OR seen.file IS DISTINCT FROM pg_catalog.pg_relation_filenode(seen.oid))
)";

std::map<std::string, int> attribute_numbers(const Rows& attributes) {
  std::map<std::string, int> numbers;
  for (int row = 0; row < attributes.size(); ++row) {
    numbers.emplace(attributes.text(row, 2), static_cast<int>(attributes.integer(row, 3)));
  }
  return numbers;
}

// Returns whether a column of the snapshot still has the type that a result's description reports. For a domain that is
// the underlying type, with the domain's typmod. Domains that initdb created (information_schema's) are not resolved
// here.
bool same_type(const ColumnSchema& column, const SourceType& type, Oid oid, int typmod) {
  constexpr Oid first_made_by_initdb = 10'000;
  if (column.type_oid >= first_made_by_initdb && column.type_oid < first_user_oid) return true;
  const bool domain = type.base_oid != type.oid;
  return oid == type.base_oid && typmod == (domain ? type.base_typmod : column.typmod);
}

// Adds a remedy to a failure that is caused by the contents of one row.
Error with_advice(const Error& failed) {
  if (!is_unconvertible(failed.facts().sqlstate)) return failed;  // from an encoding of several bytes a character
  return {ErrorKind::data, failed.cause(), "The server cannot convert that value to UTF8. Correct it at the source.",
          failed.facts()};
}

}  // namespace

SnapshotSource::SnapshotSource(const Endpoint& endpoint, const SlotWait& wait, std::stop_token stop,
                               KnownServer* server)
    : replication_(open_checked(endpoint, ConnectionUse::replication, server)),
      created_(create_snapshot_slot(*replication_, endpoint, wait, std::move(stop))) {}

// The slot is dropped by a command, so that the server has released its WAL when this returns. Closing the connection
// also drops it, but a little later.
void SnapshotSource::drop_slot() {
  if (!replication_) return;
  try {
    replication_->execute("DROP_REPLICATION_SLOT " + replication_->quote_name(created_.slot_name),
                          "dropping the copy's slot");
  } catch (const Error& failed) {
    spdlog::debug("{}", failed.cause());
  }
  replication_.reset();
}

SnapshotReader::SnapshotReader(const Endpoint& endpoint, const std::string& snapshot_name, KnownServer* server)
    : connection_(open_checked(endpoint, ConnectionUse::snapshot, server)) {
  connection_.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "beginning the snapshot's transaction");
  take_over(snapshot_name);
  // A policy that would hide rows then causes an error.
  connection_.execute("SET LOCAL row_security = off", "turning row security into an error");
  // Every table starts from this savepoint. So a failure costs one table and not the transaction, and locks end with
  // their table.
  connection_.execute("SAVEPOINT table_start", "setting a savepoint");
}

// The exporting session may be gone. For the importing one that counts as a lost connection: it takes a newer snapshot.
void SnapshotReader::take_over(const std::string& snapshot_name) {
  try {
    connection_.execute("SET TRANSACTION SNAPSHOT " + connection_.quote_literal(snapshot_name),
                        "importing the snapshot");
  } catch (const Error& failed) {
    // 22023 (42704 from 17 on): there is no snapshot of that name. 55000: its transaction has ended.
    const auto& state = failed.facts().sqlstate;
    if (state != "22023" && state != "42704" && state != "55000") throw;
    throw Error(ErrorKind::connection, failed.cause(), failed.remedy(), failed.facts());
  }
}

// A subtransaction cannot export a snapshot, so the savepoint is released for a moment.
std::string SnapshotReader::export_snapshot() {
  connection_.execute("RELEASE SAVEPOINT table_start", "leaving the savepoint");
  const auto rows = connection_.query("SELECT pg_catalog.pg_export_snapshot()", {}, "exporting the snapshot again");
  connection_.execute("SAVEPOINT table_start", "setting a savepoint");
  return rows.text(0, 0);
}

std::string SnapshotReader::xmin() {
  return connection_
      .query("SELECT pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())", {}, "reading the snapshot's xmin")
      .text(0, 0);
}

bool SnapshotReader::usable() const {
  return PQstatus(connection_.raw()) == CONNECTION_OK && PQtransactionStatus(connection_.raw()) != PQTRANS_ACTIVE;
}

SnapshotReader::Readiness SnapshotReader::prepare(const SourceTable& table, TypeCatalog& types,
                                                  const ValueLimits& limits) {
  schema_.reset();
  connection_.execute("ROLLBACK TO SAVEPOINT table_start", "leaving the former table");
  if (!exists_now(table)) return Readiness::gone;
  const auto attributes = connection_.query(attributes_query, {std::to_string(table.oid)},
                                            fmt::format("looking up {} in the snapshot", table.full_name()));
  const bool same_name =
      attributes.size() > 0 && attributes.text(0, 0) == table.name && attributes.text(0, 1) == table.schema;
  if (!same_name) return Readiness::stale;  // created, renamed or moved since
  auto schema = read_table_schema(connection_, table, types, limits);
  if (!table.published_columns.empty() && schema.columns.size() != table.published_columns.size())
    return Readiness::stale;
  const auto numbers = attribute_numbers(attributes);
  if (const auto obstacle = lock(table, schema, numbers, types)) return *obstacle;
  if (rewritten(table)) return Readiness::stale;
  table_ = table;
  parsing_ = {.limits = limits, .text = connection_.encoding().get()};
  types_.clear();
  numbers_.clear();
  for (const auto& column : schema.columns) {
    types_.push_back(types.find(column.type_oid));
    numbers_.push_back(numbers.at(column.name));
  }
  schema_ = std::make_shared<const TableSchema>(std::move(schema));
  return Readiness::ready;
}

// A function reads the current catalog, while the snapshot still shows a table that was dropped since.
bool SnapshotReader::exists_now(const SourceTable& table) {
  const auto rows = connection_.query("SELECT pg_catalog.has_table_privilege($1::oid, 'SELECT') IS NOT NULL",
                                      {std::to_string(table.oid)}, fmt::format("looking for {}", table.full_name()));
  return rows.boolean(0, 0);
}

// Selects the columns that will be copied, but no row. That takes the lock (LOCK TABLE would require SELECT on the
// whole table where a column list needs less), and the result shows privileges, row security and the present columns.
std::optional<SnapshotReader::Readiness> SnapshotReader::lock(const SourceTable& table, const TableSchema& schema,
                                                              const std::map<std::string, int>& numbers,
                                                              TypeCatalog& types) {
  std::string columns;
  for (const auto& column : schema.columns)
    columns += (columns.empty() ? "" : ", ") + connection_.quote_name(column.name);
  const auto sql = fmt::format("SELECT {} FROM {}{}{} LIMIT 0", columns, table.partitioned ? "" : "ONLY ",
                               connection_.quote_table(table.schema, table.name),
                               table.row_filter.empty() ? "" : " WHERE (" + table.row_filter + ")");
  const auto doing = "reading table " + table.full_name();
  const auto result = connection_.run(sql, {}, doing);
  if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) {
    const auto failed = connection_.failure(result.get(), doing);
    const std::string state(sqlstate_of(result.get()));
    if (failed.kind() == ErrorKind::connection) throw failed;
    connection_.execute("ROLLBACK TO SAVEPOINT table_start", "leaving the table");
    if (state == "42501") throw no_right(table, failed);
    // 42P01: no such table, 3F000: no such schema, 42703: no such column; 42883, 42804: the types in the filter have
    // changed.
    const bool changed =
        state == "42P01" || state == "3F000" || state == "42703" || state == "42883" || state == "42804";
    if (!changed) throw failed;
    return exists_now(table) ? Readiness::stale : Readiness::gone;
  }
  for (int i = 0; i < PQnfields(result.get()); ++i) {
    const auto& column = schema.columns[static_cast<std::size_t>(i)];
    const bool same_place =
        PQftable(result.get(), i) == table.oid && PQftablecol(result.get(), i) == numbers.at(column.name);
    if (!same_place ||
        !same_type(column, types.find(column.type_oid), PQftype(result.get(), i), PQfmod(result.get(), i))) {
      return Readiness::stale;
    }
  }
  return std::nullopt;
}

bool SnapshotReader::rewritten(const SourceTable& table) {
  const auto rows = connection_.query(rewritten_query, {std::to_string(table.oid), table.partitioned ? "t" : "f"},
                                      fmt::format("comparing the files of {}", table.full_name()));
  return rows.boolean(0, 0);
}

Error SnapshotReader::no_right(const SourceTable& table, const Error& refused) {
  const auto user = connection_.quote_name(connection_.user());
  const auto rows =
      connection_.query("SELECT pg_catalog.row_security_active($1::oid), pg_catalog.has_schema_privilege($2, 'USAGE')",
                        {std::to_string(table.oid), table.schema}, "reading privileges");
  if (rows.boolean(0, 0)) {
    return {ErrorKind::permission_denied,
            fmt::format("table {} cannot be copied whole: row-level security hides rows of it from {}",
                        table.full_name(), user),
            fmt::format("As a superuser: ALTER ROLE {} BYPASSRLS;", user)};
  }
  if (!rows.boolean(0, 1)) {
    return {ErrorKind::permission_denied, refused.cause(),
            fmt::format("GRANT USAGE ON SCHEMA {} TO {};", connection_.quote_name(table.schema), user)};
  }
  return {ErrorKind::permission_denied, refused.cause(),
          fmt::format("GRANT SELECT ON {} TO {};", connection_.quote_table(table.schema, table.name), user)};
}

std::string SnapshotReader::column_list() const {
  std::string list;
  for (const auto& column : schema_->columns) list += (list.empty() ? "" : ", ") + connection_.quote_name(column.name);
  return list;
}

std::vector<TypeDefinition> SnapshotReader::type_definitions() {
  return read_type_definitions(connection_, {table_});
}

std::uint64_t SnapshotReader::pages(const SourceTable& table) {
  const auto rows = connection_.query(
      "SELECT coalesce(pg_catalog.pg_relation_size($1::oid::regclass), 0) /"
      " pg_catalog.current_setting('block_size')::bigint",
      {std::to_string(table.oid)}, fmt::format("measuring {}", table.full_name()));
  return static_cast<std::uint64_t>(rows.integer(0, 0));
}

// COPY of a plain table is the fastest. It supports neither filters nor pages nor partitions, no table without columns,
// and no generated columns (which only a column list includes).
std::string SnapshotReader::copy_sql(bool binary, const CopyOptions& options) const {
  const auto& pages = options.pages;
  const auto name = connection_.quote_table(table_.schema, table_.name);
  const auto* format = binary ? " (FORMAT binary)" : "";
  const bool plain = !table_.partitioned && !pages && table_.row_filter.empty() && options.condition.empty() &&
                     table_.published_columns.empty() && !schema_->columns.empty();
  if (plain) return fmt::format("COPY {} ({}) TO STDOUT{}", name, column_list(), format);
  std::string where = table_.row_filter.empty() ? "" : "(" + table_.row_filter + ")";
  const auto also = [&where](const std::string& condition) { where += (where.empty() ? "" : " AND ") + condition; };
  if (!options.condition.empty()) also(enclosed(options.condition));
  if (pages && pages->first > 0) also(fmt::format("ctid >= '({},0)'::pg_catalog.tid", pages->first));
  if (pages && pages->end) also(fmt::format("ctid < '({},0)'::pg_catalog.tid", *pages->end));
  return fmt::format("COPY (SELECT {} FROM {}{}{}{}) TO STDOUT{}", column_list(), table_.partitioned ? "" : "ONLY ",
                     name, where.empty() ? "" : " WHERE ", where, format);
}

void SnapshotReader::copy(const CopyOptions& options, const std::function<void(RowBatch, std::size_t wire_bytes)>& sink,
                          std::stop_token stop) {
  if (schema_ == nullptr) throw Error(ErrorKind::internal, "a copy was begun before its table was prepared");
  const bool binary = options.format == CopyFormat::binary_where_possible &&
                      std::ranges::all_of(schema_->columns, &ColumnSchema::binary);
  copy_statement(copy_sql(binary, options), binary, options, sink, stop);
}

void SnapshotReader::copy_keys(const KeyTexts& keys, const std::string& condition,
                               const std::function<void(RowBatch, std::size_t wire_bytes)>& sink,
                               std::stop_token stop) {
  if (schema_ == nullptr) throw Error(ErrorKind::internal, "keys were compared before their table was prepared");
  const auto sql = fmt::format("COPY ({}) TO STDOUT", keys_sql(table_.schema, table_.name, *schema_, keys, condition));
  copy_statement(sql, false, {}, sink, stop);
}

void SnapshotReader::copy_statement(const std::string& sql, bool binary, const CopyOptions& options,
                                    const std::function<void(RowBatch, std::size_t wire_bytes)>& sink,
                                    const std::stop_token& stop) {
  CopyRows rows(schema_, types_, parsing_, binary ? CopyRows::Format::binary : CopyRows::Format::text);
  const auto doing = "copying table " + schema_->full_name();
  const auto began = connection_.run(sql, {}, doing, stop);
  if (PQresultStatus(began.get()) != PGRES_COPY_OUT) {
    const auto failed = connection_.failure(began.get(), doing);
    if (failed.kind() != ErrorKind::permission_denied) throw failed;
    connection_.execute("ROLLBACK TO SAVEPOINT table_start", "leaving the table");
    throw no_right(table_, failed);
  }
  try {
    receive_rows(rows, options, sink, stop);
  } catch (...) {
    // If the whole run ends, closing the connection ends the statement too.
    const bool ends = connection_.endpoint().options().stop.stop_requested();
    if (!ends && PQstatus(connection_.raw()) == CONNECTION_OK) connection_.abandon_statement();
    throw;
  }
}

void SnapshotReader::receive_rows(CopyRows& rows, const CopyOptions& options,
                                  const std::function<void(RowBatch, std::size_t wire_bytes)>& sink,
                                  const std::stop_token& stop) {
  constexpr std::size_t check_rows = 64;          // how often the batch's memory is computed
  constexpr std::size_t check_bytes = 256 << 10;  // at the latest after this much from the wire
  const auto doing = "copying table " + schema_->full_name();
  bool rows_came = false;  // since the last wait
  std::size_t wire_bytes = 0;
  std::size_t checked_rows = 0;
  std::size_t checked_bytes = 0;
  const auto hand_over = [&] {
    sink(rows.take(), std::exchange(wire_bytes, 0));
    checked_rows = checked_bytes = 0;
  };
  ServerWait wait(connection_, doing, stop);
  for (;;) {
    char* raw = nullptr;
    const int size = PQgetCopyData(connection_.raw(), &raw, 1);
    const std::unique_ptr<char, decltype(&PQfreemem)> owned(raw, &PQfreemem);
    if (size > 0) {
      rows_came = true;
      rows.feed({raw, static_cast<std::size_t>(size)});
      wire_bytes += static_cast<std::size_t>(size);
      if (rows.batch().rows() < checked_rows + check_rows && wire_bytes < checked_bytes + check_bytes) continue;
      checked_rows = rows.batch().rows();
      checked_bytes = wire_bytes;
      wait.message_came();
      if (stop.stop_requested()) throw Stopped(ErrorKind::source_not_ready, doing + ": stopped");
      if (checked_rows >= options.batch_rows || rows.batch().bytes() >= options.batch_bytes) hand_over();
      continue;
    }
    if (size < 0) break;
    if (rows_came) wait.message_came();
    rows_came = false;
    wait.once();
  }
  try {
    connection_.finish_copy(doing);
  } catch (const Stopped&) {
    throw;
  } catch (const Error& failed) {
    throw with_advice(failed);
  }
  rows.finish();
  if (rows.batch().rows() > 0) hand_over();
}

}  // namespace walbrook::postgres
