// The values that the differential test sends: for every type, its edges and some thousand random ones.
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace walbrook::postgres {

struct ValueCase {
  std::string name;    // of the test and of the table
  std::string type;    // SQL
  std::string values;  // a query of one column
  // SQL over `v`, which is not NULL: the integer that the column must hold; NULL: the value must overflow. Empty if the
  // column holds no integer: then it is only known that the column must hold `v` itself.
  std::string integer;
  std::string held = "true";  // SQL over `v`, if `integer` is empty: true if the column holds it, false if it overflows
};

// DDL for some of the types.
inline constexpr auto value_case_types = R"(
  CREATE TYPE mood AS ENUM ('calm', 'Grüße, "x"', 'it''s');
  CREATE DOMAIN price AS numeric(7, 3) CHECK (value > -1000);
  CREATE DOMAIN short_text AS varchar(9);
  CREATE DOMAIN shorter_text AS short_text;
  CREATE DOMAIN prices_list AS numeric(5, 2)[];
  CREATE EXTENSION hstore;
  CREATE TYPE pair AS (a int, b text);
  CREATE DOMAIN any_pair AS pair;
  CREATE TYPE deep AS (p pair, ps pair[], "n N" numeric(6, 2), m mood, pr price, ap any_pair, h hstore, ts timestamptz, pl prices_list);
  CREATE TYPE single AS ("only" text);
)";

[[nodiscard]] std::vector<ValueCase> value_cases();

inline void PrintTo(const ValueCase& item, std::ostream* out) {
  *out << item.type;
}

}  // namespace walbrook::postgres
