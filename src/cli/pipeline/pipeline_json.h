// Formats JSON for the output of commands.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/json_text.h"

namespace walbrook::cli {

[[nodiscard]] inline nlohmann::ordered_json or_null(const std::string& text) {
  return text.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(text);
}

// Prints on one line. Bytes that are not valid UTF-8 are replaced, and characters that change how a terminal shows the
// text are escaped (visible_json).
[[nodiscard]] inline std::string as_line(const nlohmann::ordered_json& document) {
  return visible_json(document.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

// Indents, and ends with a newline; otherwise the same as as_line.
[[nodiscard]] inline std::string as_document(const nlohmann::ordered_json& document) {
  return visible_json(document.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace)) + "\n";
}

}  // namespace walbrook::cli
