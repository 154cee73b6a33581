// Binary values as text, for people who look at a stream.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "postgres/protocol/message.h"

namespace walbrook::postgres {

// What PostgreSQL prints for a value of that type; for floats and intervals another spelling of the same value
// ("14 mons" for "1 year 2 mons"), and of a numeric zero no decimals. nullopt: the type has no binary parser here, or
// these bytes are no value of it.
[[nodiscard]] std::optional<std::string> binary_to_text(Oid type, std::string_view bytes);

// "2026-11-22 21:03:11.5+00"
[[nodiscard]] std::string to_text(Timestamp time);

// "\x00ff", as PostgreSQL prints bytea.
[[nodiscard]] std::string to_hex(std::string_view bytes);

}  // namespace walbrook::postgres
