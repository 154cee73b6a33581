// Measures the nesting of a TOML text before it is parsed.
#pragma once

#include <string_view>

namespace walbrook::config {

// toml++ (3.3) calls itself once for each part of a dotted key: one of 100,000 parts takes 24 s and then overflows the
// stack. Throws Error(configuration) for a key with more parts, or values nested deeper, than any setting has. `label`
// is how messages name the text. A text that is not TOML passes: the parser reports it.
void check_depth(std::string_view text, std::string_view label);

}  // namespace walbrook::config
