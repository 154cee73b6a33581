#include "destination/postgres/state.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>

#include "base/error.h"
#include "destination/postgres/state_rows.h"
#include "destination/schema_versions.h"
#include "postgres/values/value_text.h"

namespace walbrook::destination::postgresql {
namespace {

// Increased whenever a table of the state changes. No other version is read.
constexpr std::int64_t format_version = 3;

constexpr const char* definitions = R"(
CREATE SCHEMA IF NOT EXISTS _walbrook;
CREATE TABLE _walbrook.format (version bigint, id uuid);
CREATE TABLE _walbrook.checkpoint (pipeline text PRIMARY KEY, slot text, systemid text, timeline bigint, lsn pg_lsn,
  written_at timestamptz, publication text, source text, selection json, origin text, last_commit_lsn pg_lsn,
  last_xid bigint, last_commit_time timestamptz, made_slot boolean, made_publication boolean);
CREATE TABLE _walbrook.tables (pipeline text, oid bigint, source_schema text, source_name text, truncates bigint[],
  leaves_xid bigint, leaves_at pg_lsn, PRIMARY KEY (pipeline, oid));
CREATE TABLE _walbrook.outputs (pipeline text, output bigint, source_schema text, source_name text, role text,
  disposition text, target_schema text, target_name text, state text, snapshot_lsn pg_lsn, reason text, suspect text,
  columns json, naming text, metadata text, changes_only boolean, oid bigint, fingerprint json,
  by_request boolean, attempts bigint, retry_at timestamptz, resync_where text,
  PRIMARY KEY (pipeline, output));
CREATE TABLE _walbrook.targets (pipeline text, schema_name text, table_name text, output bigint, kind text,
  columns json, has_source boolean, PRIMARY KEY (schema_name, table_name));
CREATE TABLE _walbrook.loads (pipeline text, load_id bigint, first_commit_lsn pg_lsn, last_commit_lsn pg_lsn,
  transactions bigint, inserts bigint, updates bigint, deletes bigint, truncates bigint, tables json,
  started_at timestamptz, finished_at timestamptz, status text, copied_rows bigint, PRIMARY KEY (pipeline, load_id));
CREATE TABLE _walbrook.schema_versions (pipeline text, output bigint, source_schema text, source_name text,
  version bigint, columns json, since_lsn pg_lsn, since timestamptz, PRIMARY KEY (pipeline, output, version));
CREATE TABLE _walbrook.prepared (pipeline text, xid bigint, seq bigserial, last boolean, payload bytea,
  PRIMARY KEY (pipeline, xid, seq));
)";

// Bytes of one row of `prepared`: a value of the server is at most 1 GB, and travels as text of twice its size.
constexpr std::size_t part_bytes = std::size_t{8} << 20U;

constexpr const char* doing = "reading and writing the state";

std::string time_literal(WallTime time) {
  if (time == WallTime{}) return "NULL";
  const auto since = std::chrono::floor<std::chrono::microseconds>(time).time_since_epoch().count();
  return fmt::format("{}::timestamptz", literal(postgres::to_text(since)));
}

std::string_view to_text(TargetRecord::Kind kind) {
  return kind == TargetRecord::Kind::live ? "live" : "copied";
}

std::string bytes_from_hex(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string bytes;
  for (std::size_t i = 2; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1]));
  }
  return bytes;
}

}  // namespace

postgres::Rows StateTables::query(const std::string& sql, Session::Parameters parameters) {
  return session_.query(sql, parameters, doing);
}

void StateTables::change(const std::string& sql, Session::Parameters parameters) {
  session_.change(sql, parameters, doing);
}

bool StateTables::exist() {
  return query("SELECT pg_catalog.to_regclass('_walbrook.format') IS NOT NULL").boolean(0, 0);
}

void StateTables::create() {
  if (exist()) return check_format();
  session_.execute(definitions, "creating the state");
  change(fmt::format("INSERT INTO _walbrook.format SELECT {}, pg_catalog.gen_random_uuid()", format_version));
}

void StateTables::check_format() {
  const auto rows = query("SELECT pg_catalog.max(version) FROM _walbrook.format");
  const auto version = rows.integer(0, 0);
  if (version != format_version) {
    throw Error(ErrorKind::destination,
                fmt::format("the state in {} has version {}, this walbrook reads and writes version {}",
                            session_.where(), version, format_version),
                "Use the version of walbrook that wrote it, or copy the tables again into another database.");
  }
  for (const auto& name : state_table_names) {
    if (!query(fmt::format("SELECT pg_catalog.to_regclass('_walbrook.{}')", name)).is_null(0, 0)) continue;
    throw Error(ErrorKind::destination,
                fmt::format("the state in {} lacks its table _walbrook.{}", session_.where(), name),
                "Restore schema _walbrook, or drop it together with the target tables and copy them again.");
  }
}

