// Values as JSON writes them, without a parser that could round a number.
#pragma once

#include <string>
#include <string_view>

namespace walbrook {

// In quotes; bytes that are no UTF-8 are replaced.
[[nodiscard]] std::string json_string(std::string_view text);

// A JSON document in which characters that are valid there and yet change how a terminal shows it (DEL, the C1
// controls, bidirectional marks, line separators) are written as \uNNNN. They stand inside strings only, so it says the
// same.
[[nodiscard]] std::string visible_json(std::string document);

enum class JsonScalar { text, number, boolean };
// A number keeps its digits as they came; NaN, the infinities and whatever else JSON has no syntax for are strings.
[[nodiscard]] std::string json_scalar(std::string_view text, JsonScalar kind);

}  // namespace walbrook
