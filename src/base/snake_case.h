// Names in snake case, as dlt's naming convention of that name makes them, for users of dlt who want to keep their SQL.
//
//   OrderId → order_id · HTTPServer → http_server · price (EUR) → price_eurx · 2fast → _2fast · a__b → a_b
//
// ASCII letters, digits and underscores stay; `+` and `*` become x, `@` a, `|` l, and every run of other characters one
// underscore. Words are separated where the case changes. Each underscore at the end becomes x; several in a row
// elsewhere become one.
#pragma once

#include <string>
#include <string_view>

namespace walbrook {

// Never empty if `name` has a character other than a space.
[[nodiscard]] std::string snake_case(std::string_view name);
// For the name of a table: parts separated by `__` stay separated by it (a__b → a__b).
[[nodiscard]] std::string snake_case_path(std::string_view name);

}  // namespace walbrook
