#include "postgres/connection/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "base/utf8.h"
#include "postgres/connection/connection.h"
#include "postgres/connection/server_text.h"

namespace walbrook::postgres {
namespace {

constexpr int transaction_timeout_since = 170'000;

constexpr std::array session_settings_list = {
    SessionSetting{"datestyle", "ISO"},
    SessionSetting{"intervalstyle", "postgres"},
    SessionSetting{"timezone", "UTC"},
    SessionSetting{"bytea_output", "hex"},
    SessionSetting{"extra_float_digits", "3"},
    SessionSetting{"search_path", ""},
    SessionSetting{"standard_conforming_strings", "on"},
    SessionSetting{"quote_all_identifiers", "off"},
    SessionSetting{"statement_timeout", "0"},
    SessionSetting{"lock_timeout", "0"},
    SessionSetting{"idle_in_transaction_session_timeout", "0"},
    SessionSetting{"idle_session_timeout", "0"},
    SessionSetting{"transaction_timeout", "0", transaction_timeout_since},
    SessionSetting{"default_transaction_read_only", "off"},
    SessionSetting{"default_transaction_isolation", "read committed"},
    SessionSetting{"default_transaction_deferrable", "off"},
};

// The server's encodings of several bytes per character, from src/include/mb/pg_wchar.h.
constexpr std::array<std::string_view, 8> multibyte_encodings = {"UTF8",   "EUC_JP",       "EUC_CN", "EUC_KR",
                                                                 "EUC_TW", "EUC_JIS_2004", "JOHAB",  "MULE_INTERNAL"};

bool is_as_wanted(const SessionSetting& setting, const std::string& shown) {
  const std::string_view wanted = setting.value;
  if (std::string_view(setting.name) == "datestyle") return shown.starts_with(wanted);
  return shown == wanted;
}

// Converts all of `bytes` in one statement and gives each its character. Returns false if the server refused one of
// them, which is then removed from `bytes`. The server's message names the byte in every language ("0x81").
bool ask_characters(Connection& connection, const std::string& encoding, std::vector<unsigned>& bytes,
                    SingleByteText::UpperHalf& upper_half) {
  std::string hex;
  for (const auto byte : bytes) hex += fmt::format("{:02x}", byte);
  std::string converted;
  try {
    converted =
        bytes_from_hex(connection
                           .query(fmt::format("SELECT pg_catalog.convert(pg_catalog.decode('{}', 'hex'), '{}', 'UTF8')",
                                              hex, encoding),
                                  {}, "reading the characters of " + encoding)
                           .text(0, 0));
  } catch (const Error& refused) {
    if (refused.facts().sqlstate != "22P05") throw;  // untranslatable_character
    const auto without = std::ranges::find_if(bytes, [&refused](unsigned byte) {
      return refused.cause().find(fmt::format("0x{:02x}", byte)) != std::string::npos;
    });
    if (without == bytes.end()) throw;
    bytes.erase(without);
    return false;
  }
  std::string_view rest = converted;
  for (const auto byte : bytes) {
    std::size_t length = 1;
    while (length < rest.size() && (static_cast<unsigned char>(rest[length]) & 0xC0U) == 0x80U) ++length;
    upper_half[byte - 0x80U] = std::string(rest.substr(0, length));
    rest.remove_prefix(std::min(length, rest.size()));
  }
  if (!rest.empty() || !is_utf8(converted)) {
    throw Error(ErrorKind::source_not_ready,
                fmt::format("{} has a conversion from {} to UTF8 that is not one character for each byte",
                            connection.where(), encoding));
  }
  return true;
}

std::string server_encoding(const Connection& connection) {
  const char* reported = PQparameterStatus(connection.raw(), "server_encoding");
  return reported != nullptr ? reported : "UTF8";
}

std::shared_ptr<const SourceText> ask_single_byte(Connection& connection, const std::string& encoding) {
  std::vector<unsigned> bytes;
  for (unsigned byte = 0x80; byte <= 0xFF; ++byte) bytes.push_back(byte);
  SingleByteText::UpperHalf upper_half;
  while (!ask_characters(connection, encoding, bytes, upper_half)) {
  }
  return std::make_shared<const SingleByteText>(std::move(upper_half));
}

}  // namespace

std::span<const SessionSetting> session_settings() {
  return session_settings_list;
}

std::string startup_options() {
  std::string options;
  for (const auto& setting : session_settings_list) {
    if (setting.since_version > 0) continue;  // an older server refuses an unknown setting
    options += fmt::format("{}-c {}=", options.empty() ? "" : " ", setting.name);
    for (const char* c = setting.value; *c != '\0'; ++c) {
      if (*c == ' ') options.push_back('\\');
      options.push_back(*c);
    }
  }
  return options;
}

void require_settings(Connection& connection, std::span<const SessionSetting> settings) {
  std::string list;
  std::vector<const SessionSetting*> asked;
  for (const auto& setting : settings) {
    if (connection.server_version() < setting.since_version) continue;
    list += fmt::format("{}pg_catalog.set_config('{}', '{}', false)", list.empty() ? "" : ", ", setting.name,
                        setting.value);
    asked.push_back(&setting);
  }
  const auto shown = connection.query("SELECT " + list, {}, "setting up the session");
  for (std::size_t i = 0; i < asked.size(); ++i) {
    const auto value = shown.text(0, static_cast<int>(i));
    if (is_as_wanted(*asked[i], value)) continue;
    throw Error(ErrorKind::source_not_ready,
                fmt::format("the session at {} has {} = '{}', and setting it to '{}' had no effect", connection.where(),
                            asked[i]->name, value, asked[i]->value),
                "Values would arrive in another form. Look for a pooler in between or an extension that sets it.",
                {.server = connection.where()});
  }
}

std::shared_ptr<const SourceText> use_own_encoding(Connection& connection) {
  const auto encoding = server_encoding(connection);
  if (std::ranges::find(multibyte_encodings, encoding) != multibyte_encodings.end()) return nullptr;
  const std::array wanted = {SessionSetting{"client_encoding", encoding.c_str()}};
  require_settings(connection, wanted);
  if (encoding == "SQL_ASCII") return std::make_shared<const AnyBytes>();
  if (auto known = connection.endpoint().known_text(encoding)) return known;
  auto text = ask_single_byte(connection, encoding);
  connection.endpoint().keep_text(encoding, text);
  return text;
}

std::shared_ptr<const SourceText> use_multibyte_encoding(Connection& connection) {
  const auto encoding = server_encoding(connection);
  if (encoding == "UTF8") return nullptr;
  const std::array wanted = {SessionSetting{"client_encoding", encoding.c_str()}};
  require_settings(connection, wanted);
  return std::make_shared<const ServerText>(connection.endpoint(), encoding);
}

}  // namespace walbrook::postgres
