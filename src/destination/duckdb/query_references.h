// Finds what a statement refers to, from the tree that DuckDB's parser makes of it. Nothing is bound and nothing runs,
// so a function that has effects while it is bound has none here.
//
// json_serialize_sql returns that tree for statements that select: SELECT, FROM, WITH, VALUES, TABLE, SHOW, DESCRIBE,
// SUMMARIZE, PIVOT … IN, UNPIVOT (tried with DuckDB 1.5.5). For every other statement it returns an error.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "destination/duckdb/connection.h"

namespace walbrook::destination::duckdb {

struct QueryReferences {
  // A name as written: parts that were left out are empty. Of a name with two parts the first is in `schema`, although
  // it may be a catalog. Names of common table expressions are included.
  struct Relation {
    std::string catalog;
    std::string schema;
    std::string name;

    // Returns "catalog.schema.name" with the parts that are set. DuckDB takes it for the path of a file if there is no
    // such table.
    [[nodiscard]] std::string path() const;
  };
  std::vector<Relation> relations;
  // Folded and without a schema, since DuckDB's own functions are found under any. Operators and window functions are
  // included.
  std::vector<std::string> functions;
  std::vector<std::string> table_functions;
};

struct ParsedStatement {
  std::optional<QueryReferences> references;  // absent: the statement does not select, or cannot be parsed
  std::string error;                          // DuckDB's message if it cannot be parsed
};

// Parses one statement. REQUIRES: `sql` is UTF-8 without a NUL. Throws Error(configuration) for more than one
// statement, and for a part of the tree that is not known here.
[[nodiscard]] ParsedStatement parse_statement(Connection& connection, std::string_view sql);

// "EXPLAIN ANALYZE (FORMAT json) SELECT 1" → the texts that may be the explained statement: what follows the words,
// and, if that begins with parentheses, what follows these. Empty if `sql` is no EXPLAIN.
[[nodiscard]] std::vector<std::string_view> explained_statements(std::string_view sql);

// "CREATE VIEW v(a) AS SELECT 1;" → "SELECT 1;": what follows the first AS outside quotes and parentheses.
[[nodiscard]] std::string_view text_after_as(std::string_view sql);

}  // namespace walbrook::destination::duckdb
