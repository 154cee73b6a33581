// For each type, a pair of SQL expressions that give equal text for equal values: one for PostgreSQL, one for DuckDB.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace walbrook::test {

struct BaseField;

// A column's type with domains resolved to their base type, and the types of its parts.
struct BaseType {
  enum class Kind { scalar, array, composite, hstore, vector };  // vector: pgvector's vector and halfvec
  std::uint32_t oid = 0;
  std::int32_t typmod = -1;
  Kind kind = Kind::scalar;
  bool is_enum = false;
  std::string schema{};           // of hstore: the schema of its functions
  std::vector<BaseField> fields;  // of an array: its element; of a composite: its attributes, at least one
};

struct BaseField {
  std::string name;
  BaseType type;
};

// Returns the type that the target column must have (docs/types.md), as SQL.
[[nodiscard]] std::string expected_duck_type(const BaseType& type);

// `column` is quoted. Both expressions are NULL if the value is.
[[nodiscard]] std::string canonical_in_postgres(const BaseType& type, const std::string& column);
[[nodiscard]] std::string canonical_in_duckdb(const BaseType& type, const std::string& column);

// Returns the value as PostgreSQL's output function prints it, which is what an overflow column holds. A cast to text
// would not do, because it removes trailing blanks from character(n).
[[nodiscard]] std::string printed_in_postgres(const std::string& column);

// The session settings that these expressions and the overflow columns expect.
inline constexpr const char* postgres_session =
    "SET DateStyle = 'ISO, YMD'; SET IntervalStyle = postgres; SET TimeZone = 'UTC'; SET bytea_output = hex; "
    "SET extra_float_digits = 3; SET search_path = ''; SET lc_monetary = 'C'; SET xmloption = content";

}  // namespace walbrook::test
