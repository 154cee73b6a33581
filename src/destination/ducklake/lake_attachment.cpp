#include "destination/ducklake/lake_attachment.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <thread>

#include "base/error.h"
#include "destination/destination.h"
#include "destination/duckdb/bucket_access.h"
#include "destination/duckdb/extension.h"
#include "destination/duckdb/retried_transaction.h"
#include "destination/duckdb/state.h"
#include "destination/ducklake/ducklake_capabilities.h"
#include "destination/ducklake/lake_failure.h"
#include "destination/ducklake/lake_snapshots.h"
#include "destination/local_path.h"

namespace walbrook::destination::ducklake {
namespace {

using duckdb::Connection;
using duckdb::literal;

struct Attached {
  LakeUrl lake;
  std::string extension_directory;
  std::string pipeline;
  std::optional<Lsn> at;
  std::uint64_t inline_rows;
};

void load_extensions(Connection& connection, const Attached& what) {
  const auto load = [&](std::string_view name) {
    duckdb::load_extension(connection, name, what.lake.label, what.extension_directory);
  };
  load("ducklake");
  if (what.lake.kind == CatalogKind::sqlite) load("sqlite_scanner");
  if (what.lake.kind == CatalogKind::postgres) load("postgres_scanner");
  if (!what.lake.in_bucket) return;
  duckdb::prepare_bucket_access(connection, what.lake.data_path, what.lake.access, what.extension_directory);
}

[[noreturn]] void refuse_attach(const Attached& what, const std::string& failure) {
  const auto& label = what.lake.label;
  if (is_locked(failure)) {
    throw DestinationLocked(fmt::format("{} is open in another process", label),
                            "A catalog in a DuckDB file has one process at a time, readers too. Let that process end, "
                            "or put the catalog into PostgreSQL: ducklake:postgres:dbname=…");
  }
  if (failure_of(failure) == duckdb::Failure::unreachable) {
    throw DestinationUnreachable(
        fmt::format("{} cannot be reached: {}", label, described(failure, what.lake.data_path)),
        "Nothing is lost. Look at the server of the catalog, and at the network.");
  }
  const bool is_absent = failure.find("explicitly disabled") != std::string::npos ||
                         failure.find("database does not exist") != std::string::npos;
  if (is_absent) {
    throw Error(ErrorKind::destination, fmt::format("there is no lake in {} yet", label), "Run the pipeline first.");
  }
  if (failure.find("data_path is not set") != std::string::npos) {
    throw Error(
        ErrorKind::configuration, fmt::format("{} is a new lake, and has no data path yet", label),
        "Add ?data_path=FOLDER to the destination's URL. Later runs need it no more: the catalog remembers it.");
  }
  if (failure.find("requires the extension httpfs") != std::string::npos) {
    throw Error(ErrorKind::configuration,
                fmt::format("{} has its files in a bucket, which the destination's URL does not name", label),
                "Add ?data_path= with that bucket and its options to the URL.");
  }
  throw Error(ErrorKind::destination,
              fmt::format("DuckDB cannot attach {}: {}", label, described(failure, what.lake.data_path)),
              "Look at the catalog and the data path in the destination's URL.");
}

// One row at least is kept in the catalog: DuckLake (1.5.5) loses values of added columns where the catalog has no
// table for a table's rows from the beginning.
void attach_as(Connection& connection, const Attached& what, bool read_only, const std::string& version) {
  std::string sql = fmt::format("ATTACH {} AS {} (DATA_INLINING_ROW_LIMIT {}", literal("ducklake:" + what.lake.catalog),
                                duckdb::identifier(lake_catalog), std::max(what.inline_rows, std::uint64_t{1}));
  if (!what.lake.data_path.empty()) sql += fmt::format(", DATA_PATH {}", literal(what.lake.data_path + "/"));
  if (read_only) sql += ", READ_ONLY, CREATE_IF_NOT_EXISTS false";
  if (!version.empty()) sql += fmt::format(", SNAPSHOT_VERSION {}", version);
  if (what.lake.kind == CatalogKind::sqlite) sql += ", META_BUSY_TIMEOUT 10000, META_JOURNAL_MODE 'WAL'";
  // Of two processes that create a catalog at the same time, one fails, and finds it when it tries again.
  constexpr int most_attempts = 5;
  constexpr std::chrono::milliseconds wait{200};
  for (int attempt = 1;; ++attempt) {
    const auto failure = connection.failure_of(sql + ")");
    if (failure.empty()) return;
    if (attempt == most_attempts || !was_created_meanwhile(failure)) refuse_attach(what, failure);
    std::this_thread::sleep_for(wait);
  }
}

// DuckLake (1.5.5) narrows a table's statistics when files are rewritten without deleted rows. For a transaction of an
// older snapshot, also one that began before, they are wrong then: rows were missing behind WHERE, and ORDER BY
// returned values that no row has.
void distrust_statistics(Connection& connection) {
  connection.execute("SET GLOBAL disabled_optimizers = 'statistics_propagation,compressed_materialization'",
                     "choosing optimizers");
}

// Whatever a query names, nothing but the lake's files is read or written.
void confine(Connection& connection) {
  connection.execute(fmt::format("SET GLOBAL allowed_directories = [{}]; SET GLOBAL enable_external_access = false",
                                 literal(data_path_of(connection))),
                     "confining queries to the lake");
}

// Creates the folder, and none above it. Once the catalog exists, it names its data path for good, so a wrong path is
// refused before.
void make_folders(const LakeUrl& lake) {
  if (!lake.catalog_file.empty() && !is_there_locally(lake.catalog_file)) {
    check_folder(std::filesystem::path(lake.catalog_file).parent_path());
  }
  if (lake.in_bucket || lake.data_path.empty() || is_there_locally(lake.data_path)) return;
  check_folder(std::filesystem::path(lake.data_path).parent_path());
  std::error_code failed;
  std::filesystem::create_directory(lake.data_path, failed);  // if that fails, DuckDB says why
}

// Where no URL names a data path, a new catalog in a file names CATALOG.files. DuckLake (1.5.5) creates folders in the
// data path, but not the path itself.
void make_folder_beside_catalog(Connection& connection) {
  const auto path = data_path_of(connection);
  if (path.empty()) return;
  std::error_code failed;
  std::filesystem::create_directory(std::filesystem::path(path).parent_path(), failed);  // `path` ends with a slash
}

void attach(Connection& connection, const Attached& what, bool read_only) {
  check_version(connection.rows("SELECT library_version FROM pragma_version()").at(0).at(0).value_or(""));
  load_extensions(connection, what);
  if (!read_only) make_folders(what.lake);
  // By default, a commit that overlaps with another one is tried again after 100 ms.
  connection.execute("SET GLOBAL ducklake_retry_wait_ms = 10", "attaching the lake");
  attach_as(connection, what, read_only || what.at, "");
  if (what.lake.data_path.empty() && !read_only && !what.at) make_folder_beside_catalog(connection);
  if (what.at) {
    const auto version = snapshot_at(connection, what.pipeline, *what.at, what.lake.label);
    connection.execute(fmt::format("DETACH {}", lake_catalog), "detaching the lake");
    attach_as(connection, what, true, version);
  }
  distrust_statistics(connection);
  confine(connection);
}

void set_inlining_once(Connection& connection, std::uint64_t rows, const std::string& where) {
  connection.execute(
      fmt::format("CALL ducklake_set_option('{}', 'data_inlining_row_limit', {}, {})", lake_catalog, rows, where),
      "choosing where rows are kept");
}

void set_inlining(Connection& connection, std::uint64_t rows, const std::string& where) {
  duckdb::run_retried(connection, [&] { set_inlining_once(connection, rows, where); });
}

// Names of columns that DuckLake (1.5.5) has in the catalog's table of a table's rows, so that no such table can be
// made.
bool is_reserved(const std::string& name) {
  constexpr std::array<std::string_view, 5> reserved = {"begin_snapshot", "end_snapshot", "row_id",
                                                        "_ducklake_internal_row_id", "_ducklake_internal_snapshot_id"};
  return std::ranges::any_of(reserved,
                             [&name](std::string_view other) { return capabilities().names.same(name, other); });
}

// Prepares for a table whose rows the catalog has no room for. DuckLake (1.5.5) cannot be told so for one table before
// it exists.
void before_table(Connection& connection, CatalogKind kind, const std::string& schema,
                  std::span<const std::string> columns) {
  constexpr std::size_t most_columns = 1500;  // with DuckLake's own ones, PostgreSQL's limit must not be reached
  const bool is_too_wide = kind == CatalogKind::postgres && columns.size() > most_columns;
  if (!is_too_wide && std::ranges::none_of(columns, is_reserved)) return;
  duckdb::run_retried(connection, [&] {
    connection.execute(fmt::format("CREATE SCHEMA IF NOT EXISTS {}.{}", lake_catalog, duckdb::identifier(schema)),
                       "creating a schema");
  });
  set_inlining(connection, 0, "schema => " + literal(schema));
}

std::string place_of(const std::string& schema, const std::string& table) {
  return fmt::format("schema => {}, table_name => {}", literal(schema), literal(table));
}

void keep_in_files(Connection& connection, const std::string& schema, const std::string& table) {
  set_inlining(connection, 0, place_of(schema, table));
}

// DuckLake (1.5.5) damages some values that it keeps in the catalog: in DuckDB's, the last bit of one float in a
// hundred to a thousand; in others, what is in lists and structs. Other columns are stored exactly (9,000 random values
// each).
std::string_view damaged_in_catalog(CatalogKind kind) {
  return kind == CatalogKind::file
             ? "contains(column_type, 'FLOAT') OR contains(column_type, 'DOUBLE')"
             : "ends_with(column_type, ']') OR starts_with(column_type, 'STRUCT(') OR starts_with(column_type, 'MAP(')";
}

void table_was_made(Connection& connection, const Attached& what, const std::string& schema, const std::string& table) {
  // The columns are found when the statement is prepared.
  const auto damaged =
      duckdb::Statement(connection,
                        fmt::format("SELECT column_name FROM (DESCRIBE {}) WHERE {} LIMIT 1",
                                    connection.database().full_name(schema, table), damaged_in_catalog(what.lake.kind)))
          .rows();
  if (what.inline_rows == 0 || !damaged.empty()) keep_in_files(connection, schema, table);
}

// Besides what damaged_in_catalog says: DuckLake (1.5.5) breaks down if a transaction updates rows in the catalog, as
// for the value of a nested column (flat_defaults), and then adds a column to their table.
void before_columns(Connection& connection, CatalogKind kind, const std::string& schema, const std::string& table,
                    std::span<const ColumnSchema> columns) {
  const auto needs_files = [kind](const ColumnSchema& column) {
    const auto layout = column.type.layout;
    const bool is_float = layout == Layout::float32 || layout == Layout::float64;
    return is_reserved(column.shown_name()) || is_nested(layout) || (kind == CatalogKind::file && is_float);
  };
  if (std::ranges::any_of(columns, needs_files)) set_inlining_once(connection, 0, place_of(schema, table));
}

// Rows of the state are kept in the catalog, however many of other tables are (lake_maintenance.cpp says why).
void keep_state_in_catalog(Connection& connection, const Attached& what, const std::string& schema) {
  if (what.inline_rows >= duckdb::most_rows_inserted) return;
  set_inlining(connection, duckdb::most_rows_inserted, "schema => " + literal(schema));
}

duckdb::DatabaseTraits traits_of(const Attached& what) {
  duckdb::DatabaseTraits traits{
      .capabilities = ducklake::capabilities,
      .state_per_pipeline = true,
      .table_functions = {"ducklake_list_files", "ducklake_snapshots", "ducklake_table_info"},
      .refused_table_functions = {"duckdb_databases"},
      .before_commit = name_commit,
      .failure_of = ducklake::failure_of,
      .describe = [what](std::string_view message) { return described(message, what.lake.data_path); }};
  traits.many_processes = what.lake.kind != CatalogKind::file;
  traits.one_writer = what.lake.kind == CatalogKind::sqlite;
  traits.before_table = [what](Connection& connection, const std::string& schema,
                               std::span<const std::string> columns) {
    before_table(connection, what.lake.kind, schema, columns);
  };
  traits.flat_defaults = true;
  traits.before_columns = [what](Connection& connection, const std::string& schema, const std::string& table,
                                 std::span<const ColumnSchema> columns) {
    before_columns(connection, what.lake.kind, schema, table, columns);
  };
  traits.state_was_made = [what](Connection& connection, const std::string& schema) {
    keep_state_in_catalog(connection, what, schema);
  };
  traits.table_was_made = [what](Connection& connection, const std::string& schema, const std::string& table) {
    table_was_made(connection, what, schema, table);
  };
  return traits;
}

}  // namespace

void check_version(std::string_view version) {
  constexpr std::array<int, 3> oldest = {1, 5, 2};
  std::array<int, 3> found{};
  auto rest = version.substr(version.starts_with('v') ? 1 : 0);
  for (auto& number : found) {
    const auto [end, failed] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (failed != std::errc{}) break;
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    if (rest.starts_with('.')) rest.remove_prefix(1);
  }
  if (found >= oldest) return;
  throw Error(
      ErrorKind::destination,
      fmt::format("DuckDB {} is too old for a lake: before 1.5.2, rows that were deleted could come back", version),
      "Use DuckDB 1.5.2 or newer.");
}

std::string catalog_table(std::string_view name) {
  return fmt::format("{}.{}", duckdb::identifier(catalog_database), name);
}

std::string data_path_of(Connection& connection) {
  const auto rows = connection.rows(
      fmt::format("SELECT value FROM ducklake_options('{}') WHERE option_name = 'data_path'", lake_catalog));
  return rows.empty() ? "" : rows[0].at(0).value_or("");
}

duckdb::DatabaseOptions lake_options(const LakeUrl& lake, const DestinationOptions& options) {
  const Attached what{.lake = lake,
                      .extension_directory = options.extension_directory,
                      .pipeline = options.pipeline,
                      .at = options.at,
                      .inline_rows = options.lake.inline_rows};
  const auto temporary = std::filesystem::temp_directory_path() / fmt::format("walbrook-ducklake-{}", ::getpid());
  return {.path = "",
          .label = lake.label,
          .temporary_folder = temporary.string(),
          .read_only = options.read_only,
          .memory_limit = options.memory_limit,
          .threads = options.threads,
          .attachment = duckdb::Attachment{.catalog = lake_catalog,
                                           .attach = [what](Connection& connection,
                                                            bool read_only) { attach(connection, what, read_only); },
                                           .traits = traits_of(what)},
          .catalog_file = lake.catalog_file};
}

}  // namespace walbrook::destination::ducklake
