// Passwords do not stand in messages.
#pragma once

#include <string>
#include <string_view>

namespace walbrook {

// The text with every password in it replaced by "***": in URLs (user:secret@, ?password=secret) and in key=value
// strings (password=secret, password='se cret', also sslpassword).
[[nodiscard]] std::string mask_secrets(std::string_view text);

}  // namespace walbrook