std::string StateTables::identity() {
  const auto rows = query(
      "SELECT c.system_identifier, '_walbrook.format'::pg_catalog.regclass::pg_catalog.oid, f.id FROM "
      "pg_catalog.pg_control_system() c, _walbrook.format f LIMIT 1");
  return rows.size() == 0 ? "" : fmt::format("{}/{}/{}", rows.text(0, 0), rows.text(0, 1), rows.text(0, 2));
}

std::optional<Checkpoint> StateTables::checkpoint() {
  const auto rows = query(
      "SELECT slot, systemid, timeline, lsn, publication, source, selection, origin, last_commit_lsn, last_xid, "
      "(extract(epoch FROM last_commit_time) * 1000000)::bigint, made_slot, made_publication FROM _walbrook.checkpoint "
      "WHERE pipeline = $1",
      {pipeline_});
  if (rows.size() == 0) return std::nullopt;
  const auto boolean = [&rows](int column) {
    return rows.is_null(0, column) ? std::nullopt : std::optional(rows.boolean(0, column));
  };
  return Checkpoint{.slot = rows.text(0, 0),
                    .systemid = rows.text(0, 1),
                    .timeline = rows.integer(0, 2),
                    .lsn = rows.lsn(0, 3),
                    .publication = rows.text(0, 4),
                    .source = rows.text(0, 5),
                    .selection = selection_from_json(rows.text(0, 6)),
                    .origin = rows.text(0, 7),
                    .last = {.xid = static_cast<std::uint32_t>(rows.integer(0, 9)),
                             .commit_lsn = rows.lsn(0, 8),
                             .commit_time = rows.integer(0, 10)},
                    .made_slot = boolean(11),
                    .made_publication = boolean(12)};
}

void StateTables::put_checkpoint(const Checkpoint& checkpoint) {
  const auto time = [&]() -> std::optional<std::string> {
    if (checkpoint.last.xid == 0) return std::nullopt;
    return postgres::to_text(checkpoint.last.commit_time);
  };
  change(
      "INSERT INTO _walbrook.checkpoint AS c VALUES ($1, $2, $3, $4, $5, pg_catalog.clock_timestamp(), $6, $7, $8, $9, "
      "$10, $11, $12, $13, $14) ON CONFLICT (pipeline) DO UPDATE SET slot = excluded.slot, systemid = "
      "excluded.systemid, timeline = excluded.timeline, lsn = excluded.lsn, written_at = excluded.written_at, "
      "publication = excluded.publication, source = excluded.source, selection = excluded.selection, origin = "
      "excluded.origin, last_commit_lsn = excluded.last_commit_lsn, last_xid = excluded.last_xid, last_commit_time = "
      "excluded.last_commit_time, made_slot = excluded.made_slot, made_publication = excluded.made_publication",
      {pipeline_, checkpoint.slot, checkpoint.systemid, std::to_string(checkpoint.timeline),
       lsn_or_null(checkpoint.lsn), checkpoint.publication, checkpoint.source,
       text_or_null(selection_to_json(checkpoint.selection)), checkpoint.origin,
       lsn_or_null(checkpoint.last.commit_lsn),
       checkpoint.last.xid == 0 ? std::nullopt : std::optional(std::to_string(checkpoint.last.xid)), time(),
       boolean_or_null(checkpoint.made_slot), boolean_or_null(checkpoint.made_publication)});
}

std::vector<TableRecord> StateTables::tables() {
  const auto rows = query(
      "SELECT oid, source_schema, source_name, truncates, leaves_xid, leaves_at FROM _walbrook.tables WHERE pipeline = "
      "$1 ORDER BY source_schema, source_name",
      {pipeline_});
  std::vector<TableRecord> found;
  for (int row = 0; row < rows.size(); ++row) {
    found.push_back({.oid = rows.oid(row, 0),
                     .schema = rows.text(row, 1),
                     .name = rows.text(row, 2),
                     .truncates = parse_xids(rows.text(row, 3)),
                     .leaves_xid = static_cast<std::uint64_t>(rows.integer(row, 4)),
                     .leaves_at = rows.lsn(row, 5)});
  }
  return found;
}

