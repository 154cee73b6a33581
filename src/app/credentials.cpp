#include "app/credentials.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "source/conninfo.h"

namespace walbrook::app {
std::vector<std::string> take_arguments(int argc, char** argv) {
  std::vector<std::string> arguments;
  for (int i = 1; i < argc; ++i) {
    arguments.emplace_back(argv[i]);
    const std::string masked = mask_secrets(arguments.back());
    if (masked == arguments.back()) continue;
    // The memory is only as long as the argument was; what is left over becomes empty.
    const std::size_t length = std::strlen(argv[i]);
    std::memset(argv[i], 0, length);
    std::memcpy(argv[i], masked.data(), std::min(length, masked.size()));
  }
  return arguments;
}

std::string resolve_source(const config::Configuration& settings) {
  const auto value = settings.source_credentials();
  if (!value) return {};
  const auto label = value->origin.label();
  if (value->text.empty()) {
    throw Error(ErrorKind::configuration, label + " is empty", "Leave it out to use libpq's environment.");
  }
  source::check_conninfo(value->text, label);
  return value->text;
}

std::string default_destination(const std::string& conninfo) {
  std::string database = source::database_of(conninfo);
  if (database.empty()) database = "walbrook";
  std::replace(database.begin(), database.end(), '/', '_');
  return "duckdb:///" + database + ".duckdb";
}

}  // namespace walbrook::app
