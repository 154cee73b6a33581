// Prints binary values as text, for people who look at a stream.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/source_text.h"
#include "postgres/protocol/message.h"

namespace walbrook::postgres {

// Returns what PostgreSQL prints for a value of that type. Floats and intervals may have another spelling of the same
// value ("14 mons" for "1 year 2 mons"), and a numeric zero has no decimals. Returns nullopt if the type has no binary
// parser here, or if the bytes are not a value of the type.
[[nodiscard]] std::optional<std::string> binary_to_text(Oid type, std::string_view bytes);

// Returns a time as in "2026-11-22 21:03:11.5+00".
[[nodiscard]] std::string to_text(Timestamp time);

// Returns bytes as PostgreSQL prints bytea: "\x00ff".
[[nodiscard]] std::string to_hex(std::string_view bytes);

// Text in a form that a column can hold.
struct StoredText {
  enum class Form {
    utf8,     // `text` is the text itself
    hex,      // it cannot be UTF-8: `text` is its bytes as hex digits, for the overflow column
    refused,  // it cannot be UTF-8, and with this encoding the table is suspended
  };
  Form form = Form::utf8;
  std::string_view text;  // points into the given bytes or into `buffer`
};
// Converts `bytes` from `encoding`; with nullptr they should be UTF-8. The result borrows `bytes` and `buffer`, which
// holds whatever is not in `bytes`.
[[nodiscard]] StoredText stored_text(std::string_view bytes, const SourceText* encoding, std::string& buffer);

}  // namespace walbrook::postgres
