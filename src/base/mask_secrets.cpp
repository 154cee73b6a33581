// Masks passwords in a text. If it is not clear what belongs to a password, more is masked rather than less.
#include "base/mask_secrets.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <string_view>

namespace walbrook {
namespace {

constexpr std::string_view mask = "***";
constexpr auto none = std::string_view::npos;

bool is_space(char c) {
  return std::isspace(static_cast<unsigned char>(c)) != 0;
}

bool equal_letters(char a, char b) {
  return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
}

// Returns the position of the '@' after user and password of the URL whose authority is at the front of `rest`. libpq
// allows no '/' in a password, but the error message for a URL with one must not show it either.
std::size_t credentials_end(std::string_view rest) {
  const auto authority = rest.substr(0, rest.find_first_of("/\n"));
  if (const auto at = authority.rfind('@'); at != none) return at;
  const auto colon = authority.find(':');
  if (colon == none || authority.find_first_not_of("0123456789,", colon + 1) == none) return none;  // host:port
  return rest.substr(0, rest.find_first_of(" \t\r\n")).rfind('@');
}

// Masks postgresql://user:secret@…, and anything else that may be meant as such a URL.
std::string mask_urls(std::string_view text) {
  std::string masked;
  for (auto scheme = text.find("://"); scheme != none; scheme = text.find("://")) {
    const auto before = text.substr(0, scheme);
    const auto rest = text.substr(scheme + 3);
    masked.append(before).append("://");
    text = rest;
    const auto at = credentials_end(rest);
    const auto colon = rest.substr(0, at == none ? 0 : at).find(':');
    if (colon == none) continue;
    masked.append(rest.substr(0, colon + 1)).append(mask);
    text = rest.substr(at);
  }
  return masked.append(text);
}

// Returns the length of the value at the front of `rest` by the rules of PQconninfoParse: quotes, backslashes. A value
// in double quotes, as configuration files have them, ends at its second one.
std::size_t conninfo_value(std::string_view rest) {
  const char quote = rest.empty() ? '\0' : rest[0];
  const bool quoted = quote == '\'' || (quote == '"' && rest.find('"', 1) != none);
  bool inside = quoted;
  for (std::size_t i = quoted ? 1 : 0; i < rest.size(); ++i) {
    if (rest[i] == '\\') {
      ++i;
    } else if (inside && rest[i] == quote) {
      if (quote == '\'') return i + 1;
      inside = false;
    } else if (!inside && is_space(rest[i])) {
      return i;
    }
  }
  return rest.size();
}

// Returns where the data path begins that ends the catalog of a lake, as in "ducklake:postgres:…?data_path=…". The last
// such option counts: a password may contain an earlier one.
std::size_t catalog_end(std::string_view text) {
  const auto scheme = text.find("ducklake:");
  const auto divider = text.rfind("?data_path=");
  return scheme == none || divider == none || divider < scheme ? text.size() : divider;
}

// password=secret, sslpassword = 'se cret', ?password=secret&…
std::string mask_keys(std::string_view text) {
  constexpr std::string_view key = "password";
  const auto after_catalog = text.size() - catalog_end(text);
  std::string masked;
  for (;;) {
    const auto* const found = std::search(text.begin(), text.end(), key.begin(), key.end(), equal_letters);
    if (found == text.end()) return masked.append(text);
    const auto begin = static_cast<std::size_t>(found - text.begin());
    auto name = text.substr(0, begin);
    while (!name.empty() && std::isalpha(static_cast<unsigned char>(name.back())) != 0) name.remove_suffix(1);
    const bool in_query = name.ends_with('?') || name.ends_with('&');

    auto value = begin + key.size();
    const auto skip_spaces = [&] {
      while (value < text.size() && is_space(text[value])) ++value;
    };
    skip_spaces();
    const bool assigned = value < text.size() && text[value] == '=';
    if (assigned) {
      ++value;
      skip_spaces();
    }
    masked.append(text.substr(0, value));
    text.remove_prefix(value);
    if (!assigned || text.empty()) continue;
    auto length = in_query ? std::min(text.find_first_of("& \t\r\n"), text.size()) : conninfo_value(text);
    if (text.size() > after_catalog) length = std::min(length, text.size() - after_catalog);
    masked.append(mask);
    text.remove_prefix(length);
  }
}

bool ends_token(char c) {
  constexpr std::string_view ends = "\"'`()<>,;";
  return is_space(c) || ends.find(c) != none;
}

// Masks joe:secret@host, a URL that lost its scheme, but not `host:5432`, which has no '@', nor a time.
std::string mask_pair(std::string_view token) {
  const auto colon = token.find(':');
  const auto at = token.rfind('@');
  if (colon == none || colon == 0 || at == none || at < colon + 2 || at + 1 == token.size()) return std::string(token);
  if (token.find("://") != none) return std::string(token);  // mask_urls has handled it
  static constexpr std::string_view marks = "_.-+%~";
  const auto is_of_a_name = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || marks.find(c) != none;
  };
  if (!std::ranges::all_of(token.substr(0, colon), is_of_a_name)) return std::string(token);
  return std::string(token.substr(0, colon + 1)).append(mask).append(token.substr(at));
}

std::string mask_pairs(std::string_view text) {
  if (text.find('@') == none) return std::string(text);
  std::string masked;
  while (!text.empty()) {
    const auto end = static_cast<std::size_t>(std::ranges::find_if(text, ends_token) - text.begin());
    masked += mask_pair(text.substr(0, end));
    masked += text.substr(end, 1);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return masked;
}

// Masks ?motherduck_token=secret&secret_access_key=secret: parameters of a URL whose names mean that they are secret.
std::string mask_parameters(std::string_view text) {
  constexpr std::array<std::string_view, 7> words = {"token", "secret", "passwd", "pwd", "_key", "credential", "sig"};
  std::string masked;
  while (true) {
    const auto begin = text.find_first_of("?&");
    if (begin == none) return masked.append(text);
    masked.append(text.substr(0, begin + 1));
    text.remove_prefix(begin + 1);
    const auto equals = text.find_first_of("=?& \t\r\n\"'");
    if (equals == none || text[equals] != '=') continue;
    const auto name = text.substr(0, equals);
    masked.append(text.substr(0, equals + 1));
    text.remove_prefix(equals + 1);
    const bool is_secret = std::ranges::any_of(words, [name](std::string_view word) {
      return std::search(name.begin(), name.end(), word.begin(), word.end(), equal_letters) != name.end();
    });
    const auto length = std::min(text.find_first_of("& \t\r\n\"'"), text.size());
    masked.append(is_secret && length > 0 ? mask : text.substr(0, length));
    text.remove_prefix(length);
  }
}

}  // namespace

std::string mask_secrets(std::string_view text) {
  return mask_parameters(mask_pairs(mask_keys(mask_urls(text))));
}

}  // namespace walbrook
