// Lists, arrays, structures and maps of a result, as JSON documents. DuckDB casts their elements to text, as it does
// with a value that is not nested, so that both are written alike: every digit of a number, NaN as a string.
#pragma once

#include <duckdb.h>

#include <string>
#include <vector>

#include "base/json_text.h"

namespace walbrook::destination::duckdb {

// The parts of a column's type that matter for JSON.
struct JsonShape {
  enum class Kind { scalar, list, array, structure, map };
  Kind kind = Kind::scalar;
  JsonScalar scalar = JsonScalar::text;
  idx_t array_size = 0;
  std::vector<std::string> names;   // names of a structure's members
  std::vector<JsonShape> children;  // a structure's members; a list's element; a map's key and value
};

[[nodiscard]] bool is_number(duckdb_type type);
[[nodiscard]] JsonShape json_shape(duckdb_logical_type type);
// Returns the SQL type of that shape with VARCHAR for every scalar. REQUIRES, for append_json: the column was cast to
// it.
[[nodiscard]] std::string text_type(const JsonShape& shape);
// Appends the cell's document. A map becomes an object, with its keys as text. REQUIRES: the cell itself is not NULL.
void append_json(const JsonShape& shape, duckdb_vector vector, idx_t row, std::string& out);

}  // namespace walbrook::destination::duckdb
