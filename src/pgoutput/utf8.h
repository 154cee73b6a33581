// Is it UTF-8? A server whose encoding is SQL_ASCII converts nothing: its text can be any bytes.
#pragma once

#include <string>
#include <string_view>

namespace walbrook::pgoutput {

// By the same rules as PostgreSQL: no overlong forms, no surrogates, nothing above U+10FFFF.
[[nodiscard]] bool is_utf8(std::string_view bytes);

// Bytes that are not UTF-8 as text from which they can be got back: "\xHH" (lower case) for each byte that is part of
// no character, "\\" for a backslash; everything else as it is. It is what the variant column holds.
[[nodiscard]] std::string escape_non_utf8(std::string_view bytes);

}  // namespace walbrook::pgoutput
