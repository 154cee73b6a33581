// Is it UTF-8? Text of a SQL_ASCII database can be any bytes.
#pragma once

#include <string_view>

namespace walbrook::pgoutput {

// By the same rules as PostgreSQL: no overlong forms, no surrogates, nothing above U+10FFFF.
[[nodiscard]] bool is_utf8(std::string_view bytes);

}  // namespace walbrook::pgoutput
