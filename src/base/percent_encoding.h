// Text inside a URL (RFC 3986, 2.1).
#pragma once

#include <string>
#include <string_view>

namespace walbrook {

// "a b&c" → "a%20b%26c", and back; what is no valid escape stays as it is.
[[nodiscard]] std::string percent_encoded(std::string_view text);
[[nodiscard]] std::string percent_decoded(std::string_view text);

}  // namespace walbrook
