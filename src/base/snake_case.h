// Names in snake case, as dlt's naming convention of that name makes them: for who comes from there and keeps his SQL.
//
//   OrderId → order_id · HTTPServer → http_server · price (EUR) → price_eurx · 2fast → _2fast · a__b → a_b
//
// ASCII letters, digits and underscores stay; `+` and `*` become x, `@` a, `|` l, every run of other characters one
// underscore; words are parted where case changes; underscores at the end become x, several in a row one.
#pragma once

#include <string>
#include <string_view>

namespace walbrook {

// Never empty where `name` has a character that is not a space.
[[nodiscard]] std::string snake_case(std::string_view name);
// Of a table: what `__` parts stays parted by it (a__b → a__b).
[[nodiscard]] std::string snake_case_path(std::string_view name);

}  // namespace walbrook
