#include "postgres/connection/server_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/hex.h"
#include "postgres/connection/connection.h"
#include "postgres/values/value_text.h"

// This function is libpq's, but it is declared in a header of the server (mb/pg_wchar.h).
extern "C" int pg_char_to_encoding(const char* name);

namespace walbrook::postgres {
namespace {

bool begins_character(char c) {
  return (static_cast<unsigned char>(c) & 0x80U) != 0;
}

}  // namespace

bool is_unconvertible(std::string_view sqlstate) {
  return sqlstate == "22P05" || sqlstate == "22021";
}

std::string bytes_from_hex(std::string_view hex) {
  return bytes_of_hex(hex.substr(std::min<std::size_t>(2, hex.size())));
}

ServerText::ServerText(Endpoint endpoint, std::string encoding)
    : endpoint_(std::move(endpoint)), encoding_(std::move(encoding)), number_(pg_char_to_encoding(encoding_.c_str())) {}
ServerText::~ServerText() = default;

std::size_t ServerText::length(std::string_view bytes) const {
  // PQmblen reads at most two bytes, and its argument ends with a zero.
  const std::string front(bytes.substr(0, 4));
  return std::clamp<std::size_t>(static_cast<std::size_t>(PQmblen(front.c_str(), number_)), 1, bytes.size());
}

bool ServerText::to_utf8(std::string_view bytes, std::string& out) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string_view> characters;
  std::vector<std::string> unknown;
  for (auto rest = bytes; !rest.empty();) {
    characters.push_back(rest.substr(0, begins_character(rest.front()) ? length(rest) : 1));
    rest.remove_prefix(characters.back().size());
    if (begins_character(characters.back().front()) && !to_utf8_.contains(characters.back())) {
      unknown.emplace_back(characters.back());
    }
  }
  std::ranges::sort(unknown);
  unknown.erase(std::unique(unknown.begin(), unknown.end()), unknown.end());
  ask(unknown, encoding_.c_str(), "UTF8", to_utf8_);
  out.clear();
  for (const auto character : characters) {
    if (!begins_character(character.front())) {
      out.append(character);
      continue;
    }
    const auto& converted = to_utf8_.find(character)->second;
    if (converted.empty()) return false;
    out.append(converted);
  }
  return true;
}

std::size_t ServerText::character(std::string_view bytes, std::string_view& utf8) const {
  const std::lock_guard lock(mutex_);
  const std::string one(bytes.substr(0, length(bytes)));
  if (!to_utf8_.contains(one)) ask({one}, encoding_.c_str(), "UTF8", to_utf8_);
  utf8 = to_utf8_.find(one)->second;
  return one.size();
}

std::string_view ServerText::bytes_of(std::string_view utf8) const {
  const std::lock_guard lock(mutex_);
  const std::string one(utf8);
  if (!from_utf8_.contains(one)) ask({one}, "UTF8", encoding_.c_str(), from_utf8_);
  return from_utf8_.find(one)->second;
}

// A character that cannot be converted fails the whole statement. Then each half is requested separately.
void ServerText::ask(const std::vector<std::string>& characters, const char* from, const char* to,
                     Characters& known) const {
  if (characters.empty()) return;
  if (connection_ == nullptr) {
    connection_ = std::make_unique<Connection>(Connection::open(endpoint_, ConnectionUse::catalog));
  }
  std::string list;
  for (const auto& character : characters) {
    list += fmt::format("{}pg_catalog.decode('{}', 'hex')", list.empty() ? "" : ", ", hex_digits(character));
  }
  try {
    const auto rows = connection_->query(
        fmt::format("SELECT pg_catalog.convert(bytes, '{}', '{}') FROM ROWS FROM (pg_catalog.unnest(ARRAY[{}])) "
                    "WITH ORDINALITY AS asked(bytes, place) ORDER BY place",
                    from, to, list),
        {}, "reading characters of " + encoding_);
    for (std::size_t i = 0; i < characters.size(); ++i) {
      known[characters[i]] = bytes_from_hex(rows.text(static_cast<int>(i), 0));
    }
  } catch (const Error& refused) {
    if (refused.kind() == ErrorKind::connection) connection_.reset();
    if (!is_unconvertible(refused.facts().sqlstate)) throw;
    if (characters.size() == 1) {
      known[characters.front()] = {};
      return;
    }
    const auto half = characters.begin() + static_cast<std::ptrdiff_t>(characters.size() / 2);
    ask({characters.begin(), half}, from, to, known);
    ask({half, characters.end()}, from, to, known);
  }
}

}  // namespace walbrook::postgres
