// What a destination is called: a bare word is a kind of destination, anything with a '.', '/' or ':' is a place.
//
// One rule for flags, files, the environment and the library, so that `--destination postgres` is never a file in the
// current folder.
#pragma once

#include <string_view>

namespace walbrook {

inline constexpr std::string_view duckdb_destination = "duckdb";  // the only kind there is

[[nodiscard]] bool is_destination_kind(std::string_view text);
// Throws Error(configuration), which begins with `label`, for a kind that does not exist. `setting`: the library's
// option that it was given by, or "".
void check_destination_kind(std::string_view label, std::string_view text, std::string_view setting = {});

}  // namespace walbrook