std::vector<OutputRecord> StateTables::outputs() {
  const auto rows = query(
      "SELECT output, source_schema, source_name, role, disposition, target_schema, target_name, state, snapshot_lsn, "
      "reason, suspect, columns, naming, metadata, changes_only, oid, fingerprint, by_request, attempts, "
      "(extract(epoch FROM retry_at) * 1000000)::bigint, resync_where FROM _walbrook.outputs WHERE pipeline = $1 ORDER "
      "BY "
      "source_schema, source_name, output",
      {pipeline_});
  std::vector<OutputRecord> found;
  for (int row = 0; row < rows.size(); ++row) {
    found.push_back(
        {.id = {rows.oid(row, 0)},
         .source = rows.oid(row, 15),
         .schema = rows.text(row, 1),
         .name = rows.text(row, 2),
         .role = rows.text(row, 3),
         .disposition = parse_disposition(rows.text(row, 4)),
         .target_schema = rows.text(row, 5),
         .target_name = rows.text(row, 6),
         .state = parse_output_state(rows.text(row, 7)),
         .snapshot_lsn = rows.lsn(row, 8),
         .reason = rows.text(row, 9),
         .fingerprint = rows.text(row, 16),
         .suspect = rows.text(row, 10),
         .columns = rows.is_null(row, 11)
                        ? nullptr
                        : std::make_shared<const TableSchema>(table_schema_from_json(rows.text(row, 11))),
         .style = {.naming = parse_naming(rows.text(row, 12)), .metadata = parse_metadata(rows.text(row, 13))},
         .changes_only = rows.boolean(row, 14),
         .suspension = {.by_request = rows.boolean(row, 17),
                        .attempts = rows.oid(row, 18),
                        .retry_at = WallTime(std::chrono::microseconds(rows.integer(row, 19)))},
         .resync_where = rows.text(row, 20)});
  }
  return found;
}

State StateTables::load() {
  State state{.checkpoint = checkpoint(), .tables = tables(), .outputs = outputs()};
  state.checkpoints = state.checkpoint ? 1 : 0;
  state.newest_load = newest_load();
  state.targets = std::ranges::any_of(targets(), [](const TargetRecord& target) {
    return target.kind == TargetRecord::Kind::live && target.has_source;
  });
  return state;
}

void StateTables::put_tables(std::span<const TableRecord> records) {
  if (records.empty()) return;
  std::vector<std::string> rows, keys;
  for (const auto& record : records) {
    rows.push_back(fmt::format("({}, {}, {}, {}, '{{{}}}', {}, {})", literal(pipeline_), record.oid,
                               literal(record.schema), literal(record.name), fmt::join(record.truncates, ","),
                               record.leaves_xid, lsn_literal(record.leaves_at)));
    keys.push_back(fmt::format("({}::bigint, {}, {})", record.oid, literal(record.schema), literal(record.name)));
  }
  change(
      fmt::format("DELETE FROM _walbrook.tables t USING (VALUES {}) gone(oid, source_schema, source_name) WHERE "
                  "t.pipeline = {} AND (t.oid = gone.oid OR (t.source_schema = gone.source_schema AND t.source_name "
                  "= gone.source_name))",
                  fmt::join(keys, ", "), literal(pipeline_)));
  change(
      fmt::format("INSERT INTO _walbrook.tables (pipeline, oid, source_schema, source_name, truncates, leaves_xid, "
                  "leaves_at) VALUES {}",
                  fmt::join(rows, ", ")));
}

void StateTables::put_outputs(std::span<const OutputRecord> records) {
  if (records.empty()) return;
  std::vector<std::string> rows;
  std::vector<std::uint32_t> ids;
  for (const auto& record : records) {
    ids.push_back(record.id.value);
    rows.push_back(fmt::format(
        "({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {})", literal(pipeline_),
        record.id.value, literal(record.schema), literal(record.name), literal(record.role),
        literal(to_string(record.disposition)), literal(record.target_schema), literal(record.target_name),
        literal(to_string(record.state)), lsn_literal(record.snapshot_lsn), literal(record.reason),
        literal_or_null(record.suspect), record.columns == nullptr ? "NULL" : literal(to_json(*record.columns)),
        literal(to_string(record.style.naming)), literal(to_string(record.style.metadata)), record.changes_only,
        record.source, literal_or_null(record.fingerprint), record.suspension.by_request, record.suspension.attempts,
        time_literal(record.suspension.retry_at), literal_or_null(record.resync_where)));
  }
  change(fmt::format("DELETE FROM _walbrook.outputs WHERE pipeline = {} AND output = ANY ('{{{}}}')",
                     literal(pipeline_), fmt::join(ids, ",")));
  change(fmt::format(
      "INSERT INTO _walbrook.outputs (pipeline, output, source_schema, source_name, role, disposition, target_schema, "
      "target_name, state, snapshot_lsn, reason, suspect, columns, naming, metadata, changes_only, oid, fingerprint, "
      "by_request, attempts, retry_at, resync_where) VALUES {}",
      fmt::join(rows, ", ")));
  put_schema_versions(records);
}

