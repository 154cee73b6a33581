#include "postgres/connection/conninfo.h"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <optional>
#include <vector>

#include "base/error.h"
#include "base/names.h"
#include "base/text.h"

namespace walbrook::postgres {
namespace {

struct OptionsDeleter {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using ConnectionSettings = std::unique_ptr<PQconninfoOption, OptionsDeleter>;

std::string setting(const ConnectionSettings& settings, std::string_view keyword) {
  for (const auto* option = settings.get(); option != nullptr && option->keyword != nullptr; ++option) {
    if (option->keyword == keyword && option->val != nullptr) return option->val;
  }
  return {};
}

// Returns whether libpq's reason may quote the part of the text that holds the password.
bool may_hold_secret(std::string_view conninfo) {
  const auto scheme = conninfo.find("://");
  return conninfo.find("password") != std::string_view::npos ||
         (scheme != std::string_view::npos && conninfo.find(':', scheme + 3) != std::string_view::npos);
}

std::vector<std::string> known_parameters() {
  std::vector<std::string> names;
  const ConnectionSettings settings(PQconndefaults());
  for (const auto* option = settings.get(); option != nullptr && option->keyword != nullptr; ++option) {
    names.emplace_back(option->keyword);
  }
  return names;
}

// Returns `text` up to the first of `ends`, and removes it together with that character.
std::string_view take_until(std::string_view& text, std::string_view ends) {
  const auto end = std::min(text.find_first_of(ends), text.size());
  const auto taken = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return taken;
}

// Returns the names before a "=" in a URL's query or in a key=value string. A quoted value may hold what looks like
// another name, so in such a string only the names before the first quote are returned.
std::vector<std::string> written_parameters(std::string_view conninfo) {
  std::vector<std::string> names;
  const bool is_url = conninfo.find("://") != std::string_view::npos;
  if (is_url) take_until(conninfo, "?");
  while (!conninfo.empty()) {
    auto part = take_until(conninfo, is_url ? "&" : " \t\r\n");
    if (!is_url && part.find('\'') != std::string_view::npos) break;
    if (part.find('=') != std::string_view::npos) names.emplace_back(take_until(part, "="));
  }
  return names;
}

// Only a word in the form of a name is ever shown, because anything else may be a part of a password.
std::optional<std::string> unknown_parameter(const std::string& conninfo) {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
  const auto known = known_parameters();
  for (const auto& name : written_parameters(conninfo)) {
    if (name.empty() || name.find_first_not_of(letters) != std::string::npos) continue;
    const bool is_alias = name == "ssl" || name == "requiressl";  // of JDBC; libpq takes it in a URL
    if (!is_alias && std::ranges::find(known, name) == known.end()) return name;
  }
  return std::nullopt;
}

ConnectionSettings parse(const std::string& conninfo, std::string_view origin) {
  char* reason = nullptr;
  ConnectionSettings settings(PQconninfoParse(conninfo.c_str(), &reason));
  const std::unique_ptr<char, decltype(&PQfreemem)> owned(reason, &PQfreemem);
  if (settings) return settings;
  std::string cause = fmt::format("{} is not a connection string that libpq can read", origin);
  if (!may_hold_secret(conninfo) && reason != nullptr) {
    std::string_view line = reason;
    line = line.substr(0, line.find('\n'));
    cause += fmt::format(": {}", line);
  }
  if (const auto unknown = unknown_parameter(conninfo)) {
    const auto known = known_parameters();
    const auto meant = nearest(*unknown, known);
    throw Error(ErrorKind::configuration,
                fmt::format("{} has a parameter that libpq does not know: {}", origin, printable(*unknown)),
                meant.empty()
                    ? "Leave it out: libpq does not know the parameters of other drivers. Its documentation lists "
                      "them (\"Parameter Key Words\")."
                    : fmt::format("Did you mean {}?", meant));
  }
  throw Error(ErrorKind::configuration, cause,
              "Form: postgresql://user@host:5432/database or \"host=… dbname=… user=…\". In a URL, /, @, : and % of a "
              "password are written %2F, %40, %3A and %25.");
}

// Returns the settings of the environment, and of the service if one is named.
ConnectionSettings defaults_with_service(const std::string& service) {
  // libpq reads a service's file only through its environment variable or while connecting. No other thread runs yet.
  const char* before = std::getenv("PGSERVICE");
  const std::optional<std::string> kept = before != nullptr ? std::optional<std::string>(before) : std::nullopt;
  if (!service.empty()) setenv("PGSERVICE", service.c_str(), 1);
  ConnectionSettings settings(PQconndefaults());
  if (kept) {
    setenv("PGSERVICE", kept->c_str(), 1);
  } else {
    unsetenv("PGSERVICE");
  }
  return settings;
}

}  // namespace

void check_conninfo(const std::string& conninfo, std::string_view origin) {
  parse(conninfo, origin);
}

std::string database_of(const std::string& conninfo) {
  return server_place(conninfo, "the source").database;
}

ServerPlace server_place(const std::string& conninfo, std::string_view origin) {
  const auto given = parse(conninfo, origin);
  const auto others = defaults_with_service(setting(given, "service"));
  const auto chosen = [&](std::string_view keyword) {
    const auto own = setting(given, keyword);
    return own.empty() ? setting(others, keyword) : own;
  };
  ServerPlace place{.host = chosen("host"), .port = chosen("port"), .database = chosen("dbname")};
  if (place.host.empty()) place.host = chosen("hostaddr");
  if (place.host.empty()) place.host = "localhost";
  if (place.database.empty()) place.database = chosen("user");
  return place;
}

}  // namespace walbrook::postgres
