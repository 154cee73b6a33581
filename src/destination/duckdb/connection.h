// DuckDB's C API with owners: a database file, connections to it, results, prepared statements. A failure becomes an
// Error(destination) whose cause is the first line of DuckDB's message, without values of rows.
#pragma once

#include <duckdb.h>

#include <atomic>
#include <concepts>
#include <cstdint>
#include <functional>
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
#include "destination/duckdb/database_traits.h"
#include "destination/duckdb/written_tables.h"

namespace walbrook::destination::duckdb {

// A handle of the C API with one owner, which destroys it.
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

// Returns the name in double quotes, whatever it contains.
[[nodiscard]] std::string identifier(std::string_view name);
// Returns the text as a SQL literal.
[[nodiscard]] std::string literal(std::string_view text);
// Whether two names are the same to DuckDB, which cannot tell names apart that differ only in the case of ASCII
// letters. folded() returns the same text for all such names.
[[nodiscard]] bool same_name(std::string_view a, std::string_view b);
[[nodiscard]] std::string folded(std::string_view name);

// A failure that DuckDB reported, as an Error(destination).
class DuckDbError final : public Error {
 public:
  DuckDbError(duckdb_error_type type, std::string cause, Remedy remedy, bool is_durable, bool is_conflict)
      : Error(ErrorKind::destination, std::move(cause), std::move(remedy)),
        type_(type),
        is_durable_(is_durable),
        is_conflict_(is_conflict) {}
  // Whether the statement conflicts with the tables that it names, or with their constraints: it would fail again.
  [[nodiscard]] bool concerns_table() const;
  // Whether the statement is a COMMIT that succeeded: only writing DuckDB's log into the file failed.
  [[nodiscard]] bool is_durable() const { return is_durable_; }
  // Whether the transaction was rolled back since another one of an attached database wrote the same: it may be tried
  // again (Failure::conflict).
  [[nodiscard]] bool is_conflict() const { return is_conflict_; }

 private:
  duckdb_error_type type_;
  bool is_durable_;
  bool is_conflict_;
};

class Connection;

// A database that a database in memory attaches, and in which everything happens then.
struct Attachment {
  std::string catalog;  // DuckDB's name for it
  // Attaches it under that name, to be read or also to be written.
  std::function<void(Connection&, bool read_only)> attach = {};
  DatabaseTraits traits = {};
};

// Steps that concern a file (its claim, guard and log, its lock, checkpoints) are left out exactly where `path` is "".
struct DatabaseOptions {
  std::string path;                   // absolute; "" = a database in memory (memory_database.h)
  std::string label = {};             // of a database in memory, for messages
  std::string temporary_folder = {};  // for rows of a database in memory that do not fit into its memory
  bool read_only = false;
  std::string memory_limit;                   // "" = default_memory_limit (open_file.h)
  int threads = 0;                            // 0 = DuckDB's default
  std::optional<Attachment> attachment = {};  // with an empty path alone; open_attached (attached_database.h) makes it
  std::string catalog_file = {};  // a file that the attached database is in, which one database of a process may open
};

class FileGuard;
class QueryCheck;
class QueryWatch;
class RowScan;
class SessionConnection;

// An opened file, or a database in memory, shared by everything that has a connection to it.
class Database : public std::enable_shared_from_this<Database> {
 public:
  // Throws Error(destination) if the folder or the file is missing, the file is locked, opened by another handle of
  // this process, not writable, no database, or of another storage version. REQUIRES: the file is claimed
  // (file_claim.h).
  explicit Database(const DatabaseOptions& options);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  [[nodiscard]] duckdb_database raw() const { return database_; }
  [[nodiscard]] const std::string& label() const { return label_; }  // file name, for messages
  // Returns DuckDB's name for the file's catalog. Every schema needs it as a prefix: in shop.duckdb a schema `shop`
  // alone would be ambiguous.
  [[nodiscard]] const std::string& catalog() const { return catalog_; }
  // Makes an attached database the one that catalog() names and connections use. REQUIRES: no other thread has it yet.
  void use_attached(const Attachment& attachment, bool read_only);
  [[nodiscard]] bool uses_attached() const { return uses_attached_; }
  [[nodiscard]] const DatabaseTraits& traits() const { return traits_; }
  // Waits, where transactions that write would conflict (DatabaseTraits::one_writer), for the one of this process that
  // is open, and keeps others from beginning for as long as the result lives. It does not wait for long: a conflict is
  // only tried again. Any thread.
  [[nodiscard]] std::unique_lock<std::timed_mutex> begin_writing();
  // Returns the schema of the pipeline's state.
  [[nodiscard]] std::string state_schema_of(const std::string& pipeline) const;
  // "catalog"."schema"."table"
  [[nodiscard]] std::string full_name(std::string_view schema, std::string_view table) const;
  [[nodiscard]] RowScan& row_scan() { return *row_scan_; }
  [[nodiscard]] QueryCheck& query_check() { return *query_check_; }
  [[nodiscard]] QueryWatch& query_watch() { return *query_watch_; }
  // Called before a table is written. DuckDB pins a block of every column that is being written, and keeps some memory
  // of each until its next checkpoint (WrittenTables). If nobody set a memory limit, this raises it for a table so
  // wide, or a transaction of so many tables, that they could not be written below it; if somebody did, the failure
  // reports how much is needed. Any thread.
  void make_room_for_table(const std::string& full_name, std::size_t columns);
  // Whether the tables that were written since the last checkpoint hold much memory. Any thread.
  [[nodiscard]] bool holds_many_written_tables();
  // Makes DuckDB write a checkpoint. If it cannot, since another transaction writes, a later call may. Throws
  // DestinationLost (check_file). Any thread. REQUIRES: this thread has no open transaction.
  void put_out_written_tables();
  // Raises the memory limit, if nobody set one, for a value that is large in comparison with it. Any thread.
  void make_room_for_value(std::size_t bytes);
  // Whether the database must be opened again: after a failed write of its log DuckDB answers nothing more, and a
  // failure can break the connection to an attached one.
  [[nodiscard]] bool is_broken() const { return broken_; }
  [[nodiscard]] bool is_read_only() const { return is_read_only_; }
  // Throws DestinationLost if the open file is no longer the one that its name leads to, or is no longer ours alone
  // (FileGuard). DuckDB then writes nothing more into the file, not even when it is closed. Any thread.
  void check_file();
  // Makes the checks of check_file except those for foreign handles and for the lock: for use after a commit.
  void check_file_names();
  // Returns how many checkpoints the file has seen, by its header; 0 if that is not known, as for a file that is only
  // read. Any thread.
  [[nodiscard]] std::uint64_t file_checkpoints();
  // The sessions on this database, for the use that must close all of them.
  void add_session(const std::shared_ptr<SessionConnection>& session);
  [[nodiscard]] std::vector<std::shared_ptr<SessionConnection>> sessions();

