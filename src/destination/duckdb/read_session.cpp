#include "destination/duckdb/read_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "arrow/arrow_export.h"
#include "base/error.h"
#include "base/utf8.h"
#include "destination/duckdb/arrow_result.h"
#include "destination/duckdb/duckdb_message.h"
#include "destination/duckdb/json_cells.h"
#include "destination/duckdb/open_file.h"
#include "destination/duckdb/qualified_names.h"
#include "destination/duckdb/query_check.h"
#include "destination/duckdb/query_position.h"
#include "destination/duckdb/query_watch.h"
#include "destination/duckdb/state.h"

namespace walbrook::destination::duckdb {

struct SessionConnection::Streamed {
  ArrowResult result;
};

namespace {

using PreparedStatement = Owned<duckdb_prepared_statement, duckdb_destroy_prepare>;
using Chunk = Owned<duckdb_data_chunk, duckdb_destroy_data_chunk>;

// A failure that another query would not avoid: files or servers of the destination cannot be read.
bool is_of_destination(const Database& database, duckdb_error_type type, const std::string& message) {
  if (type == DUCKDB_ERROR_IO || type == DUCKDB_ERROR_HTTP || type == DUCKDB_ERROR_CONNECTION) return true;
  const auto& traits = database.traits();
  return traits.failure_of && traits.failure_of(message) == Failure::unreachable;
}

[[noreturn]] void fail_query(Connection& connection, duckdb_error_type type, const std::string& message) {
  auto& database = connection.database();
  if (type == DUCKDB_ERROR_FATAL) database.fail(type, message, "a query");
  if (is_of_destination(database, type, message)) {
    const auto& describe = database.traits().describe;
    throw Error(
        ErrorKind::destination,
        fmt::format("{}: a query failed: {}", database.label(), describe ? describe(message) : first_line(message)),
        Remedy({OfTheCommand{"walbrook check says what the destination lacks."}}));
  }
  const auto hint = message.find("\nDid you mean");
  throw Error(ErrorKind::configuration, first_line(message),
              hint == std::string::npos ? "" : first_line(std::string_view(message).substr(hint + 1)));
}

// Prepares the user's query, or a statement that contains it.
PreparedStatement prepare_own(Connection& connection, const std::string& sql) {
  PreparedStatement prepared;
  if (duckdb_prepare(connection.raw(), sql.c_str(), prepared.out()) == DuckDBError) {
    const std::string message = duckdb_prepare_error(prepared.get());
    fail_query(connection, type_of_prepare_error(message, DUCKDB_ERROR_BINDER), message);
  }
  return prepared;
}

// Returns `sql` unchanged if it is not text: the check of the statement refuses it then.
std::string with_catalog_if_text(Connection& connection, const std::string& sql) {
  return is_utf8(sql) && sql.find('\0') == std::string::npos ? with_catalog(connection, sql) : sql;
}

[[noreturn]] void refuse_rows(std::uint64_t rows) {
  throw Error(
      ErrorKind::configuration, fmt::format("the result has more than {} rows", rows),
      remedy("Reduce the result: add LIMIT, a WHERE, or aggregate. {} sets the limit.", RemedyOption::query_rows));
}

[[noreturn]] void refuse_bytes(std::uint64_t bytes) {
  const auto size = bytes >> 20U > 0 ? fmt::format("{} MB", bytes >> 20U) : fmt::format("{} bytes", bytes);
  throw Error(
      ErrorKind::configuration, fmt::format("the result is larger than {}", size),
      remedy("Reduce the result: add LIMIT, a WHERE, or aggregate. {} sets the limit.", RemedyOption::query_bytes));
}

[[noreturn]] void throw_ended(QueryWatch::Reason reason, const QueryLimits& limits, std::uint64_t memory_limit) {
  switch (reason) {
    case QueryWatch::Reason::timeout: {
      const auto limit = limits.timeout.count() % 1000 == 0 ? fmt::format("{} s", limits.timeout.count() / 1000)
                                                            : fmt::format("{} ms", limits.timeout.count());
      throw Error(
          ErrorKind::configuration, fmt::format("the query was ended after {}", limit),
          remedy("Reduce the work: add a WHERE, or aggregate. {} sets the limit.", RemedyOption::query_timeout));
    }
    case QueryWatch::Reason::memory:
      throw Error(
          ErrorKind::configuration,
          fmt::format("the query was ended: the process had more than {} MB of memory while it ran",
                      memory_limit / 1'000'000),
          remedy("Read less at a time: large values and long lists are held in memory as a whole. {} sets the limit.",
                 RemedyOption::query_memory));
    default:
      throw Error(ErrorKind::destination, "the query was ended before it was answered",
                  "Its client disconnected, or the run that answered is ending.");
  }
}

// Moves the cells of one column of a chunk into the rows from `first` on. Returns how many bytes they take.
std::size_t take_cells(duckdb_vector vector, const JsonShape& shape, idx_t size, idx_t column, std::size_t first,
                       QueryResult& out) {
  auto* validity = duckdb_vector_get_validity(vector);
  const auto* texts = static_cast<const duckdb_string_t*>(duckdb_vector_get_data(vector));
  std::size_t bytes = 0;
  for (idx_t row = 0; row < size; ++row) {
    bytes += sizeof(std::optional<std::string>);
    if (validity != nullptr && !duckdb_validity_row_is_valid(validity, row)) continue;
    auto& cell = out.rows[first + row][column].emplace();
    if (shape.kind == JsonShape::Kind::scalar) {
      cell = text_of(texts[row]);
    } else {
      append_json(shape, vector, row, cell);
    }
    bytes += cell.size();
  }
  return bytes;
}

// Streams the rows of a prepared statement into `out`. A column is text_type(shape) if `shapes` has an entry for it,
// else VARCHAR.
void fetch(Connection& connection, duckdb_prepared_statement prepared, const std::vector<JsonShape>& shapes,
           const QueryLimits& limits, QueryResult& out) {
  Result result;
  if (duckdb_execute_prepared_streaming(prepared, result.out()) == DuckDBError) {
    fail_query(connection, duckdb_result_error_type(result.out()), duckdb_result_error(result.out()));
  }
  const JsonShape text{.names = {}, .children = {}};
  std::size_t bytes = 0;
  const auto columns = duckdb_column_count(result.out());
  for (;;) {
    const Chunk chunk(duckdb_fetch_chunk(*result.out()));
    if (chunk.get() == nullptr) break;
    const auto size = duckdb_data_chunk_get_size(chunk.get());
    const auto first = out.rows.size();
    if (limits.rows > 0 && first + size > limits.rows) refuse_rows(limits.rows);
    out.rows.resize(first + size, std::vector<std::optional<std::string>>(columns));
    for (idx_t c = 0; c < columns; ++c) {
      bytes += take_cells(duckdb_data_chunk_get_vector(chunk.get(), c), c < shapes.size() ? shapes[c] : text, size, c,
                          first, out);
    }
    if (limits.bytes > 0 && bytes > limits.bytes) refuse_bytes(limits.bytes);
  }
  if (const char* error = duckdb_result_error(result.out()); error != nullptr && *error != '\0') {
    fail_query(connection, duckdb_result_error_type(result.out()), error);
  }
}

// "SELECT c0::VARCHAR, c1::STRUCT(\"a\" VARCHAR) FROM … AS result(c0, c1)": by position, since names may occur twice.
std::string select_as_text(const std::string& source, const std::vector<JsonShape>& shapes) {
  std::string cells;
  std::string names;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    const auto* separator = i > 0 ? ", " : "";
    cells += fmt::format("{}c{}::{}", separator, i, text_type(shapes[i]));
    names += fmt::format("{}c{}", separator, i);
  }
  return fmt::format("SELECT {} {} AS result({})", cells, source, names);
}

}  // namespace

