// Is it UTF-8? DuckDB takes the bytes of a VARCHAR on trust, and a column with others in it cannot be read any more.
#pragma once

#include <string_view>

namespace walbrook {

[[nodiscard]] bool is_ascii(std::string_view text);
// Well-formed as Unicode defines it: no overlong forms, no surrogates, nothing past U+10FFFF.
[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace walbrook
