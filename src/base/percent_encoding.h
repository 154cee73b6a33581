// Encodes text for a URL (RFC 3986, 2.1).
#pragma once

#include <string>
#include <string_view>

namespace walbrook {

// "a b&c" → "a%20b%26c", and back. An invalid escape is returned unchanged.
[[nodiscard]] std::string percent_encoded(std::string_view text);
[[nodiscard]] std::string percent_decoded(std::string_view text);

}  // namespace walbrook
