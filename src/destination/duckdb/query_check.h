// Checks that a statement only reads this file, before DuckDB binds it. This is the first of two barriers; the second
// consists of DuckDB's own settings (open_file.cpp) and the session's read-only transaction.
//
// DuckDB's statement types are not enough. EXPLAIN ANALYZE runs the statement in it, even a COPY … TO the database file
// itself; and FROM enable_logging(…) is a SELECT that makes every later statement of the process fail. Both were tried:
// the first destroyed the file, the second ended the run with a segmentation fault.
#pragma once

#include <mutex>
#include <string>

#include "destination/duckdb/connection.h"
#include "destination/duckdb/stored_definitions.h"

namespace walbrook::destination::duckdb {

// There is one for each opened file. Any thread may use it.
class QueryCheck {
 public:
  // Returns what the statement refers to, directly and through views, if `sql` is one statement that only reads:
  // SELECT, FROM, WITH, VALUES, SHOW, DESCRIBE, SUMMARIZE, or EXPLAIN of one of these. Otherwise throws
  // Error(configuration), which names what is refused. Measured: 0.3 ms; the first call for a file reads its
  // definitions, 15 ms. REQUIRES: `connection` is the one that will run the statement, in the transaction in which it
  // will run.
  QueryReferences require_reading(Connection& connection, const std::string& sql);
  // From now on, the database's own views and macros are not judged. REQUIRES: all of them are walbrook's.
  void trust_definitions();

 private:
  std::mutex mutex_;
  bool is_read_ = false;
  // Read once. While this process holds the file, nobody else can put a view or a macro into it, and walbrook makes
  // none.
  StoredDefinitions definitions_;
};

}  // namespace walbrook::destination::duckdb
