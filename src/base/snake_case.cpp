#include "base/snake_case.h"

#include <algorithm>
#include <utility>

namespace walbrook {
namespace {

constexpr std::string_view blanks = " \t\n\v\f\r";

bool is_small_letter(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_capital(char c) {
  return c >= 'A' && c <= 'Z';
}
bool is_ascii_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

char reduced(char c) {
  switch (c) {
    case '+':
    case '*':
      return 'x';
    case '@':
      return 'a';
    case '|':
      return 'l';
    case '-':
      return '_';
    default:
      return is_small_letter(c) || is_capital(c) || is_ascii_digit(c) || c == '_' ? c : ' ';
  }
}

// Replaces characters other than letters, digits and underscores: each run of them becomes one underscore.
std::string plain_characters(std::string_view name) {
  std::string out;
  for (const char each : name) {
    const char c = reduced(each);
    if (c != ' ') {
      out += c;
    } else if (out.empty() || out.back() != ' ') {
      out += ' ';
    }
  }
  std::ranges::replace(out, ' ', '_');
  return out;
}

// A word begins at a capital that is followed by a small letter, or that follows a small letter or a digit.
std::string parted_words(const std::string& name) {
  std::string words;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (i > 0 && is_capital(name[i]) && name[i - 1] != '_') {
      const bool begins_word = i + 1 < name.size() && is_small_letter(name[i + 1]);
      if (begins_word || is_small_letter(name[i - 1]) || is_ascii_digit(name[i - 1])) words += '_';
    }
    words += name[i];
  }
  std::ranges::transform(words, words.begin(),
                         [](char c) { return is_capital(c) ? static_cast<char>(c - 'A' + 'a') : c; });
  return words;
}

}  // namespace

std::string snake_case(std::string_view name) {
  auto words = parted_words(plain_characters(trimmed(name)));
  if (!words.empty() && is_ascii_digit(words.front())) words.insert(0, 1, '_');
  for (auto at = words.rbegin(); at != words.rend() && *at == '_'; ++at) *at = 'x';
  const auto both_underscores = [](char left, char right) { return left == '_' && right == '_'; };
  words.erase(std::unique(words.begin(), words.end(), both_underscores), words.end());
  return words;
}

std::string snake_case_path(std::string_view name) {
  std::string path;
  for (auto rest = trimmed(name); !rest.empty();) {
    const auto end = std::min(rest.find("__"), rest.size());
    const auto part = snake_case(rest.substr(0, end));
    if (!part.empty()) path += (path.empty() ? "" : "__") + part;
    rest.remove_prefix(std::min(rest.size(), end + 2));
  }
  return path.empty() ? snake_case(name) : path;
}

}  // namespace walbrook
