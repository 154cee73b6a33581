// A generator for each type of a server: random columns of the type, with random values.
//
// Values are extreme with a high probability: the ends of the type's range, zero, the empty value, infinities, values
// just inside and outside of what DuckDB holds.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "test/four_ways/column_type.h"

namespace walbrook::test {

// Draws a column of one type: its modifiers, if it has some.
using TypeGenerator = std::function<ColumnType(Random&)>;

using TextValue = std::function<std::string(Random&)>;

// By schema and name in the catalog: "pg_catalog.int4". Types of extensions are in the schema public.
using TypeGenerators = std::map<std::string, TypeGenerator>;

// What a server has besides the types of version 14 and of contrib.
struct ServerTypes {
  int major;
  bool vectors;  // the extension vector is available
};

// The generators of all types but arrays; array_of makes those.
[[nodiscard]] TypeGenerators type_generators(const ServerTypes& server);

// Types of which no value can be loaded, with the reason.
[[nodiscard]] const std::map<std::string, std::string>& types_without_generator();

// The extensions whose types are generated.
[[nodiscard]] std::vector<std::string> generated_extensions(const ServerTypes& server);

// The parts of type_generators().
void add_numbers(TypeGenerators& types, int major);
void add_texts(TypeGenerators& types);
void add_datetimes(TypeGenerators& types, int major);
void add_ranges(TypeGenerators& types);
void add_networks_and_shapes(TypeGenerators& types);
void add_system_types(TypeGenerators& types);
void add_extension_types(TypeGenerators& types);
void add_vectors(TypeGenerators& types);

// Adds a type without modifiers of which walbrook reads only the text form. `name` is that of the catalog.
void add_text_only(TypeGenerators& types, const std::string& name, const TextValue& value, char delimiter = ',');

// A random text without the control characters that separate cells (test/support/row_difference.h).
[[nodiscard]] std::string random_text(Random& random, std::size_t most_characters);
// A number of up to 64 bits that is often extreme for its number of bits.
[[nodiscard]] std::int64_t random_integer(Random& random, unsigned bits);
[[nodiscard]] std::uint64_t random_unsigned(Random& random, unsigned bits);
[[nodiscard]] std::string random_float8(Random& random);
[[nodiscard]] std::string random_digits(Random& random, std::size_t count);
// Days and microseconds since 2000-01-01 as PostgreSQL reads them.
[[nodiscard]] std::string date_text(std::int64_t days);
[[nodiscard]] std::string timestamp_text(std::int64_t days, std::int64_t microseconds);

}  // namespace walbrook::test
