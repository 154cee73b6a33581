#include "destination/filesystem/bucket_storage.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/environment.h"
#include "base/error.h"
#include "base/percent_encoding.h"
#include "destination/destination.h"
#include "destination/duckdb/extension.h"

namespace walbrook::destination::filesystem {
namespace {

using duckdb::literal;

// Fills in what the URL leaves open from the variables that other programs read.
BucketAccess with_environment(BucketAccess access) {
  const auto fill = [](std::string& text, std::initializer_list<const char*> names) {
    if (text.empty()) text = first_variable({names.begin(), names.size()});
  };
  if (access.key_id.empty()) {
    fill(access.key_id, {"AWS_ACCESS_KEY_ID"});
    fill(access.secret, {"AWS_SECRET_ACCESS_KEY"});
    fill(access.session_token, {"AWS_SESSION_TOKEN"});
  }
  fill(access.region, {"AWS_REGION", "AWS_DEFAULT_REGION"});
  fill(access.endpoint, {"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"});
  for (const auto& [scheme, ssl] :
       {std::pair<std::string_view, const char*>{"http://", "false"}, {"https://", "true"}}) {
    if (!access.endpoint.starts_with(scheme)) continue;
    access.endpoint.erase(0, scheme.size());
    if (access.use_ssl.empty()) access.use_ssl = ssl;
  }
  while (access.endpoint.ends_with('/')) access.endpoint.pop_back();
  return access;
}

std::string secret_sql(const BucketAccess& access) {
  std::string sql = "CREATE OR REPLACE SECRET walbrook (TYPE s3";
  const std::array<std::pair<const char*, const std::string*>, 6> texts = {{{"KEY_ID", &access.key_id},
                                                                            {"SECRET", &access.secret},
                                                                            {"SESSION_TOKEN", &access.session_token},
                                                                            {"REGION", &access.region},
                                                                            {"ENDPOINT", &access.endpoint},
                                                                            {"URL_STYLE", &access.url_style}}};
  for (const auto& [name, text] : texts) {
    if (!text->empty()) sql += fmt::format(", {} {}", name, literal(*text));
  }
  if (!access.use_ssl.empty()) sql += fmt::format(", USE_SSL {}", access.use_ssl == "false" ? "false" : "true");
  return sql + ")";
}

// Returns the status that the server answered, "503 Service Unavailable" or only "503"; "" if it did not answer. DuckDB
// (1.5.5) says "HTTP Error: … (HTTP 404 Not Found)", or "HTTP Error: Request returned HTTP 503 for HTTP PUT to 'URL'".
std::string answered_status(std::string_view cause) {
  for (const auto& [before, after] : {std::pair<std::string_view, std::string_view>{"(HTTP ", ")"},
                                      std::pair<std::string_view, std::string_view>{"returned HTTP ", " for HTTP "}}) {
    const auto found = cause.find(before);
    if (found == std::string_view::npos) continue;
    const auto status = cause.substr(found + before.size());
    return std::string(status.substr(0, status.find(after)));
  }
  return {};
}

bool is_not_found(const Error& failed) {
  return answered_status(failed.cause()).starts_with("404");
}

// Returns why the server did not answer, or that it cannot do its work now; "" for every other failure. DuckDB (1.5.5)
// says "IO Error: Could not connect to server error for HTTP PUT to 'URL'".
std::string outage(std::string_view cause) {
  if (const auto status = answered_status(cause); !status.empty()) return status[0] == '5' ? "HTTP " + status : "";
  const auto end = cause.find(" error for HTTP ");
  if (end == std::string_view::npos) return {};
  const auto begin = cause.rfind(": ", end);
  return std::string(begin == std::string_view::npos ? cause.substr(0, end) : cause.substr(begin + 2, end - begin - 2));
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

void prepare_bucket_access(duckdb::Database& database, const Location& location, const std::string& extension_folder) {
  duckdb::Connection connection(database.shared_from_this());
  duckdb::load_extension(connection, "httpfs", location.root, extension_folder);
  try {
    connection.execute(secret_sql(with_environment(location.access)), "setting the credentials");
  } catch (const Error&) {  // DuckDB's message may quote the statement
    throw Error(ErrorKind::configuration, fmt::format("DuckDB does not take the settings for {}", location.root),
                "Look at region, endpoint, url_style and use_ssl in the destination's URL.");
  }
}

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
  const auto reason = outage(failed.cause());
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
