#include "base/json_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/text.h"

namespace walbrook {
namespace {

bool is_json_number(std::string_view text) {
  const auto digits = [&text] {
    const auto end = std::min(text.find_first_not_of("0123456789"), text.size());
    text.remove_prefix(end);
    return end;
  };
  if (text.starts_with('-')) text.remove_prefix(1);
  const bool leading_zero = text.starts_with('0');
  const auto whole = digits();
  if (whole == 0 || (leading_zero && whole > 1)) return false;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (digits() == 0) return false;
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
    if (digits() == 0) return false;
  }
  return text.empty();
}

// Returns code and length in bytes of the character at the front of `text` if it must be escaped, otherwise {0, 0}.
std::pair<unsigned, std::size_t> hidden_character(std::string_view text) {
  const auto byte = [&text](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : static_cast<unsigned char>(0);
  };
  if (byte(0) == 0x7F) return {0x7F, 1};
  if (byte(0) == 0xC2 && byte(1) >= 0x80 && byte(1) < 0xA0) return {byte(1), 2};
  if (byte(0) == 0xD8 && byte(1) == 0x9C) return {0x061C, 2};
  if (byte(0) != 0xE2 || (byte(1) != 0x80 && byte(1) != 0x81)) return {0, 0};
  const unsigned code = 0x2000U | ((byte(1) & 0x3FU) << 6U) | (byte(2) & 0x3FU);
  return reorders(code) ? std::pair<unsigned, std::size_t>{code, 3} : std::pair<unsigned, std::size_t>{0, 0};
}

}  // namespace

std::string visible_json(std::string document) {
  constexpr std::string_view leads = "\x7F\xC2\xD8\xE2";
  auto at = document.find_first_of(leads);
  if (at == std::string::npos) return document;
  std::string out;
  std::size_t done = 0;
  for (; at != std::string::npos; at = document.find_first_of(leads, at + 1)) {
    const auto [code, length] = hidden_character(std::string_view(document).substr(at));
    if (length == 0) continue;
    out.append(document, done, at - done).append(fmt::format("\\u{:04x}", code));
    done = at + length;
  }
  return out.append(document, done);
}

std::string json_string(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string json_scalar(std::string_view text, JsonScalar kind) {
  const bool bare = (kind == JsonScalar::number && is_json_number(text)) ||
                    (kind == JsonScalar::boolean && (text == "true" || text == "false"));
  return bare ? std::string(text) : json_string(text);
}

}  // namespace walbrook
