// DuckDB's C API with owners: a database file, connections to it, results, prepared statements. Failures become
// Error(destination) with DuckDB's first line, without values of rows, as the cause.
#pragma once

#include <duckdb.h>

#include <atomic>
#include <concepts>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "destination/duckdb/written_tables.h"

namespace walbrook::destination::duckdb {

// A handle of the C API that one owner destroys.
template <class Handle, auto Destroy>
class Owned {
 public:
  Owned() = default;
  explicit Owned(Handle raw) : raw_(raw) {}
  Owned(Owned&& other) noexcept : raw_(std::exchange(other.raw_, nullptr)) {}
  Owned& operator=(Owned&& other) noexcept {
    std::swap(raw_, other.raw_);
    return *this;
  }
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  ~Owned() { reset(); }

  [[nodiscard]] Handle get() const { return raw_; }
  [[nodiscard]] Handle* out() { return &raw_; }
  void reset() {
    if (raw_ != nullptr) Destroy(&raw_);
    raw_ = nullptr;
  }

 private:
  Handle raw_ = nullptr;
};

using LogicalType = Owned<duckdb_logical_type, duckdb_destroy_logical_type>;

// A name in double quotes, whatever is in it.
[[nodiscard]] std::string identifier(std::string_view name);
// 'text' as a SQL literal.
[[nodiscard]] std::string literal(std::string_view text);
// DuckDB cannot tell names apart that differ by the case of ASCII letters alone.
[[nodiscard]] bool same_name(std::string_view a, std::string_view b);
[[nodiscard]] std::string folded(std::string_view name);

// What DuckDB answered, as Error(destination).
class DuckDbError final : public Error {
 public:
  DuckDbError(duckdb_error_type type, std::string cause, Remedy remedy)
      : Error(ErrorKind::destination, std::move(cause), std::move(remedy)), type_(type) {}
  // The statement does not fit the tables that it names, or their constraints: it would fail again.
  [[nodiscard]] bool concerns_table() const;

 private:
  duckdb_error_type type_;
};

struct DatabaseOptions {
  std::string path;  // absolute
  bool read_only = false;
  std::string memory_limit;  // "" = ours
  int threads = 0;           // 0 = DuckDB's default
};

class FileGuard;
class QueryCheck;
class QueryWatch;
class RowScan;
class SessionConnection;

// An opened file. Shared by everything that has a connection to it.
class Database {
 public:
  // Throws Error(destination): folder or file missing, locked, opened by another handle of this process, not writable,
  // no database, another storage version. REQUIRES: the file is claimed (file_claim.h).
  explicit Database(const DatabaseOptions& options);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  [[nodiscard]] duckdb_database raw() const { return database_; }
  [[nodiscard]] const std::string& label() const { return label_; }  // file name, for messages
  // The name under which DuckDB knows the file's catalog. Needed before every schema: in shop.duckdb a schema `shop`
  // alone would be ambiguous.
  [[nodiscard]] const std::string& catalog() const { return catalog_; }
  // "catalog"."schema"."table"
  [[nodiscard]] std::string full_name(std::string_view schema, std::string_view table) const;
  [[nodiscard]] RowScan& row_scan() { return *row_scan_; }
  [[nodiscard]] QueryCheck& query_check() { return *query_check_; }
  [[nodiscard]] QueryWatch& query_watch() { return *query_watch_; }
  // A table is about to be written. DuckDB pins a block of every column that is being written, and keeps some memory of
  // each until its next checkpoint (WrittenTables). Where nobody set a limit, it is raised for a table so wide, and for
  // a transaction of so many tables, that they could not be written below it; where somebody did, the failure says what
  // is needed. Any thread.
  void make_room_for_table(const std::string& full_name, std::size_t columns);
  // The tables that were written since the last checkpoint hold much memory. Any thread.
  [[nodiscard]] bool holds_many_written_tables();
  // Has DuckDB make a checkpoint. Where it cannot, since another transaction writes, a later call may. Any thread that
  // has no transaction open. Throws DestinationLost (check_file).
  void put_out_written_tables();
  // The same for a value that is large beside the limit.
  void make_room_for_value(std::size_t bytes);
  // After a failed write of its log DuckDB answers nothing more: the file must be opened again.
  [[nodiscard]] bool is_broken() const { return broken_; }
  [[nodiscard]] bool is_read_only() const { return guard_ == nullptr; }
  // Throws DestinationLost where the open file is no longer what its name leads to, or no longer ours alone
  // (FileGuard). DuckDB writes nothing more into the file then, not even when it is closed. Any thread.
  void check_file();
  // The same but for what is done to a file that is where it belongs: after a commit.
  void check_file_names();
  // How many checkpoints the file has seen, by its header; 0: not known, as in one that is only read. Any thread.
  [[nodiscard]] std::uint64_t file_checkpoints();
  // Sessions on this database, for who must close all of them.
  void add_session(const std::shared_ptr<SessionConnection>& session);
  [[nodiscard]] std::vector<std::shared_ptr<SessionConnection>> sessions();

