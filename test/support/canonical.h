// Per type, a pair of SQL expressions that give equal text for equal values: one for PostgreSQL, one for DuckDB.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace walbrook::test {

struct BaseField;

// A column's type with its domains looked through, and what it consists of.
struct BaseType {
  enum class Kind { scalar, array, composite, hstore };
  std::uint32_t oid = 0;
  std::int32_t typmod = -1;
  Kind kind = Kind::scalar;
  std::string schema{};           // of hstore: where its functions are
  std::vector<BaseField> fields;  // array: its element; composite: its attributes, at least one
};

struct BaseField {
  std::string name;
  BaseType type;
};

// The type that the copy's column must have (docs/types.md), as SQL.
[[nodiscard]] std::string expected_duck_type(const BaseType& type);

// `column` is quoted. Both are NULL where the value is.
[[nodiscard]] std::string canonical_in_postgres(const BaseType& type, const std::string& column);
[[nodiscard]] std::string canonical_in_duckdb(const BaseType& type, const std::string& column);

// The value as PostgreSQL's output function prints it: what an overflow column holds. Not a cast to text, which takes
// the blanks from character(n).
[[nodiscard]] std::string printed_in_postgres(const std::string& column);

// The session that these expressions and the overflow columns expect.
inline constexpr const char* postgres_session =
    "SET DateStyle = 'ISO, YMD'; SET IntervalStyle = postgres; SET TimeZone = 'UTC'; SET bytea_output = hex; "
    "SET extra_float_digits = 3; SET search_path = ''; SET lc_monetary = 'C'; SET xmloption = content";

}  // namespace walbrook::test
