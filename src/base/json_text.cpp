#include "base/json_text.h"

#include <algorithm>
#include <nlohmann/json.hpp>

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

}  // namespace

std::string json_string(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string json_scalar(std::string_view text, JsonScalar kind) {
  const bool bare = (kind == JsonScalar::number && is_json_number(text)) ||
                    (kind == JsonScalar::boolean && (text == "true" || text == "false"));
  return bare ? std::string(text) : json_string(text);
}

}  // namespace walbrook
