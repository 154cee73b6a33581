#include "source/conninfo.h"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <cstdlib>
#include <memory>
#include <optional>

#include "base/error.h"

namespace walbrook::source {
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

// libpq's reason may quote the very part of the text in which the password stands.
bool may_hold_secret(std::string_view conninfo) {
  const auto scheme = conninfo.find("://");
  return conninfo.find("password") != std::string_view::npos ||
         (scheme != std::string_view::npos && conninfo.find(':', scheme + 3) != std::string_view::npos);
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
  throw Error(ErrorKind::configuration, cause,
              "Form: postgresql://user@host:5432/database or \"host=… dbname=… user=…\". In a URL, /, @, : and % of a "
              "password are written %2F, %40, %3A and %25.");
}

// The settings of the environment and of the service, if one is named.
ConnectionSettings defaults_with_service(const std::string& service) {
  // libpq reads a service's file only through its environment variable or while connecting. No thread runs yet.
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
  const auto given = parse(conninfo, "the source");
  const auto others = defaults_with_service(setting(given, "service"));
  for (auto found : {setting(given, "dbname"), setting(others, "dbname"), setting(given, "user")}) {
    if (!found.empty()) return found;
  }
  return setting(others, "user");
}

}  // namespace walbrook::source