SessionConnection::SessionConnection(std::shared_ptr<Database> database)
    : connection_(std::make_unique<Connection>(std::move(database))) {}

SessionConnection::~SessionConnection() = default;

SessionConnection::Lease::Lease(SessionConnection& owner)
    : lock_(owner.use_), connection_(owner.connection_.get()), streamed_(&owner.streamed_) {
  if (connection_ == nullptr) {
    throw Error(ErrorKind::destination, "the destination was opened again after a failure", "Try again.");
  }
}

void SessionConnection::interrupt() {
  const std::scoped_lock lock(pointer_);
  if (connection_ != nullptr) duckdb_interrupt(connection_->raw());
}

void SessionConnection::close() {
  interrupt();
  const std::scoped_lock lock(use_, pointer_);
  streamed_.reset();
  connection_.reset();
}

TransactionReadSession::TransactionReadSession(std::shared_ptr<SessionConnection> connection, ReadOptions options)
    : connection_(std::move(connection)), options_(std::move(options)) {
  const SessionConnection::Lease lease(*connection_);
  begin(*lease);
}

TransactionReadSession::~TransactionReadSession() {
  connection_->close();
}

void TransactionReadSession::begin(Connection& connection) {
  // DuckDB takes the snapshot at the first statement that reads the file, which is the one for the checkpoint.
  connection.execute("BEGIN TRANSACTION READ ONLY", "beginning to read");
  StateTables state(connection, options_.pipeline);
  lsn_ = {};
  has_state_ = state.exist_of_any();
  if (!has_state_) return;
  lsn_ = state.checkpoint_lsn();
  // Lets queries find tables by their bare names.
  std::string path;
  for (const auto& schema : state.live_schemas()) {
    path += identifier(connection.database().catalog()) + "." + identifier(schema) + ",";
  }
  if (!path.empty()) connection.execute("SET search_path = " + literal(path + "main"), "naming the schemas to look in");
}

