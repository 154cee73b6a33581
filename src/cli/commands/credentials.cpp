#include "cli/commands/credentials.h"

#include <algorithm>

#include "base/error.h"
#include "postgres/connection/conninfo.h"

namespace walbrook::cli {

std::string resolve_source(const config::Configuration& settings) {
  const auto value = settings.source_credentials();
  if (!value) return {};
  const auto label = value->origin.label();
  if (value->text.empty()) {
    throw Error(ErrorKind::configuration, label + " is empty", "Leave it out to use libpq's environment.");
  }
  postgres::check_conninfo(value->text, label);
  return value->text;
}

std::string default_destination(const std::string& conninfo) {
  std::string database = postgres::database_of(conninfo);
  if (database.empty()) database = "walbrook";
  std::replace(database.begin(), database.end(), '/', '_');
  return "duckdb:///" + database + ".duckdb";
}

}  // namespace walbrook::cli
