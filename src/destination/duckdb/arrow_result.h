// A result that DuckDB computes while it is read, as Arrow record batches.
#pragma once

#include <duckdb.h>

#include <optional>
#include <string>
#include <utility>

#include "destination/duckdb/connection.h"

namespace walbrook::destination::duckdb {

class ArrowResult {
 public:
  // Runs the statement. Returns false if it failed; see error(). REQUIRES: the connection outlives this result, and
  // answers nothing else meanwhile.
  [[nodiscard]] bool execute(duckdb_connection connection, duckdb_prepared_statement statement);

  // The caller releases what schema() and next() write.
  void schema(ArrowSchema* out);
  // Returns false if there are no more rows, or if it failed; see error().
  bool next(ArrowArray* out);
  [[nodiscard]] std::optional<std::pair<duckdb_error_type, std::string>> error();

 private:
  Result result_;
  Owned<duckdb_arrow_options, duckdb_destroy_arrow_options> options_;
  bool ended_ = false;
};

}  // namespace walbrook::destination::duckdb
