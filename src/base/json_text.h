// Values in JSON's syntax, without a parser that could round a number.
#pragma once

#include <string>
#include <string_view>

namespace walbrook {

// Returns `text` in quotes; bytes that are not UTF-8 are replaced.
[[nodiscard]] std::string json_string(std::string_view text);

// Returns a JSON document in which characters that are valid but change how a terminal shows it (DEL, the C1 controls,
// bidirectional marks, line separators) are written as \uNNNN. They occur inside strings only, so its meaning is the
// same.
[[nodiscard]] std::string visible_json(std::string document);

enum class JsonScalar { text, number, boolean };
// A number keeps its digits. NaN, the infinities and anything else that JSON has no syntax for become strings.
[[nodiscard]] std::string json_scalar(std::string_view text, JsonScalar kind);

}  // namespace walbrook
