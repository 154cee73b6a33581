#include "destination/duckdb/bucket_access.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/environment.h"
#include "base/error.h"
#include "base/percent_encoding.h"
#include "destination/duckdb/extension.h"

namespace walbrook::destination::duckdb {
namespace {

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

}  // namespace

bool set_bucket_option(BucketAccess& access, std::string_view name, const std::string& value) {
  const std::array<std::pair<std::string_view, std::string*>, 5> texts = {{{"region", &access.region},
                                                                           {"endpoint", &access.endpoint},
                                                                           {"url_style", &access.url_style},
                                                                           {"use_ssl", &access.use_ssl},
                                                                           {"session_token", &access.session_token}}};
  for (const auto& [known, text] : texts) {
    if (known != name) continue;
    *text = value;
    return true;
  }
  return false;
}

std::string parse_bucket(BucketAccess& access, std::string_view rest) {
  constexpr std::string_view slashes = "//";
  if (!rest.starts_with(slashes)) return {};
  rest.remove_prefix(slashes.size());
  const auto authority = rest.substr(0, rest.find('/'));
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
    const auto login = authority.substr(0, at);
    const auto colon = login.find(':');
    access.key_id = percent_decoded(login.substr(0, colon));
    if (colon != std::string_view::npos) access.secret = percent_decoded(login.substr(colon + 1));
    rest.remove_prefix(at + 1);
  }
  while (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.empty() || rest.starts_with('/')) return {};
  return fmt::format("s3://{}", percent_decoded(rest));
}

void prepare_bucket_access(Connection& connection, const std::string& root, const BucketAccess& access,
                           const std::string& extension_folder) {
  load_extension(connection, "httpfs", root, extension_folder);
  try {
    connection.execute(secret_sql(with_environment(access)), "setting the credentials");
  } catch (const Error&) {  // DuckDB's message may quote the statement
    throw Error(ErrorKind::configuration, fmt::format("DuckDB does not take the settings for {}", root),
                "Look at region, endpoint, url_style and use_ssl in the destination's URL.");
  }
}

// DuckDB (1.5.5) says "HTTP Error: … (HTTP 404 Not Found)", or "HTTP Error: Request returned HTTP 503 for HTTP PUT to
// 'URL'".
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

// DuckDB (1.5.5) says "IO Error: Could not connect to server error for HTTP PUT to 'URL'".
std::string outage(std::string_view cause) {
  if (const auto status = answered_status(cause); !status.empty()) return status[0] == '5' ? "HTTP " + status : "";
  const auto end = cause.find(" error for HTTP ");
  if (end == std::string_view::npos) return {};
  const auto begin = cause.rfind(": ", end);
  return std::string(begin == std::string_view::npos ? cause.substr(0, end) : cause.substr(begin + 2, end - begin - 2));
}

}  // namespace walbrook::destination::duckdb
