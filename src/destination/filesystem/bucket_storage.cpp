#include "destination/filesystem/bucket_storage.h"

#include <fmt/format.h>

#include <utility>

#include "base/error.h"
#include "base/percent_encoding.h"
#include "destination/destination.h"
#include "destination/duckdb/bucket_access.h"

namespace walbrook::destination::filesystem {
namespace {

using duckdb::literal;

bool is_not_found(const Error& failed) {
  return duckdb::answered_status(failed.cause()).starts_with("404");
}

// DuckDB (1.5.5) decodes the names that it lists.
std::string encoded_name(const std::string& listed) {
  std::string name;
  for (const char c : percent_decoded(listed)) {
    name += c == '/' || c == '=' ? std::string(1, c) : percent_encoded(std::string(1, c));
  }
  return name;
}

}  // namespace

void BucketStorage::put(const std::string& name, std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);  // DuckDB ends the line
  duckdb::Connection connection(database_);
  try {
    connection.execute(fmt::format("COPY (SELECT {}) TO {} (FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER "
                                   "E'\\x01')",
                                   literal(text), literal(path_of(name))),
                       "writing " + name);
  } catch (const Error& failed) {  // the store may have taken it, and only its answer may be lost
    throw Error(ErrorKind::in_doubt, failed.cause(), failed.remedy(), failed.facts());
  }
}

void BucketStorage::explain(const Error& failed) const {
  const auto reason = duckdb::outage(failed.cause());
  if (reason.empty()) return;
  throw DestinationUnreachable(fmt::format("the bucket {} cannot be reached: {}", root_, reason),
                               "Nothing is lost. Look at the endpoint in the destination's URL or in the environment, "
                               "and at the network.");
}

std::optional<std::vector<duckdb::Row>> BucketStorage::read(const std::string& sql) {
  duckdb::Connection connection(database_);
  try {
    return connection.rows(sql);
  } catch (const Error& failed) {
    if (is_not_found(failed)) return std::nullopt;
    explain(failed);
    throw;
  }
}

std::optional<std::string> BucketStorage::get(const std::string& name) {
  const auto rows = read("SELECT content FROM read_text(" + literal(path_of(name)) + ")");
  if (!rows) return std::nullopt;
  auto text = rows->at(0).at(0);
  return !text || *text == "\n" ? std::nullopt : text;
}

bool BucketStorage::has(const std::string& name) {
  const auto rows = read("SELECT (size > 1)::VARCHAR FROM read_blob(" + literal(path_of(name)) + ")");
  return rows && rows->at(0).at(0) == "true";  // a line break alone is what remove() leaves
}

std::vector<StoredFile> BucketStorage::list(const std::string& folder) {
  std::vector<StoredFile> files;
  const auto rows = read("SELECT file FROM glob(" + literal(path_of(folder) + "/**") + ")");
  if (!rows) return files;
  for (const auto& row : *rows) {
    const auto path = row.at(0).value_or("");
    if (path.size() <= root_.size()) continue;
    files.push_back({.name = encoded_name(path.substr(root_.size() + 1))});
  }
  return files;
}

void BucketStorage::remove(const std::string& name) noexcept {
  try {
    put(name, "");
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): nothing names it any more
  }
}

}  // namespace walbrook::destination::filesystem