void TransactionReadSession::refresh() {
  const SessionConnection::Lease lease(*connection_);
  (*lease).rollback();
  begin(*lease);
}

template <class Work>
auto TransactionReadSession::limited(Connection& connection, const Work& work) {
  stop_ = false;
  positions_.clear();
  QueryWatch::Query watched(connection.database().query_watch(), options_.limits, stop_,
                            [this] { connection_->interrupt(); });
  try {
    return work();
  } catch (const Error&) {
    const auto reason = watched.finish();
    begin_again_if_ended(connection);
    if (reason != QueryWatch::Reason::none) throw_ended(reason, options_.limits, watched.memory_limit());
    throw;
  }
}

QueryResult TransactionReadSession::query(const std::string& sql, NestedCells nested) {
  const SessionConnection::Lease lease(*connection_);
  return limited(*lease, [&] { return run(*lease, sql, nested); });
}

void TransactionReadSession::begin_again_if_ended(Connection& connection) {
  Result probe;
  if (duckdb_query(connection.raw(), "SELECT 1", probe.out()) != DuckDBError || connection.database().is_broken()) {
    return;
  }
  connection.rollback();
  begin(connection);
}

namespace {

class SessionRows final : public ArrowRows {
 public:
  SessionRows(std::shared_ptr<SessionConnection> connection, const QueryLimits& limits, const std::atomic<bool>& stop)
      : connection_(std::move(connection)), limits_(limits), stop_(stop) {}
  ~SessionRows() override {
    try {
      SessionConnection::Lease(*connection_).streamed().reset();
    } catch (const Error&) {  // NOLINT(bugprone-empty-catch): it was closed, and the result with it
    }
  }
  SessionRows(const SessionRows&) = delete;
  SessionRows& operator=(const SessionRows&) = delete;

  void schema(ArrowSchema* out) override { result(SessionConnection::Lease(*connection_)).schema(out); }
  bool next(ArrowArray* out) override {
    const SessionConnection::Lease lease(*connection_);
    auto& rows = result(lease);
    const auto began = std::chrono::steady_clock::now();
    auto limits = limits_;
    if (limits.timeout.count() > 0) limits.timeout = std::max(limits.timeout - used_, milliseconds(1));
    QueryWatch::Query watched((*lease).database().query_watch(), limits, stop_, [this] { connection_->interrupt(); });
    const bool has_more = rows.next(out);
    const auto reason = watched.finish();
    used_ += std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - began);
    if (has_more) {
      check_size(out);
      return true;
    }
    if (const auto failed = rows.error()) {
      if (reason != QueryWatch::Reason::none) throw_ended(reason, limits_, watched.memory_limit());
      fail_query(*lease, failed->first, failed->second);
    }
    return false;
  }