// One statement finds and stores the next version of all outputs, since there may be thousands.
void StateTables::put_schema_versions(std::span<const OutputRecord> records) {
  std::vector<std::vector<std::string>> rows;  // by the place of the version among those of its output
  for (const auto& record : records) {
    std::size_t place = 0;
    for (const auto& version : schema_versions_of(record, {})) {
      if (rows.size() == place) rows.emplace_back();
      rows[place++].push_back(fmt::format("({}::bigint, {}, {}, {}::json, {}::pg_lsn)", record.id.value,
                                          literal(version.schema), literal(version.name), literal(version.columns),
                                          lsn_literal(version.since)));
    }
  }
  for (const auto& versions : rows) insert_schema_versions(versions);
}

// A version is as of the checkpoint, or as its row says, whichever is later.
void StateTables::insert_schema_versions(const std::vector<std::string>& rows) {
  change(fmt::format("INSERT INTO _walbrook.schema_versions SELECT $1::text, r.output, r.source_schema, r.source_name, "
                     "coalesce(v.version, 0) + 1, r.columns, greatest(c.lsn, r.since_lsn), "
                     "pg_catalog.clock_timestamp() FROM (VALUES {}) r(output, source_schema, source_name, columns, "
                     "since_lsn) LEFT JOIN LATERAL (SELECT version, columns FROM _walbrook.schema_versions WHERE "
                     "pipeline = $1 AND output = r.output ORDER BY version DESC LIMIT 1) v ON true LEFT JOIN "
                     "_walbrook.checkpoint c ON c.pipeline = $1 WHERE v.columns::text IS DISTINCT FROM r.columns::text",
                     fmt::join(rows, ", ")),
         {pipeline_});
}

std::int64_t StateTables::newest_load() {
  return query("SELECT coalesce(pg_catalog.max(load_id), 0) FROM _walbrook.loads WHERE pipeline = $1", {pipeline_})
      .integer(0, 0);
}

void StateTables::put_load(const LoadRecord& load) {
  const auto number = [](auto value) { return std::to_string(value); };
  const auto started = std::chrono::duration_cast<std::chrono::microseconds>(load.started.time_since_epoch()).count();
  change(
      "INSERT INTO _walbrook.loads VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, pg_catalog.clock_timestamp(), "
      "'done', $12) ON CONFLICT (pipeline, load_id) DO UPDATE SET first_commit_lsn = excluded.first_commit_lsn, "
      "last_commit_lsn = excluded.last_commit_lsn, transactions = excluded.transactions, inserts = excluded.inserts, "
      "updates = excluded.updates, deletes = excluded.deletes, truncates = excluded.truncates, tables = "
      "excluded.tables, started_at = excluded.started_at, finished_at = excluded.finished_at, copied_rows = "
      "excluded.copied_rows",
      {pipeline_, number(load.id), lsn_or_null(load.first_commit), lsn_or_null(load.last_commit),
       number(load.transactions), number(load.inserts), number(load.updates), number(load.deletes),
       number(load.truncates), load.tables.empty() ? "{}" : load.tables, postgres::to_text(started),
       number(load.copied_rows)});
  constexpr std::int64_t prune_every = 100;
  if (load.id % prune_every != 0 || load.id <= kept_loads) return;
  change("DELETE FROM _walbrook.loads WHERE pipeline = $1 AND load_id <= $2",
         {pipeline_, number(load.id - kept_loads)});
}

std::vector<TargetRecord> StateTables::targets() {
  const auto rows = query(
      "SELECT schema_name, table_name, kind, output, columns, has_source FROM _walbrook.targets WHERE pipeline = $1",
      {pipeline_});
  std::vector<TargetRecord> found;
  for (int row = 0; row < rows.size(); ++row) found.push_back(target_record(rows, row));
  return found;
}