  // Throws DuckDbError for a failure that DuckDB told of.
  [[noreturn]] void fail(duckdb_error_type type, std::string_view message, std::string_view doing);

 private:
  void make_room(std::size_t needed, const std::string& what);

  template <class Check>
  void checked(const Check& check);
  void leave_file_alone();

  std::unique_ptr<RowScan> row_scan_;  // outlives the database
  std::unique_ptr<FileGuard> guard_;   // of a file that is written
  std::unique_ptr<QueryCheck> query_check_;
  std::unique_ptr<QueryWatch> query_watch_;  // ends before the database
  duckdb_database database_ = nullptr;
  std::string label_;
  std::string memory_limit_;
  bool limit_is_ours_ = false;
  std::mutex room_mutex_;
  std::size_t room_bytes_ = 0;  // the limit, where it is ours
  WrittenTables written_;
  std::string catalog_;
  std::atomic<bool> broken_ = false;
  std::mutex sessions_mutex_;
  std::vector<std::weak_ptr<SessionConnection>> sessions_;
};

class Result {
 public:
  Result() = default;
  Result(Result&& other) noexcept : raw_(std::exchange(other.raw_, duckdb_result{})) {}
  Result& operator=(Result&& other) noexcept {
    std::swap(raw_, other.raw_);
    return *this;
  }
  Result(const Result&) = delete;
  Result& operator=(const Result&) = delete;
  ~Result() { duckdb_destroy_result(&raw_); }

  [[nodiscard]] duckdb_result* out() { return &raw_; }
  [[nodiscard]] std::uint64_t rows_changed() { return duckdb_rows_changed(&raw_); }

 private:
  duckdb_result raw_{};
};

using Row = std::vector<std::optional<std::string>>;

// A parameter that is no text.
struct Blob {
  std::string_view bytes;
};

class Connection;

class Statement {
 public:
  Statement(Connection& connection, const std::string& sql);

  void bind(idx_t at, std::string_view text);
  void bind(idx_t at, const std::string& text) { bind(at, std::string_view(text)); }
  void bind(idx_t at, const char* text) { bind(at, std::string_view(text)); }
  template <std::integral Number>
  void bind(idx_t at, Number number) {
    bind_number(at, static_cast<std::int64_t>(number));
  }
  void bind(idx_t at, WallTime time);
  void bind(idx_t at, Blob blob);

  std::uint64_t run();
  [[nodiscard]] std::vector<Row> rows();

 private:
  void bind_number(idx_t at, std::int64_t number);
  void check(duckdb_state state) const;
  Result execute();

  Connection* connection_;
  Owned<duckdb_prepared_statement, duckdb_destroy_prepare> raw_;
};

class Connection {
 public:
  explicit Connection(std::shared_ptr<Database> database);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  [[nodiscard]] duckdb_connection raw() const { return connection_; }
  [[nodiscard]] Database& database() const { return *database_; }

  // `doing` completes "shop.duckdb: … failed", for people. Returns the number of rows changed.
  std::uint64_t execute(const std::string& sql, std::string_view doing = "a statement");
  // The same for a statement with parameters $1…, prepared once a connection.
  template <class... Values>
  std::uint64_t run(const std::string& sql, const Values&... values);
  // All rows, every column as text: for the small results of the state. Columns that are no VARCHAR must be cast.
  template <class... Values>
  [[nodiscard]] std::vector<Row> rows(const std::string& sql, const Values&... values);

  // COMMIT, if the file is still there and ours alone (Database::check_file).
  void commit(std::string_view doing = "a statement");
  // Never throws: for the way out of a failure.
  void rollback() noexcept;

 private:
  Statement& prepared(const std::string& sql);

  std::shared_ptr<Database> database_;
  duckdb_connection connection_ = nullptr;
  std::unordered_map<std::string, Statement> statements_;
};

template <class... Values>
std::uint64_t Connection::run(const std::string& sql, const Values&... values) {
  Statement& statement = prepared(sql);
  idx_t at = 0;
  (statement.bind(++at, values), ...);
  return statement.run();
}

template <class... Values>
std::vector<Row> Connection::rows(const std::string& sql, const Values&... values) {
  Statement& statement = prepared(sql);
  idx_t at = 0;
  (statement.bind(++at, values), ...);
  return statement.rows();
}

// The text of a VARCHAR or BLOB cell of a chunk.
[[nodiscard]] inline std::string_view text_of(const duckdb_string_t& cell) {
  const auto length = cell.value.inlined.length;
  constexpr std::uint32_t inlined_bytes = 12;
  return {length <= inlined_bytes ? cell.value.inlined.inlined : cell.value.pointer.ptr, length};
}

}  // namespace walbrook::destination::duckdb
