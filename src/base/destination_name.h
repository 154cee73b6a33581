// The name of a destination: a bare word is a kind of destination, and anything with a '.', '/' or ':' is a place.
//
// Flags, files, the environment and the library share this rule, so that `--destination postgres` never means a file in
// the current folder.
#pragma once

#include <string_view>

namespace walbrook {

inline constexpr std::string_view duckdb_destination = "duckdb";  // the only kind there is

[[nodiscard]] bool is_destination_kind(std::string_view text);
// Throws Error(configuration), which begins with `label`, for a kind that does not exist. `setting` is the library's
// option with that value, or "".
void check_destination_kind(std::string_view label, std::string_view text, std::string_view setting = {});

}  // namespace walbrook