std::optional<TargetRecord> StateTables::copy_of(OutputId output) {
  const auto rows = query(
      "SELECT schema_name, table_name, kind, output, columns, has_source FROM _walbrook.targets WHERE pipeline = $1 "
      "AND "
      "output = $2 AND kind <> 'live'",
      {pipeline_, std::to_string(output.value)});
  if (rows.size() == 0) return std::nullopt;
  return target_record(rows, 0);
}

void StateTables::put_target(const TargetRecord& record) {
  change(
      "INSERT INTO _walbrook.targets VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (schema_name, table_name) DO "
      "UPDATE SET pipeline = excluded.pipeline, output = excluded.output, kind = excluded.kind, columns = "
      "excluded.columns, has_source = excluded.has_source",
      {pipeline_, record.target.schema, record.target.table, std::to_string(record.output.value),
       std::string(to_text(record.kind)), columns_to_json(record.target), record.has_source ? "t" : "f"});
}

void StateTables::forget_target(const TargetName& name) {
  change("DELETE FROM _walbrook.targets WHERE schema_name = $1 AND table_name = $2", {name.schema, name.table});
}

std::optional<std::string> StateTables::owner(const TargetName& name) {
  const auto rows = query("SELECT pipeline FROM _walbrook.targets WHERE schema_name = $1 AND table_name = $2",
                          {name.schema, name.table});
  return rows.size() == 0 ? std::nullopt : std::optional(rows.text(0, 0));
}

void StateTables::keep_prepared(std::uint32_t xid, std::string_view bytes) {
  do {
    const auto part = bytes.substr(0, part_bytes);
    bytes.remove_prefix(part.size());
    change("INSERT INTO _walbrook.prepared (pipeline, xid, last, payload) VALUES ($1, $2, $3, $4)",
           {pipeline_, std::to_string(xid), bytes.empty() ? "t" : "f", postgres::to_hex(part)});
  } while (!bytes.empty());
}

void StateTables::drop_prepared(std::uint32_t xid) {
  change("DELETE FROM _walbrook.prepared WHERE pipeline = $1 AND xid = $2", {pipeline_, std::to_string(xid)});
}

void StateTables::read_prepared(std::uint32_t xid, const std::function<void(std::string_view)>& sink) {
  const auto parts = query("SELECT seq, last FROM _walbrook.prepared WHERE pipeline = $1 AND xid = $2 ORDER BY seq",
                           {pipeline_, std::to_string(xid)});
  std::string bytes;
  for (int row = 0; row < parts.size(); ++row) {
    const auto part = query("SELECT payload FROM _walbrook.prepared WHERE pipeline = $1 AND xid = $2 AND seq = $3",
                            {pipeline_, std::to_string(xid), parts.text(row, 0)});
    if (part.size() == 0) continue;  // the sink has dropped it
    bytes += bytes_from_hex(part.text(0, 0));
    if (!parts.boolean(row, 1)) continue;
    sink(bytes);
    bytes.clear();
  }
}

void StateTables::forget_output(const OutputRecord& output) {
  for (const char* name : {"outputs", "schema_versions"}) {
    change(fmt::format("DELETE FROM _walbrook.{} WHERE pipeline = $1 AND output = $2", name),
           {pipeline_, std::to_string(output.id.value)});
  }
  if (output.source == 0) return;
  change(
      "DELETE FROM _walbrook.tables WHERE pipeline = $1 AND oid = $2 AND NOT EXISTS (SELECT FROM _walbrook.outputs o "
      "WHERE o.pipeline = $1 AND o.oid = $2)",
      {pipeline_, std::to_string(output.source)});
}

void StateTables::forget_pipeline() {
  for (const auto& name : state_table_names) {
    if (name == "format") continue;
    change(fmt::format("DELETE FROM _walbrook.{} WHERE pipeline = $1", name), {pipeline_});
  }
}

void StateTables::forget_sourced() {
  for (const char* name : {"checkpoint", "prepared", "tables"}) {
    change(fmt::format("DELETE FROM _walbrook.{} WHERE pipeline = $1", name), {pipeline_});
  }
  change(
      "DELETE FROM _walbrook.schema_versions WHERE pipeline = $1 AND output NOT IN (SELECT output FROM "
      "_walbrook.outputs WHERE pipeline = $1 AND state = 'loaded')",
      {pipeline_});
  change("DELETE FROM _walbrook.outputs WHERE pipeline = $1 AND state <> 'loaded'", {pipeline_});
  change("DELETE FROM _walbrook.loads WHERE pipeline = $1 AND last_commit_lsn IS NOT NULL", {pipeline_});
}

}  // namespace walbrook::destination::postgresql
