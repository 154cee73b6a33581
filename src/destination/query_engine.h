// Queries of people and programs at a destination that can answer them.
//
// Threads: a ReadSession belongs to the thread that asked for it; QueryEngine::open_session and ReadSession::interrupt
// may be called from any thread.
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

// Lists, structures and maps in the rows of a query: as the destination writes them for people, or as JSON documents.
enum class NestedCells { text, json };

// Rows of a query, as text.
struct QueryResult {
  struct ColumnInfo {
    std::string name;
    std::string type;
    bool numeric = false;  // to be aligned right; a bare number in JSON where it is finite
    bool json = false;     // cells are JSON documents
  };
  std::vector<ColumnInfo> columns;
  std::vector<std::vector<std::optional<std::string>>> rows;
};

// Rows of a query as Arrow record batches. One batch is in memory at a time.
class ArrowRows {
 public:
  ArrowRows() = default;
  ArrowRows(const ArrowRows&) = delete;
  ArrowRows& operator=(const ArrowRows&) = delete;
  virtual ~ArrowRows() = default;

  // What they write to `out` is the caller's to release, and may be released after this was destroyed. Throw Error.
  virtual void schema(ArrowSchema* out) = 0;
  virtual bool next(ArrowArray* out) = 0;  // false: there are no more rows, `out` is marked as released
};

// A consistent, read-only view: every query of one session between two `refresh` calls sees the same state.
class ReadSession {
 public:
  ReadSession() = default;
  ReadSession(const ReadSession&) = delete;
  ReadSession& operator=(const ReadSession&) = delete;
  virtual ~ReadSession() = default;

  // The checkpoint of the session's pipeline; unset when there is none.
  [[nodiscard]] virtual Lsn lsn() const = 0;
  // The checkpoints that the newest query's rows correspond to: those of the pipelines whose target tables it names. Of
  // a query that names none, that of the only pipeline there is.
  [[nodiscard]] virtual std::vector<PipelinePosition> positions() const = 0;
  // One statement that only reads. Throws Error(configuration) for anything else and for SQL that fails, with the
  // destination's reason. A query that fails while it runs may end the view: what follows sees the newest state then,
  // and lsn() says which.
  [[nodiscard]] virtual QueryResult query(const std::string& sql, NestedCells nested = NestedCells::text) = 0;
  // The same, batch by batch. REQUIRES: the session outlives the rows, and answers nothing else while they are read.
  [[nodiscard]] virtual std::unique_ptr<ArrowRows> arrow_rows(const std::string& sql) = 0;
  // From now on the newest state is seen.
  virtual void refresh() = 0;
  // Ends a query that is running with an Error, as soon as the expression in hand is computed; any thread may call it.
  virtual void interrupt() {}
};

class QueryEngine {
 public:
  QueryEngine() = default;
  QueryEngine(const QueryEngine&) = delete;
  QueryEngine& operator=(const QueryEngine&) = delete;
  virtual ~QueryEngine() = default;

  // REQUIRES: the destination is open; the session ends before the destination does.
  [[nodiscard]] virtual std::unique_ptr<ReadSession> open_session(const ReadOptions& options) = 0;
  [[nodiscard]] std::unique_ptr<ReadSession> open_session() { return open_session(ReadOptions{}); }
};

}  // namespace walbrook::destination
