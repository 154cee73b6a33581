// Binary values as text, for people who look at a stream.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/source_text.h"
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

// Text as a column can hold it.
struct StoredText {
  enum class Form {
    utf8,     // `text` is it
    hex,      // it cannot be UTF-8: `text` is its bytes, which go to the overflow column
    refused,  // it cannot be UTF-8, and the encoding suspends the table then
  };
  Form form = Form::utf8;
  std::string_view text;  // of the bytes that were given, or of `buffer`
};
// `encoding`: what the text is converted from; nullptr: it should be UTF-8. `buffer` takes what is not in `bytes`.
[[nodiscard]] StoredText stored_text(std::string_view bytes, const SourceText* encoding, std::string& buffer);

}  // namespace walbrook::postgres
