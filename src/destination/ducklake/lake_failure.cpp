#include "destination/ducklake/lake_failure.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/mask_secrets.h"
#include "destination/duckdb/bucket_access.h"
#include "destination/duckdb/open_file.h"

namespace walbrook::destination::ducklake {
namespace {

// The second one of DuckLake means that its own attempts were not enough; the others are SQLite's and PostgreSQL's.
constexpr std::array<std::string_view, 4> conflicts = {"Transaction conflict", "Exceeded the maximum retry count",
                                                       "database is locked", "deadlock detected"};

// libpq's and PostgreSQL's words for a server that is away, is ending, or is not up yet. Where a connection breaks in a
// transaction, DuckLake (1.5.5) reports only that its ROLLBACK failed, or reads the result of a failed query.
constexpr std::array<std::string_view, 14> outages = {"Unable to connect to Postgres",
                                                      "connection to server",
                                                      "could not connect to server",
                                                      "server closed the connection",
                                                      "no connection to the server",
                                                      "terminating connection",
                                                      "connection not open",
                                                      "the database system is",
                                                      "could not receive data from server",
                                                      "could not send data to server",
                                                      "Connection refused",
                                                      "Broken pipe",
                                                      "Failed to execute query \"ROLLBACK\"",
                                                      "fetch from an unsuccessful query result"};

// A server's words for a connection that it will refuse the next time, too.
constexpr std::array<std::string_view, 4> refusals = {"\" does not exist", "password authentication failed",
                                                      "no password supplied", "no pg_hba.conf entry"};

template <std::size_t size>
bool contains_any(std::string_view message, const std::array<std::string_view, size>& texts) {
  return std::ranges::any_of(texts,
                             [message](std::string_view text) { return message.find(text) != std::string_view::npos; });
}

}  // namespace

duckdb::Failure failure_of(std::string_view message) {
  if (contains_any(message, conflicts)) return duckdb::Failure::conflict;
  if (contains_any(message, refusals)) return duckdb::Failure::of_statement;
  if (contains_any(message, outages) || !duckdb::outage(message).empty()) return duckdb::Failure::unreachable;
  return duckdb::Failure::of_statement;
}

bool is_locked(std::string_view message) {
  constexpr std::array<std::string_view, 2> locks = {"Could not set lock on file", "Conflicting lock is held"};
  return contains_any(message, locks);
}

// PostgreSQL says "duplicate key value violates unique constraint "pg_type_typname_nsp_index"", or "relation … already
// exists".
bool was_created_meanwhile(std::string_view message) {
  constexpr std::array<std::string_view, 2> reasons = {"duplicate key", "already exists"};
  return message.find("Failed to initialize DuckLake") != std::string_view::npos && contains_any(message, reasons);
}

std::string described(std::string_view message, const std::string& data_path) {
  if (const auto reason = duckdb::outage(message); !reason.empty()) {
    return fmt::format("the bucket {} cannot be reached: {}", data_path, reason);
  }
  const auto line = duckdb::first_line(message);
  const auto cause = line.find("connection to server");  // libpq's own words, after the conninfo string, twice
  return mask_secrets(cause == std::string::npos ? line : line.substr(cause));
}

}  // namespace walbrook::destination::ducklake
