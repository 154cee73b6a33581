// Queries by people and programs, at a destination that can answer them.
//
// Threads: a ReadSession belongs to the thread that opened it. Any thread may call QueryEngine::open_session and
// ReadSession::interrupt.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/lsn.h"
#include "destination/query_limits.h"

struct ArrowArray;  // arrow/arrow_export.h
struct ArrowSchema;

namespace walbrook::destination {

// How lists, structures and maps appear in the rows of a query: as the destination writes them for people, or as JSON
// documents.
enum class NestedCells { text, json };

// The rows of a query, as text.
struct QueryResult {
  struct ColumnInfo {
    std::string name;
    std::string type;
    bool numeric = false;  // aligned right; a bare number in JSON if it is finite
    bool json = false;     // cells are JSON documents
  };
  std::vector<ColumnInfo> columns;
  std::vector<std::vector<std::optional<std::string>>> rows;
};

// The rows of a query as Arrow record batches. One batch is in memory at a time.
class ArrowRows {
 public:
  ArrowRows() = default;
  ArrowRows(const ArrowRows&) = delete;
  ArrowRows& operator=(const ArrowRows&) = delete;
  virtual ~ArrowRows() = default;

  // The caller owns and releases what these write to `out`, and may do so after this object was destroyed. Both throw
  // Error.
  virtual void schema(ArrowSchema* out) = 0;
  virtual bool next(ArrowArray* out) = 0;  // false: there are no more rows; `out` is marked as released
};

// A consistent, read-only view: every query of one session between two `refresh` calls sees the same state.
class ReadSession {
 public:
  ReadSession() = default;
  ReadSession(const ReadSession&) = delete;
  ReadSession& operator=(const ReadSession&) = delete;
  virtual ~ReadSession() = default;

  // Returns the checkpoint of the session's pipeline in this view; unset if there is none.
  [[nodiscard]] virtual Lsn lsn() const = 0;
  // Returns the checkpoints that the rows of the newest query() correspond to: those of the pipelines whose target
  // tables it names. For a query that names none, it is that of the only pipeline there is.
  [[nodiscard]] virtual std::vector<PipelinePosition> positions() const = 0;
  // Runs one statement that only reads. Throws Error(configuration), with the destination's reason, for any other
  // statement and for SQL that fails. A query that fails while it runs may end the view: later queries then see the
  // newest state, and lsn() returns its checkpoint.
  [[nodiscard]] virtual QueryResult query(const std::string& sql, NestedCells nested = NestedCells::text) = 0;
  // Runs one statement as query() does, and returns its rows batch by batch. REQUIRES: the session outlives the rows,
  // and answers nothing else while they are read.
  [[nodiscard]] virtual std::unique_ptr<ArrowRows> arrow_rows(const std::string& sql) = 0;
  // Begins a new view, of the newest state.
  virtual void refresh() = 0;
  // Ends a running query with an Error as soon as the expression that it is computing is done. Any thread may call it.
  virtual void interrupt() {}
};

class QueryEngine {
 public:
  QueryEngine() = default;
  QueryEngine(const QueryEngine&) = delete;
  QueryEngine& operator=(const QueryEngine&) = delete;
  virtual ~QueryEngine() = default;

  // Opens a session. REQUIRES: the destination is open, and the session ends before the destination does.
  [[nodiscard]] virtual std::unique_ptr<ReadSession> open_session(const ReadOptions& options) = 0;
  [[nodiscard]] std::unique_ptr<ReadSession> open_session() { return open_session(ReadOptions{}); }
};

}  // namespace walbrook::destination
