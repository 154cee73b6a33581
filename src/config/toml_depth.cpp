#include "config/toml_depth.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

#include "base/error.h"

namespace walbrook::config {
namespace {

constexpr int most_parts = 64;  // dots in one line outside of strings; the longest key has 7
constexpr int most_nested = 32;

// Returns the position after the string that begins at `at`: "…", '…', or one in triple quotes.
std::size_t end_of_string(std::string_view text, std::size_t at) {
  const char quote = text[at];
  const auto rest = text.substr(at);
  const bool is_long = rest.size() >= 3 && rest[1] == quote && rest[2] == quote;
  const auto end = is_long ? rest.substr(0, 3) : rest.substr(0, 1);
  for (at += end.size(); at < text.size(); ++at) {
    if (quote == '"' && text[at] == '\\') {
      ++at;
    } else if (text.substr(at).starts_with(end)) {
      return at + end.size();
    } else if (!is_long && text[at] == '\n') {
      return at;  // not terminated
    }
  }
  return text.size();
}

}  // namespace

void check_depth(std::string_view text, std::string_view label) {
  int parts = 0;
  int nested = 0;
  int line = 1;
  const auto refuse = [&](std::string_view what, int most) {
    throw Error(ErrorKind::configuration, fmt::format("{}:{}: {} than {}", label, line, what, most),
                "No setting of walbrook is written like this; docs/configuration.md lists them all.");
  };
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '"' || c == '\'') {
      const auto end = end_of_string(text, at);
      line += static_cast<int>(std::count(text.begin() + static_cast<std::ptrdiff_t>(at),
                                          text.begin() + static_cast<std::ptrdiff_t>(end), '\n'));
      at = end;
      continue;
    }
    if (c == '#') {
      at = std::min(text.find('\n', at), text.size());
      continue;
    }
    if (c == '\n') {
      ++line;
      parts = 0;
    }
    if (c == '.' && ++parts > most_parts) refuse("a key has more parts", most_parts);
    if ((c == '[' || c == '{') && ++nested > most_nested) refuse("values are nested deeper", most_nested);
    if ((c == ']' || c == '}') && nested > 0) --nested;
    ++at;
  }
}

}  // namespace walbrook::config
