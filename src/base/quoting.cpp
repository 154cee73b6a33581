#include "base/quoting.h"

namespace walbrook {
namespace {

std::string in_quotes(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) out.append(c == quote ? 2 : 1, c);
  return out + quote;
}

}  // namespace

std::string quote_identifier(std::string_view name) {
  return in_quotes(name, '"');
}

std::string quote_literal(std::string_view text) {
  return in_quotes(text, '\'');
}

}  // namespace walbrook
