// JSON as the commands write it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/json_text.h"

namespace walbrook::cli {

[[nodiscard]] inline nlohmann::ordered_json or_null(const std::string& text) {
  return text.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(text);
}

// On one line; bytes that are no UTF-8 are replaced, and nothing in it changes how a terminal shows it.
[[nodiscard]] inline std::string as_line(const nlohmann::ordered_json& document) {
  return visible_json(document.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

// Indented, with a line end; otherwise the same.
[[nodiscard]] inline std::string as_document(const nlohmann::ordered_json& document) {
  return visible_json(document.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace)) + "\n";
}

}  // namespace walbrook::cli
