// Bytes as hexadecimal digits, two for each byte.
#pragma once

#include <string>
#include <string_view>

namespace walbrook {

[[nodiscard]] std::string hex_digits(std::string_view bytes);  // in lower case: "00ff"
// REQUIRES: `digits` is what hex_digits returns.
[[nodiscard]] std::string bytes_of_hex(std::string_view digits);

}  // namespace walbrook
