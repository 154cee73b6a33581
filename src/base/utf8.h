// Checks text for UTF-8. DuckDB trusts the bytes of a VARCHAR, and a column with invalid ones can no longer be read.
#pragma once

#include <string_view>

namespace walbrook {

[[nodiscard]] bool is_ascii(std::string_view text);
// Well-formed as Unicode defines it: no overlong forms, no surrogates, nothing past U+10FFFF.
[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace walbrook
