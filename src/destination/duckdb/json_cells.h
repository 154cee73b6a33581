// Lists, arrays, structures and maps of a result as JSON documents. DuckDB casts what they consist of to text, as it
// does with a value that stands alone, so that both are written alike: every digit of a number, NaN as a string.
#pragma once

#include <duckdb.h>

#include <string>
#include <vector>

#include "base/json_text.h"

namespace walbrook::destination::duckdb {

// A column's type as far as JSON tells types apart.
struct JsonShape {
  enum class Kind { scalar, list, array, structure, map };
  Kind kind = Kind::scalar;
  JsonScalar scalar = JsonScalar::text;
  idx_t array_size = 0;
  std::vector<std::string> names;   // of a structure's members
  std::vector<JsonShape> children;  // members; the element; key and value
};

[[nodiscard]] bool is_number(duckdb_type type);
[[nodiscard]] JsonShape json_shape(duckdb_logical_type type);
// The SQL type of that shape whose scalars are all VARCHAR: what a column must be cast to for append_json.
[[nodiscard]] std::string text_type(const JsonShape& shape);
// The cell's document; a map is an object, its keys as text. The cell itself is not NULL.
void append_json(const JsonShape& shape, duckdb_vector vector, idx_t row, std::string& out);

}  // namespace walbrook::destination::duckdb
