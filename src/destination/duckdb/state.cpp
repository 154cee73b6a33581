#include "destination/duckdb/state.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "base/error.h"
#include "destination/duckdb/log_mark.h"
#include "destination/duckdb/output_rows.h"
#include "destination/duckdb/state_check.h"
#include "destination/duckdb/state_row.h"
#include "destination/duckdb/state_views.h"

namespace walbrook::destination::duckdb {
namespace {

// Increased whenever a table of the state changes. No other version is read.
constexpr std::int64_t format_version = 5;

struct Definition {
  std::string_view name;
  std::string_view columns;
  // Where each pipeline's state is in a schema of its own: such a database damages lists, and has no compression.
  std::string_view per_pipeline = {};
};
constexpr std::array<Definition, 8> definitions = {{
    {"format", "version BIGINT, file_id VARCHAR"},
    {"checkpoint",
     "pipeline VARCHAR, slot VARCHAR, systemid VARCHAR, timeline BIGINT, lsn VARCHAR, written_at TIMESTAMP WITH TIME "
     "ZONE, publication VARCHAR, source VARCHAR, selection JSON, origin VARCHAR, last_commit_lsn VARCHAR, last_xid "
     "BIGINT, last_commit_time TIMESTAMP WITH TIME ZONE, made_slot BOOLEAN, made_publication BOOLEAN, "
     "log_mark VARCHAR"},
    {"tables",
     "pipeline VARCHAR, oid BIGINT, source_schema VARCHAR, source_name VARCHAR, truncates BIGINT[], leaves_xid BIGINT, "
     "leaves_at VARCHAR",
     "pipeline VARCHAR, oid BIGINT, source_schema VARCHAR, source_name VARCHAR, truncates VARCHAR, leaves_xid BIGINT, "
     "leaves_at VARCHAR"},
    {"outputs",
     "pipeline VARCHAR, output BIGINT, source_schema VARCHAR, source_name VARCHAR, role VARCHAR, disposition VARCHAR, "
     "target_schema VARCHAR, target_name VARCHAR, state VARCHAR, snapshot_lsn VARCHAR, reason VARCHAR, suspect "
     "VARCHAR, "
     "columns JSON, naming VARCHAR, metadata VARCHAR, changes_only BOOLEAN, oid BIGINT, fingerprint JSON, "
     "by_request BOOLEAN, attempts BIGINT, retry_at TIMESTAMP WITH TIME ZONE, resync_where VARCHAR"},
    {"targets",
     "pipeline VARCHAR, schema_name VARCHAR, table_name VARCHAR, output BIGINT, kind VARCHAR, columns JSON, has_source "
     "BOOLEAN"},
    {"loads",
     "pipeline VARCHAR, load_id BIGINT, first_commit_lsn VARCHAR, last_commit_lsn VARCHAR, transactions BIGINT, "
     "inserts BIGINT, "
     "updates BIGINT, deletes BIGINT, truncates BIGINT, tables JSON, started_at TIMESTAMP WITH TIME ZONE, finished_at "
     "TIMESTAMP WITH TIME ZONE, status VARCHAR, copied_rows BIGINT"},
    {"schema_versions",
     "pipeline VARCHAR, output BIGINT, source_schema VARCHAR, source_name VARCHAR, version BIGINT, columns JSON, "
     "since_lsn VARCHAR, since TIMESTAMP WITH TIME ZONE"},
    {"prepared", "pipeline VARCHAR, xid BIGINT, seq BIGINT, part BIGINT, payload BLOB USING COMPRESSION uncompressed",
     "pipeline VARCHAR, xid BIGINT, seq BIGINT, part BIGINT, payload BLOB"},
}};

std::string_view to_text(TargetRecord::Kind kind) {
  switch (kind) {
    case TargetRecord::Kind::live:
      return "live";
    case TargetRecord::Kind::unfinished_copy:
      return "copying";
    case TargetRecord::Kind::finished_copy:
      return "copied";
  }
  return "live";
}

TargetRecord::Kind parse_kind(std::string_view kind) {
  if (kind == "copying") return TargetRecord::Kind::unfinished_copy;
  return kind == "copied" ? TargetRecord::Kind::finished_copy : TargetRecord::Kind::live;
}

TargetRecord target_record(const Row& row) {
  return {.kind = parse_kind(text(row, 2)),
          .output = {static_cast<std::uint32_t>(number(row, 3))},
          .has_source = boolean(row, 5).value_or(true),
          .target = {.schema = text(row, 0), .table = text(row, 1), .columns = columns_from_json(text(row, 4))}};
}

// Two targets are the same if DuckDB cannot tell their names apart.
constexpr const char* same_target = "lower(schema_name) = lower($1) AND lower(table_name) = lower($2)";
constexpr const char* target_cells =
    "schema_name, table_name, kind, output::VARCHAR, columns::VARCHAR, has_source::VARCHAR";

}  // namespace

StateTables::StateTables(Connection& connection, std::string pipeline)
    : connection_(connection),
      pipeline_(std::move(pipeline)),
      schema_(connection.database().state_schema_of(pipeline_)) {}

std::string StateTables::table(const char* name) const {
  return connection_.database().full_name(schema_, name);
}

std::string StateTables::table_of_all(const char* name) const {
  return connection_.database().full_name(state_schema, name);
}

bool StateTables::exist() {
  return has_state(connection_, schema_);
}

bool StateTables::exist_of_any() {
  return connection_.database().traits().state_per_pipeline ? has_state_views(connection_) : exist();
}

void StateTables::create() {
  exist() ? check_format() : create_tables();
  if (connection_.database().traits().state_per_pipeline) show_state(connection_, schema_);
}

void StateTables::create_tables() {
  const auto& database = connection_.database();
  connection_.execute(
      fmt::format("CREATE SCHEMA IF NOT EXISTS {}.{}", identifier(database.catalog()), identifier(schema_)),
      "creating the state");
  for (std::size_t i = 0; i < definitions.size(); ++i) create_table(i);
  // The file's id identifies its log (log_mark.h).
  connection_.run(
      fmt::format("INSERT INTO {} (version, file_id) VALUES ($1, replace(uuid()::VARCHAR, '-', ''))", table("format")),
      format_version);
}

void StateTables::create_table(std::size_t definition) {
  const auto& database = connection_.database();
  const auto& [name, columns, per_pipeline] = definitions[definition];
  const bool has_own = database.traits().state_per_pipeline && !per_pipeline.empty();
  connection_.execute(
      fmt::format("CREATE TABLE {} ({})", database.full_name(schema_, name), has_own ? per_pipeline : columns),
      "creating the state");
}

void StateTables::rewrite_table(std::string_view name) {
  const auto* const found = std::ranges::find(definitions, name, &Definition::name);
  const auto of_state = connection_.database().full_name(schema_, name);
  constexpr std::string_view doing = "rewriting a table of the state";
  connection_.execute(
      fmt::format("CREATE TEMP TABLE kept_state AS SELECT *, row_number() OVER () AS nth FROM {}", of_state), doing);
  connection_.execute(fmt::format("DROP TABLE {}", of_state), doing);
  create_table(static_cast<std::size_t>(found - definitions.begin()));
  const auto count = connection_.rows("SELECT count(*)::VARCHAR FROM kept_state");
  const auto rows = static_cast<std::size_t>(number(count.at(0), 0));
  for (std::size_t at = 0; at < rows; at += most_rows_inserted) {
    connection_.execute(
        fmt::format("INSERT INTO {} SELECT * EXCLUDE (nth) FROM kept_state WHERE nth > {} AND nth <= {}", of_state, at,
                    at + most_rows_inserted),
        doing);
  }
  connection_.execute("DROP TABLE kept_state", doing);
}

// The version is checked first, since another version has other tables.
void StateTables::check_format() {
  if (has_state_table(connection_, schema_, "format")) check_version();
  check_state_is_whole(connection_, schema_);
}

void StateTables::check_version() {
  const auto rows = connection_.rows(fmt::format("SELECT max(version)::VARCHAR FROM {}", table("format")));
  const auto version = number(rows.at(0), 0);
  if (version == format_version) return;
  const auto& label = connection_.database().label();
  throw Error(
      ErrorKind::destination,
      fmt::format("the state in {} has version {}, this walbrook reads and writes version {}", label, version,
                  format_version),
      fmt::format("Use the version of walbrook that wrote it, or copy the tables again: move {} away, or name another "
                  "destination.",
                  label));
}

std::optional<Checkpoint> StateTables::checkpoint() {
  const auto rows = connection_.rows(fmt::format("SELECT slot, systemid, timeline::VARCHAR, lsn, publication, source, "
                                                 "selection::VARCHAR, origin, last_commit_lsn, last_xid::VARCHAR, "
                                                 "epoch_us(last_commit_time)::VARCHAR, made_slot::VARCHAR, "
                                                 "made_publication::VARCHAR FROM {} WHERE pipeline = $1",
                                                 table("checkpoint")),
                                     pipeline_);
  if (rows.empty()) return std::nullopt;
  return Checkpoint{.slot = text(rows[0], 0),
                    .systemid = text(rows[0], 1),
                    .timeline = number(rows[0], 2),
                    .lsn = lsn(rows[0], 3),
                    .publication = text(rows[0], 4),
                    .source = text(rows[0], 5),
                    .selection = selection_from_json(text(rows[0], 6)),
                    .origin = text(rows[0], 7),
                    .last = {.xid = static_cast<std::uint32_t>(number(rows[0], 9)),
                             .commit_lsn = lsn(rows[0], 8),
                             .commit_time = number(rows[0], 10)},
                    .made_slot = boolean(rows[0], 11),
                    .made_publication = boolean(rows[0], 12)};
}

std::size_t StateTables::count_checkpoints() {
  const auto rows = connection_.rows(
      fmt::format("SELECT count(*)::VARCHAR FROM {} WHERE pipeline = $1", table("checkpoint")), pipeline_);
  return static_cast<std::size_t>(number(rows.at(0), 0));
}

Lsn StateTables::checkpoint_lsn() {
  const auto rows =
      connection_.rows(fmt::format("SELECT lsn FROM {} WHERE pipeline = $1", table_of_all("checkpoint")), pipeline_);
  return rows.empty() ? Lsn{} : lsn(rows[0], 0);
}

State StateTables::load() {
  const OutputRows outputs(connection_, pipeline_);
  State state{.checkpoint = checkpoint(), .tables = outputs.tables(), .outputs = outputs.outputs()};
  state.checkpoints = count_checkpoints();
  state.targets = std::ranges::any_of(targets(), [](const TargetRecord& target) {
    return target.kind == TargetRecord::Kind::live && target.has_source;
  });
  return state;
}

void StateTables::put_checkpoint(const Checkpoint& checkpoint) {
  connection_.run(fmt::format("DELETE FROM {} WHERE pipeline = $1", table("checkpoint")), pipeline_);
  connection_.run(
      fmt::format(
          "INSERT INTO {} (pipeline, slot, systemid, timeline, lsn, written_at, publication, source, selection, "
          "origin, last_commit_lsn, last_xid, last_commit_time, made_slot, made_publication, log_mark) VALUES ($1, $2, "
          "$3, $4, "
          "$5, $6, $7, $8, nullif($9, '')::JSON, $10, $11, nullif($12, 0), "
          "CASE WHEN $12 <> 0 THEN $13 END, nullif($14, '')::BOOLEAN, nullif($15, '')::BOOLEAN, "
          "'walbrook-log:' || (SELECT any_value(file_id) FROM {}) || ':' || $16 || ';')",
          table("checkpoint"), table("format")),
      pipeline_, checkpoint.slot, checkpoint.systemid, checkpoint.timeline, lsn_text(checkpoint.lsn),
      std::chrono::system_clock::now(), checkpoint.publication, checkpoint.source,
      selection_to_json(checkpoint.selection), checkpoint.origin, lsn_text(checkpoint.last.commit_lsn),
      checkpoint.last.xid, WallTime(std::chrono::microseconds(checkpoint.last.commit_time)),
      boolean_text(checkpoint.made_slot), boolean_text(checkpoint.made_publication),
      mark_counter(connection_.database().file_checkpoints()));
}

void StateTables::put_tables(std::span<const TableRecord> records) {
  OutputRows(connection_, pipeline_).put(records);
}

void StateTables::put_outputs(std::span<const OutputRecord> records) {
  OutputRows(connection_, pipeline_).put(records, checkpoint_lsn());
}

std::int64_t StateTables::newest_load() {
  const auto newest = connection_.rows(
      fmt::format("SELECT coalesce(max(load_id), 0)::VARCHAR FROM {} WHERE pipeline = $1", table("loads")), pipeline_);
  return number(newest.at(0), 0);
}

void StateTables::put_load(const LoadRecord& load) {
  // Only a row of copies is written more than once, and looking for it costs a scan.
  if (!load.first_commit.is_set()) {
    connection_.run(fmt::format("DELETE FROM {} WHERE pipeline = $1 AND load_id = $2", table("loads")), pipeline_,
                    load.id);
  }
  connection_.run(
      fmt::format("INSERT INTO {} VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::JSON, $11, $12, 'done', $13)",
                  table("loads")),
      pipeline_, load.id, lsn_text(load.first_commit), lsn_text(load.last_commit), load.transactions, load.inserts,
      load.updates, load.deletes, load.truncates, load.tables.empty() ? "{}" : load.tables, load.started,
      std::chrono::system_clock::now(), load.copied_rows);
  // Pruning costs a scan too, so it is not done at every load.
  constexpr std::int64_t prune_every = 100;
  if (load.id % prune_every == 0 && load.id > kept_loads) {
    connection_.run(fmt::format("DELETE FROM {} WHERE pipeline = $1 AND load_id <= $2", table("loads")), pipeline_,
                    load.id - kept_loads);
  }
}

std::vector<TargetRecord> StateTables::targets() {
  std::vector<TargetRecord> out;
  for (const auto& row : connection_.rows(
           fmt::format("SELECT {} FROM {} WHERE pipeline = $1", target_cells, table("targets")), pipeline_)) {
    out.push_back(target_record(row));
  }
  return out;
}

std::optional<TargetRecord> StateTables::live_target(const std::string& schema, const std::string& name) {
  const auto rows = connection_.rows(fmt::format("SELECT {} FROM {} WHERE {} AND pipeline = $3 AND kind = 'live'",
                                                 target_cells, table("targets"), same_target),
                                     schema, name, pipeline_);
  if (rows.empty()) return std::nullopt;
  return target_record(rows[0]);
}

std::optional<TargetRecord> StateTables::copy_of(OutputId output) {
  const auto rows =
      connection_.rows(fmt::format("SELECT {} FROM {} WHERE pipeline = $1 AND output = $2 AND kind <> 'live' ORDER BY "
                                   "kind",
                                   target_cells, table("targets")),
                       pipeline_, output.value);
  if (rows.empty()) return std::nullopt;
  return target_record(rows[0]);
}

void StateTables::put_target(const TargetRecord& record) {
  forget_target(record.target);
  add_target(record);
}

void StateTables::add_target(const TargetRecord& record) {
  connection_.run(fmt::format("INSERT INTO {} VALUES ($1, $2, $3, $4, $5, $6::JSON, $7::BOOLEAN)", table("targets")),
                  pipeline_, record.target.schema, record.target.table, record.output.value, to_text(record.kind),
                  columns_to_json(record.target), boolean_text(record.has_source));
}

void StateTables::forget_target(const Target& target) {
  connection_.run(fmt::format("DELETE FROM {} WHERE {}", table("targets"), same_target), target.schema, target.table);
}

std::vector<std::string> StateTables::live_schemas() {
  const auto rows = connection_.rows(
      fmt::format("SELECT t.schema_name FROM {} t JOIN duckdb_schemas() s ON s.schema_name = t.schema_name AND "
                  "s.database_name = current_database() WHERE t.kind = 'live' GROUP BY t.schema_name ORDER BY "
                  "bool_or(t.pipeline = $1) DESC, t.schema_name <> 'public', t.schema_name",
                  table_of_all("targets")),
      pipeline_);
  std::vector<std::string> schemas;
  for (const auto& row : rows) schemas.push_back(text(row, 0));
  return schemas;
}

std::optional<std::string> StateTables::owner(const std::string& schema, const std::string& name) {
  const auto rows = connection_.rows(
      fmt::format("SELECT pipeline FROM {} WHERE {}", table_of_all("targets"), same_target), schema, name);
  if (rows.empty()) return std::nullopt;
  return text(rows[0], 0);
}

void StateTables::forget_output(const OutputRecord& output) {
  OutputRows(connection_, pipeline_).forget(output);
}

void StateTables::forget_pipeline() {
  for (const auto& definition : definitions) {
    if (definition.name == "format") continue;
    connection_.run(
        fmt::format("DELETE FROM {} WHERE pipeline = $1", connection_.database().full_name(schema_, definition.name)),
        pipeline_);
  }
}

void StateTables::forget_sourced() {
  const auto forget = [this](const char* name, const char* which) {
    connection_.run(fmt::format("DELETE FROM {} WHERE pipeline = $1{}", table(name), which), pipeline_);
  };
  forget("checkpoint", "");
  forget("prepared", "");
  OutputRows(connection_, pipeline_).forget_sourced();
  forget("loads", " AND last_commit_lsn <> ''");
}

}  // namespace walbrook::destination::duckdb