 private:
  static ArrowResult& result(const SessionConnection::Lease& lease) { return lease.streamed()->result; }

  void check_size(ArrowArray* out) {
    rows_ += static_cast<std::uint64_t>(out->length);
    if (limits_.rows == 0 || rows_ <= limits_.rows) return;
    out->release(out);
    refuse_rows(limits_.rows);
  }

  std::shared_ptr<SessionConnection> connection_;
  QueryLimits limits_;
  const std::atomic<bool>& stop_;  // the session's stop_
  milliseconds used_{0};           // of limits_.timeout; what a program does between two batches does not count
  std::uint64_t rows_ = 0;
};

}  // namespace

std::unique_ptr<ArrowRows> TransactionReadSession::arrow_rows(const std::string& sql) {
  const SessionConnection::Lease lease(*connection_);
  return limited(*lease, [&]() -> std::unique_ptr<ArrowRows> {
    const auto full = with_catalog_if_text(*lease, sql);
    static_cast<void>((*lease).database().query_check().require_reading(*lease, full));
    auto prepared = prepare_own(*lease, full);
    auto streamed = std::make_unique<SessionConnection::Streamed>();
    if (!streamed->result.execute((*lease).raw(), prepared.get())) {
      const auto failed = streamed->result.error().value_or(std::pair(DUCKDB_ERROR_INVALID, "unknown reason"));
      fail_query(*lease, failed.first, failed.second);
    }
    lease.streamed() = std::move(streamed);
    return std::make_unique<SessionRows>(connection_, options_.limits, stop_);
  });
}

QueryResult TransactionReadSession::run(Connection& connection, const std::string& given, NestedCells nested) {
  const auto sql = with_catalog_if_text(connection, given);
  const auto references = connection.database().query_check().require_reading(connection, sql);
  if (has_state_) positions_ = positions_of(connection, references);
  const auto prepared = prepare_own(connection, sql);
  QueryResult out;
  std::vector<JsonShape> shapes;
  const auto columns = duckdb_prepared_statement_column_count(prepared.get());
  for (idx_t i = 0; i < columns; ++i) {
    const char* name = duckdb_prepared_statement_column_name(prepared.get(), i);
    auto& column = out.columns.emplace_back();
    column = {.name = name,
              .type = "VARCHAR",
              .numeric = is_number(duckdb_prepared_statement_column_type(prepared.get(), i))};
    duckdb_free(const_cast<char*>(name));
    if (nested == NestedCells::text) continue;
    const LogicalType type(duckdb_prepared_statement_column_logical_type(prepared.get(), i));
    shapes.push_back(json_shape(type.get()));
    column.json = shapes.back().kind != JsonShape::Kind::scalar;
  }
  if (duckdb_prepared_statement_type(prepared.get()) == DUCKDB_STATEMENT_TYPE_EXPLAIN) {
    fetch(connection, prepared.get(), {}, options_.limits, out);
    return out;
  }
  // DuckDB casts the values to text, as it would write them itself, for every type it has.
  const auto source = "FROM query(" + literal(sql) + ")";
  QueryResult described;
  fetch(connection, prepare_own(connection, "SELECT column_type FROM (DESCRIBE " + source + ")").get(), {}, {},
        described);
  for (std::size_t i = 0; i < described.rows.size() && i < out.columns.size(); ++i) {
    out.columns[i].type = described.rows[i].at(0).value_or("");
  }
  const bool all_text = std::ranges::none_of(out.columns, &QueryResult::ColumnInfo::json);
  const auto cells = all_text ? "SELECT COLUMNS(*)::VARCHAR " + source : select_as_text(source, shapes);
  fetch(connection, prepare_own(connection, cells).get(), all_text ? std::vector<JsonShape>() : shapes, options_.limits,
        out);
  return out;
}

}  // namespace walbrook::destination::duckdb
