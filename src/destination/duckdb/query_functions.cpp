#include "destination/duckdb/query_functions.h"

#include <algorithm>
#include <array>

#include "destination/duckdb/connection.h"

namespace walbrook::destination::duckdb {
namespace {

constexpr std::string_view changes_state = "changes what DuckDB does for everybody who uses this file";
constexpr std::string_view reads_files = "reads other files than this database";
constexpr std::string_view runs_text = "runs a text as SQL, or opens a table or a file that a text names";
constexpr std::string_view shows_secrets = "reads the secrets of the user whose process answers";
constexpr std::string_view is_internal = "is DuckDB's own and trusts what it is called with";
constexpr std::string_view takes_time = "waits, and holds a thread of the run meanwhile";
constexpr std::string_view is_not_judged = "is not among the functions that are known to read only this file";

constexpr std::array<std::string_view, 45> allowed_tables = {
    "duckdb_approx_database_count",
    "duckdb_columns",
    "duckdb_connection_count",
    "duckdb_constraints",
    "duckdb_coordinate_systems",
    "duckdb_databases",
    "duckdb_dependencies",
    "duckdb_external_file_cache",
    "duckdb_functions",
    "duckdb_indexes",
    "duckdb_keywords",
    "duckdb_log_contexts",
    "duckdb_logs",
    "duckdb_logs_parsed",
    "duckdb_memory",
    "duckdb_optimizers",
    "duckdb_prepared_statements",
    "duckdb_profiling_settings",
    "duckdb_schemas",
    "duckdb_secret_types",
    "duckdb_sequences",
    "duckdb_settings",
    "duckdb_table_sample",
    "duckdb_tables",
    "duckdb_temporary_files",
    "duckdb_types",
    "duckdb_variables",
    "duckdb_views",
    "generate_series",
    "icu_calendar_names",
    "json_each",
    "json_tree",
    "pg_timezone_names",
    "pragma_collations",
    "pragma_database_size",
    "pragma_metadata_info",
    "pragma_platform",
    "pragma_show",
    "pragma_storage_info",
    "pragma_table_info",
    "pragma_version",
    "range",
    "repeat",
    "repeat_row",
    "unnest",
};

constexpr std::array<RefusedFunction, 48> refused_tables = {{
    {"arrow_scan", is_internal},
    {"arrow_scan_dumb", is_internal},
    {"check_peg_parser", is_internal},
    {"checkpoint", changes_state},
    {"disable_logging", changes_state},
    {"disable_peg_parser", changes_state},
    {"disable_profiling", changes_state},
    {"duckdb_extensions", reads_files},
    {"duckdb_secrets", shows_secrets},
    {"enable_logging", changes_state},
    {"enable_peg_parser", changes_state},
    {"enable_profiling", changes_state},
    {"force_checkpoint", changes_state},
    {"glob", reads_files},
    {"histogram", runs_text},
    {"histogram_values", runs_text},
    {"json_execute_serialized_sql", runs_text},
    {"parquet_bloom_probe", reads_files},
    {"parquet_file_metadata", reads_files},
    {"parquet_full_metadata", reads_files},
    {"parquet_kv_metadata", reads_files},
    {"parquet_metadata", reads_files},
    {"parquet_scan", reads_files},
    {"parquet_schema", reads_files},
    {"pragma_user_agent", is_internal},
    {"query", runs_text},
    {"query_table", runs_text},
    {"read_blob", reads_files},
    {"read_csv", reads_files},
    {"read_csv_auto", reads_files},
    {"read_duckdb", reads_files},
    {"read_json", reads_files},
    {"read_json_auto", reads_files},
    {"read_json_objects", reads_files},
    {"read_json_objects_auto", reads_files},
    {"read_ndjson", reads_files},
    {"read_ndjson_auto", reads_files},
    {"read_ndjson_objects", reads_files},
    {"read_parquet", reads_files},
    {"read_text", reads_files},
    {"seq_scan", is_internal},
    {"sniff_csv", reads_files},
    {"sql_auto_complete", reads_files},  // it suggests names of files
    {"summary", is_internal},
    {"test_all_types", is_internal},
    {"test_vector_types", is_internal},
    {"truncate_duckdb_logs", changes_state},
    {"which_secret", shows_secrets},
}};

// currval reads what nextval left in the session; random, uuid and the like compute. They are allowed.
constexpr std::array<RefusedFunction, 7> refused_scalars = {{
    {"json_serialize_plan", runs_text},  // it binds the statement in its argument
    {"nextval", "changes a sequence"},
    {"pg_sleep", takes_time},
    {"setseed", "changes the random numbers that follow"},
    {"sleep_ms", takes_time},
    {"variant_bytes_to_variant", is_internal},
    {"write_log", "writes into DuckDB's log"},
}};

// DuckDB 1.5.5 takes .csv, .tsv, .parquet, .json, .jsonl, .ndjson, .db, .duckdb and .ddb; the others belong to
// extensions.
constexpr std::array<std::string_view, 18> file_endings = {
    ".csv", ".tsv",   ".txt",    ".parquet", ".json", ".jsonl", ".ndjson", ".db",      ".duckdb",
    ".ddb", ".arrow", ".arrows", ".avro",    ".xlsx", ".shp",   ".sqlite", ".geojson", ".vortex",
};

std::string_view why_refused(std::span<const RefusedFunction> refused, std::string_view name) {
  const auto found = std::ranges::find(refused, name, &RefusedFunction::name);
  return found == refused.end() ? std::string_view() : found->why;
}

}  // namespace

std::span<const std::string_view> allowed_table_functions() {
  return allowed_tables;
}

std::span<const RefusedFunction> refused_table_functions() {
  return refused_tables;
}

std::span<const RefusedFunction> refused_scalar_functions() {
  return refused_scalars;
}

bool is_allowed_table_function(std::string_view name) {
  return std::ranges::find(allowed_tables, name) != allowed_tables.end();
}

bool is_refused_table_function(std::string_view name) {
  return !why_refused(refused_tables, name).empty();
}

std::string_view why_table_function_is_refused(std::string_view name) {
  if (is_allowed_table_function(name)) return {};
  const auto why = why_refused(refused_tables, name);
  return why.empty() ? is_not_judged : why;
}

std::string_view why_scalar_function_is_refused(std::string_view name) {
  return why_refused(refused_scalars, name);
}

bool is_file_name(std::string_view name) {
  if (name.find_first_of("/\\*") != std::string_view::npos) return true;
  const std::string lower = folded(name);
  // "x.csv", "x.csv.gz", "x.csv?version=1"; not the table public.json_documents.
  return std::ranges::any_of(file_endings, [&](std::string_view ending) {
    for (auto at = lower.find(ending); at != std::string::npos; at = lower.find(ending, at + 1)) {
      const auto end = at + ending.size();
      if (end == lower.size() || lower[end] == '.' || lower[end] == '?') return true;
    }
    return false;
  });
}

}  // namespace walbrook::destination::duckdb
