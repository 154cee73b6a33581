#include "destination/duckdb/connection.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>

#include "base/error.h"
#include "base/process_limits.h"
#include "base/quoting.h"
#include "destination/destination.h"
#include "destination/duckdb/duckdb_message.h"
#include "destination/duckdb/file_guard.h"
#include "destination/duckdb/file_place.h"
#include "destination/duckdb/memory_database.h"
#include "destination/duckdb/open_file.h"
#include "destination/duckdb/query_check.h"
#include "destination/duckdb/query_watch.h"
#include "destination/duckdb/read_session.h"
#include "destination/duckdb/row_scan.h"

namespace walbrook::destination::duckdb {
namespace {

// The memory that tables written since the last checkpoint may hold, and what DuckDB needs besides.
constexpr std::size_t most_written_bytes = default_memory_bytes * 2 / 3;
constexpr std::size_t beside_written_bytes = default_memory_bytes - most_written_bytes;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// If the file is only read, nobody may change a setting afterwards. A run raises its memory limit when a table needs it
// (make_room), so its settings stay open, and QueryCheck alone keeps queries from them.
const char* settings_of(const DatabaseOptions& options) {
  return options.read_only ? "SET GLOBAL TimeZone = 'UTC'; SET GLOBAL lock_configuration = true"
                           : "SET GLOBAL TimeZone = 'UTC'";
}

}  // namespace

std::string identifier(std::string_view name) {
  return quote_identifier(name);
}

std::string literal(std::string_view text) {
  return quote_literal(text);
}

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

std::string folded(std::string_view name) {
  std::string out(name);
  std::ranges::transform(out, out.begin(), lower);
  return out;
}

// A conflict of two transactions is a TransactionContext Error, and a full disk is an IO Error: both may pass.
bool DuckDbError::concerns_table() const {
  switch (type_) {
    case DUCKDB_ERROR_CATALOG:
    case DUCKDB_ERROR_BINDER:
    case DUCKDB_ERROR_CONSTRAINT:
    case DUCKDB_ERROR_DEPENDENCY:
    case DUCKDB_ERROR_MISMATCH_TYPE:
    case DUCKDB_ERROR_INVALID_TYPE:
    case DUCKDB_ERROR_CONVERSION:
    case DUCKDB_ERROR_INVALID_INPUT:
      return true;
    default:
      return false;
  }
}

Database::Database(const DatabaseOptions& options)
    : row_scan_(std::make_unique<RowScan>()),
      query_check_(std::make_unique<QueryCheck>()),
      label_(options.path.empty() ? options.label : file_label(options.path)),
      memory_limit_(options.memory_limit.empty() ? default_memory_limit : options.memory_limit),
      limit_is_ours_(options.memory_limit.empty()),
      is_in_memory_(options.path.empty()),
      is_read_only_(options.read_only),
      room_bytes_(default_memory_bytes) {
  database_ = options.path.empty() ? open_in_memory(options, memory_limit_) : open_file(options, memory_limit_);
  try {
    Owned<duckdb_connection, duckdb_disconnect> connection;
    Result zone;
    Result answer;
    if (duckdb_connect(database_, connection.out()) == DuckDBError ||
        duckdb_query(connection.get(), settings_of(options), zone.out()) == DuckDBError ||
        duckdb_query(connection.get(), "SELECT current_database()", answer.out()) == DuckDBError) {
      throw Error(ErrorKind::destination, label_ + " was opened but does not answer");
    }
    char* name = duckdb_value_varchar(answer.out(), 0, 0);
    catalog_ = name;
    duckdb_free(name);
    row_scan_->register_with(connection.get());
    if (!options.read_only && !options.path.empty()) guard_ = std::make_unique<FileGuard>(options.path);
    query_watch_ = std::make_unique<QueryWatch>(database_);
  } catch (...) {
    duckdb_close(&database_);
    throw;
  }
}

Database::~Database() {
  query_watch_.reset();
  duckdb_close(&database_);
}

void Database::check_file() {
  checked([this] { guard_->check(); });
}

void Database::check_file_names() {
  checked([this] { guard_->check_names(); });
}

std::uint64_t Database::file_checkpoints() {
  return guard_ == nullptr ? 0 : guard_->file_checkpoints();
}

template <class Check>
void Database::checked(const Check& check) {
  if (guard_ == nullptr) return;
  try {
    check();
  } catch (const DestinationLost&) {
    leave_file_alone();
    throw;
  }
}

// Closing would write a checkpoint and remove the log by its name, which may be another file's by now.
void Database::leave_file_alone() {
  Owned<duckdb_connection, duckdb_disconnect> connection;
  if (duckdb_connect(database_, connection.out()) == DuckDBError) return;
  duckdb_query(connection.get(), "PRAGMA disable_checkpoint_on_shutdown", Result().out());
  duckdb_query(connection.get(), "SET GLOBAL wal_autocheckpoint = '1TB'", Result().out());
}

void Database::use_attached(const Attachment& attachment, bool read_only) {
  is_read_only_ = read_only;
  catalog_ = attachment.catalog;
  traits_ = attachment.traits;
  uses_attached_ = true;
}

std::unique_lock<std::timed_mutex> Database::begin_writing() {
  constexpr std::chrono::seconds longest_wait{5};
  std::unique_lock lock(writing_, std::defer_lock);
  if (traits_.one_writer) static_cast<void>(lock.try_lock_for(longest_wait));
  return lock;
}

std::string Database::state_schema_of(const std::string& pipeline) const {
  return traits_.state_per_pipeline ? fmt::format("{}_{}", state_schema, pipeline) : std::string(state_schema);
}

void Database::add_session(const std::shared_ptr<SessionConnection>& session) {
  const std::scoped_lock lock(sessions_mutex_);
  std::erase_if(sessions_, [](const auto& other) { return other.expired(); });
  sessions_.push_back(session);
}

std::vector<std::shared_ptr<SessionConnection>> Database::sessions() {
  std::vector<std::shared_ptr<SessionConnection>> open;
  const std::scoped_lock lock(sessions_mutex_);
  for (const auto& session : sessions_) {
    if (auto alive = session.lock()) open.push_back(std::move(alive));
  }
  return open;
}

void Database::make_room_for_table(const std::string& full_name, std::size_t columns) {
  // Measured with 200 to 800 columns of INTEGER and VARCHAR, two threads: compressing a row group takes over 1 MB a
  // column.
  constexpr std::size_t bytes_per_column = 1'500'000;
  constexpr std::size_t other_bytes = 32'000'000;
  const std::scoped_lock lock(room_mutex_);
  if (!is_in_memory_) written_.add(full_name, columns, file_checkpoints());
  make_room(columns * bytes_per_column + other_bytes, fmt::format("a table of {} columns", columns));
  // The limit is raised in large steps, each of which is logged.
  const auto steps = written_.bytes() / beside_written_bytes + 1;
  make_room((steps + 1) * beside_written_bytes, "the number of tables that are written together");
}

bool Database::holds_many_written_tables() {
  const std::scoped_lock lock(room_mutex_);
  return written_.bytes() >= most_written_bytes;
}

void Database::put_out_written_tables() {
  check_file();
  Owned<duckdb_connection, duckdb_disconnect> connection;
  if (duckdb_connect(database_, connection.out()) == DuckDBError ||
      duckdb_query(connection.get(), "CHECKPOINT", Result().out()) == DuckDBError) {
    return;
  }
  const std::scoped_lock lock(room_mutex_);
  written_.clear(file_checkpoints());
}

void Database::make_room_for_value(std::size_t bytes) {
  // Measured: an update that leaves two such values unchanged holds them five times (what is read, the rows, the log,
  // the block that goes to the file).
  constexpr std::size_t large_value = 16'000'000;
  constexpr std::size_t times_held = 8;
  if (bytes < large_value) return;
  const std::scoped_lock lock(room_mutex_);
  make_room(bytes * times_held + default_memory_bytes, fmt::format("a value of {} MB", bytes / 1'000'000));
}

void Database::make_room(std::size_t needed, const std::string& what) {
  if (!limit_is_ours_ || needed <= room_bytes_) return;
  const auto megabytes = needed / 1'000'000 + 1;
  Owned<duckdb_connection, duckdb_disconnect> connection;
  Result result;
  if (duckdb_connect(database_, connection.out()) == DuckDBError ||
      duckdb_query(connection.get(), fmt::format("SET GLOBAL memory_limit = '{}MB'", megabytes).c_str(),
                   result.out()) == DuckDBError) {
    return;  // the write itself will report what is wrong
  }
  spdlog::info("{}: {} needs more memory: DuckDB may use {} MB", label_, what, megabytes);
  room_bytes_ = needed;
  query_watch_->memory_limit_changed();
}

std::string Database::full_name(std::string_view schema, std::string_view table) const {
  return identifier(catalog_) + "." + identifier(schema) + "." + identifier(table);
}

void Database::fail(duckdb_error_type type, std::string_view message, std::string_view doing) {
  const auto failure = traits_.failure_of ? traits_.failure_of(message) : Failure::of_statement;
  // DuckDB invalidates the database after an internal error.
  if (type == DUCKDB_ERROR_FATAL || type == DUCKDB_ERROR_INTERNAL ||
      contains(message, "database has been invalidated") || failure == Failure::unreachable) {
    broken_ = true;
  }
  spdlog::debug("{}: {} failed: {}", label_, doing, first_line(message));  // the message may contain values of rows
  if (failure == Failure::unreachable) {
    throw DestinationUnreachable(fmt::format("{}: {} failed: {}", label_, doing, traits_.describe(message)),
                                 "Nothing is lost.");
  }
  if (failure == Failure::conflict) {
    throw DuckDbError(type, fmt::format("{}: {} failed: another transaction wrote to the same tables", label_, doing),
                      "It was rolled back, and is tried again.", false, true);
  }
  std::string hint;
  if (contains(message, "File too large")) {
    hint = file_size_advice() + " Nothing was changed, and nothing is lost.";
  } else if (contains(message, "No space left") || contains(message, "Disk quota") ||
             contains(message, "max_temp_directory_size")) {
    hint = "Free disk space where " + label_ + " is stored. Nothing was changed, and nothing is lost.";
  } else if (type == DUCKDB_ERROR_OUT_OF_MEMORY || is_out_of_memory(message)) {
    hint = memory_limit_advice();
    if (hint.empty()) hint = "Give DuckDB more memory than " + memory_limit_ + " (DESTINATION__DUCKDB__MEMORY_LIMIT).";
    hint += " Nothing was changed, and nothing is lost.";
  }
  throw DuckDbError(type, fmt::format("{}: {} failed: {}", label_, doing, without_values(type, message)),
                    std::move(hint), is_durable_commit(message), false);
}

namespace {

// A connection that ends rolls its transaction back, and a database that was invalidated refuses that. DuckDB (1.5.5)
// lets the exception out of a destructor, which would end this process. While an exception is under way, it rolls
// nothing back.
void disconnect_from_broken(duckdb_connection* connection) {
  struct Disconnect {
    duckdb_connection* connection;
    ~Disconnect() { duckdb_disconnect(connection); }
  };
  struct UnderWay {};
  try {
    const Disconnect at_end{connection};
    throw UnderWay();
  } catch (const UnderWay&) {  // NOLINT(bugprone-empty-catch): it was thrown for the destructor
  }
}

}  // namespace

Connection::Connection(std::shared_ptr<Database> database) : database_(std::move(database)) {
  if (duckdb_connect(database_->raw(), &connection_) == DuckDBError) {
    throw Error(ErrorKind::destination, database_->label() + ": no further connection could be opened");
  }
  if (!database_->uses_attached()) return;
  try {
    execute("USE " + identifier(database_->catalog()), "choosing the database");
  } catch (...) {
    duckdb_disconnect(&connection_);
    throw;
  }
}

Connection::~Connection() {
  statements_.clear();
  database_->is_broken() ? disconnect_from_broken(&connection_) : duckdb_disconnect(&connection_);
}

std::uint64_t Connection::execute(const std::string& sql, std::string_view doing) {
  Result result;
  if (duckdb_query(connection_, sql.c_str(), result.out()) == DuckDBError) {
    database_->fail(duckdb_result_error_type(result.out()), duckdb_result_error(result.out()), doing);
  }
  return result.rows_changed();
}

std::string Connection::failure_of(const std::string& sql) {
  Result result;
  if (duckdb_query(connection_, sql.c_str(), result.out()) != DuckDBError) return {};
  return first_line(duckdb_result_error(result.out()));
}

void Connection::commit(std::string_view doing) {
  database_->check_file();
  execute("COMMIT", doing);
}

void Connection::rollback() noexcept {
  duckdb_query(connection_, "ROLLBACK", Result().out());
}

Statement& Connection::prepared(const std::string& sql) {
  auto found = statements_.find(sql);
  if (found == statements_.end()) found = statements_.emplace(sql, Statement(*this, sql)).first;
  return found->second;
}

Statement::Statement(Connection& connection, const std::string& sql) : connection_(&connection) {
  if (duckdb_prepare(connection.raw(), sql.c_str(), raw_.out()) == DuckDBError) {
    const std::string message = duckdb_prepare_error(raw_.get());
    connection.database().fail(type_of_prepare_error(message, DUCKDB_ERROR_PLANNER), message,
                               "a statement on the state");
  }
}

void Statement::check(duckdb_state state) const {
  if (state == DuckDBError)
    connection_->database().fail(DUCKDB_ERROR_PARAMETER_NOT_ALLOWED, "a parameter was refused", "a statement");
}

void Statement::bind(idx_t at, std::string_view text) {
  check(duckdb_bind_varchar_length(raw_.get(), at, text.data(), text.size()));
}

void Statement::bind_number(idx_t at, std::int64_t number) {
  check(duckdb_bind_int64(raw_.get(), at, number));
}

void Statement::bind(idx_t at, WallTime time) {
  using std::chrono::duration_cast;
  const auto since = duration_cast<std::chrono::microseconds>(time.time_since_epoch());
  check(duckdb_bind_timestamp_tz(raw_.get(), at, duckdb_timestamp{since.count()}));
}

void Statement::bind(idx_t at, Blob blob) {
  check(duckdb_bind_blob(raw_.get(), at, blob.bytes.data(), blob.bytes.size()));
}

Result Statement::execute() {
  Result result;
  if (duckdb_execute_prepared(raw_.get(), result.out()) == DuckDBError) {
    connection_->database().fail(duckdb_result_error_type(result.out()), duckdb_result_error(result.out()),
                                 "a statement on the state");
  }
  return result;
}

std::uint64_t Statement::run() {
  return execute().rows_changed();
}

std::vector<Row> Statement::rows() {
  Result result = execute();
  std::vector<Row> out;
  const auto columns = duckdb_column_count(result.out());
  Owned<duckdb_data_chunk, duckdb_destroy_data_chunk> chunk;
  while ((chunk = Owned<duckdb_data_chunk, duckdb_destroy_data_chunk>(duckdb_fetch_chunk(*result.out()))).get() !=
         nullptr) {
    const auto size = duckdb_data_chunk_get_size(chunk.get());
    for (idx_t row = 0; row < size; ++row) {
      Row& cells = out.emplace_back(columns);
      for (idx_t c = 0; c < columns; ++c) {
        const auto vector = duckdb_data_chunk_get_vector(chunk.get(), c);
        auto* validity = duckdb_vector_get_validity(vector);
        if (validity != nullptr && !duckdb_validity_row_is_valid(validity, row)) continue;
        cells[c] = text_of(static_cast<const duckdb_string_t*>(duckdb_vector_get_data(vector))[row]);
      }
    }
  }
  return out;
}

}  // namespace walbrook::destination::duckdb
