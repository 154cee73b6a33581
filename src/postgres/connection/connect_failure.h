// Explains why a connection could not be made, so that the reader knows what to fix.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace walbrook::postgres {

struct ConnectAttempt {
  std::string where;     // "127.0.0.1:5432/shop"
  std::string database;  // "shop"
  std::string user;
};

// Returns whether an SQLSTATE concerns the connection: 08 (connection exceptions), 57P (shut down by somebody) or 53
// (out of some resource). Trying again may help then.
[[nodiscard]] bool is_of_connection(std::string_view sqlstate);

// `message`: libpq's message, which has several lines if several addresses were tried.
[[nodiscard]] Error connect_failure(std::string_view message, const ConnectAttempt& attempt);

// Returns libpq's message as one line, without the prefixes that repeat the address and the severity. Each reason is in
// it once.
[[nodiscard]] std::string one_line(std::string_view message);

// Returns the message with everything in quotes blanked. A connection string that cannot be parsed may have its
// password in any part of it.
[[nodiscard]] std::string without_quoted(std::string_view message);

}  // namespace walbrook::postgres
