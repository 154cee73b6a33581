// Keeps passwords out of messages.
#pragma once

#include <string>
#include <string_view>

namespace walbrook {

// Returns the text with every password replaced by "***": in URLs (user:secret@, ?password=secret) and in key=value
// strings (password=secret, password='se cret', also sslpassword).
[[nodiscard]] std::string mask_secrets(std::string_view text);

}  // namespace walbrook
