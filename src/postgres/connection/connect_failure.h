// Why a connection could not be made, told so that the reader knows what to fix.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace walbrook::postgres {

struct ConnectAttempt {
  std::string where;     // "127.0.0.1:5432/shop"
  std::string database;  //
  std::string user;
};

// 08: connection exceptions, 57P: shut down by somebody, 53: out of some resource. Trying again may help.
[[nodiscard]] bool is_of_connection(std::string_view sqlstate);

// `message`: what libpq said, several lines when several addresses were tried.
[[nodiscard]] Error connect_failure(std::string_view message, const ConnectAttempt& attempt);

// One line of libpq's words: prefixes that repeat the address and the severity are gone, every reason stands once.
[[nodiscard]] std::string one_line(std::string_view message);

// What stands in quotes is blanked: a connection string that cannot be parsed may have its password in any part of it.
[[nodiscard]] std::string without_quoted(std::string_view message);

}  // namespace walbrook::postgres