  // Throws DuckDbError for a failure that DuckDB reported, or DestinationUnreachable if it says that an attached
  // database cannot be reached.
  [[noreturn]] void fail(duckdb_error_type type, std::string_view message, std::string_view doing);

 private:
  void make_room(std::size_t needed, const std::string& what);

  template <class Check>
  void checked(const Check& check);
  void leave_file_alone();

  std::unique_ptr<RowScan> row_scan_;  // outlives the database
  std::unique_ptr<FileGuard> guard_;   // nullptr for a file that is only read, and in memory
  std::unique_ptr<QueryCheck> query_check_;
  std::unique_ptr<QueryWatch> query_watch_;  // ends before the database
  duckdb_database database_ = nullptr;
  std::string label_;
  std::string memory_limit_;
  bool limit_is_ours_ = false;
  bool is_in_memory_ = false;
  bool is_read_only_ = false;
  std::mutex room_mutex_;
  std::size_t room_bytes_ = 0;  // the current limit, if limit_is_ours_
  WrittenTables written_;
  std::string catalog_;
  bool uses_attached_ = false;
  DatabaseTraits traits_;
  std::timed_mutex writing_;
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

// A parameter that is not text.
struct Blob {
  std::string_view bytes;
};

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

  // Runs `sql` and returns the number of rows changed. `doing` completes "shop.duckdb: … failed" in messages.
  std::uint64_t execute(const std::string& sql, std::string_view doing = "a statement");
  // Runs a statement that concerns no rows. Returns the first line of DuckDB's message, "" if there is none.
  [[nodiscard]] std::string failure_of(const std::string& sql);
  // Runs a statement with parameters $1…, which is prepared once per connection. Returns the number of rows changed.
  template <class... Values>
  std::uint64_t run(const std::string& sql, const Values&... values);
  // Returns all rows, every column as text: for the small results of the state. REQUIRES: `sql` casts every column to
  // VARCHAR or BLOB.
  template <class... Values>
  [[nodiscard]] std::vector<Row> rows(const std::string& sql, const Values&... values);

  // Commits if the file is still there and ours alone (Database::check_file).
  void commit(std::string_view doing = "a statement");
  // Rolls back. Never throws, so that it can be used while a failure is handled.
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

// Returns the text of a VARCHAR or BLOB cell of a chunk, which it borrows from `cell`.
[[nodiscard]] inline std::string_view text_of(const duckdb_string_t& cell) {
  const auto length = cell.value.inlined.length;
  constexpr std::uint32_t inlined_bytes = 12;
  return {length <= inlined_bytes ? cell.value.inlined.inlined : cell.value.pointer.ptr, length};
}

}  // namespace walbrook::destination::duckdb
