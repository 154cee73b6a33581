// What a statement refers to, read from the tree that DuckDB's own parser makes of it. Nothing is bound and nothing
// runs, so a function that acts while it is bound does not act here.
//
// json_serialize_sql gives that tree for statements that select: SELECT, FROM, WITH, VALUES, TABLE, SHOW, DESCRIBE,
// SUMMARIZE, PIVOT … IN, UNPIVOT (tried with DuckDB 1.5.5). For every other statement it answers with an error.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "destination/duckdb/connection.h"

namespace walbrook::destination::duckdb {

struct QueryReferences {
  // As written: parts that were left out are empty. A name of two parts has the first one in `schema`, which may be a
  // catalog. Names of common table expressions are among them.
  struct Relation {
    std::string catalog;
    std::string schema;
    std::string name;

    // "catalog.schema.name" with the parts there are: what DuckDB takes for a file's path where no such table is.
    [[nodiscard]] std::string path() const;
  };
  std::vector<Relation> relations;
  // Folded, without schema: DuckDB's own functions are found under any. Operators and window functions are among them.
  std::vector<std::string> functions;
  std::vector<std::string> table_functions;
};

struct ParsedStatement {
  std::optional<QueryReferences> references;  // absent: it does not select, or cannot be parsed
  std::string error;                          // DuckDB's message where it cannot be parsed
};

// REQUIRES: `sql` is UTF-8 without a NUL. Throws Error(configuration) for more than one statement and for a part of the
// tree that is not known here.
[[nodiscard]] ParsedStatement parse_statement(Connection& connection, std::string_view sql);

// "EXPLAIN ANALYZE (FORMAT json) SELECT 1" → the texts that may be the statement which is explained: what follows the
// words, and where that begins with parentheses what follows these. Empty where `sql` is no EXPLAIN.
[[nodiscard]] std::vector<std::string_view> explained_statements(std::string_view sql);

// "CREATE VIEW v(a) AS SELECT 1;" → "SELECT 1;": what follows the first AS that stands outside quotes and parentheses.
[[nodiscard]] std::string_view text_after_as(std::string_view sql);

}  // namespace walbrook::destination::duckdb
