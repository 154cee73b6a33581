#include "destination/duckdb/motherduck.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <string_view>

#include "base/destination_name.h"
#include "base/environment.h"
#include "base/error.h"
#include "base/mask_secrets.h"
#include "base/percent_encoding.h"
#include "destination/duckdb/extension.h"

namespace walbrook::destination::duckdb {
namespace {

// The parameters that name the token: MotherDuck's own, and dlt's.
constexpr std::array<std::string_view, 2> token_parameters = {"motherduck_token", "token"};
constexpr std::array<const char*, 2> token_variables = {"MOTHERDUCK_TOKEN", "motherduck_token"};

[[noreturn]] void refuse(const std::string& url, std::string_view why) {
  throw Error(ErrorKind::configuration, fmt::format("the destination \"{}\" {}", mask_secrets(url), why),
              "Write md:shop for the database shop of MotherDuck; MOTHERDUCK_TOKEN holds the token.");
}

std::string token_of(const MotherDuckUrl& parsed, const std::string& label) {
  if (!parsed.token.empty()) return parsed.token;
  if (auto token = first_variable(token_variables); !token.empty()) return token;
  throw Error(ErrorKind::configuration, fmt::format("{} needs a token of MotherDuck, and none is set", label),
              "Set MOTHERDUCK_TOKEN, or append the token to credentials of [destination.motherduck] in "
              ".walbrook/secrets.toml, as the URL's parameter motherduck_token.");
}

std::string without_token(std::string text, const std::string& token) {
  for (auto at = text.find(token); at != std::string::npos; at = text.find(token))
    text.replace(at, token.size(), "***");
  return text;
}

void attach(Connection& connection, const std::string& database, const std::string& token,
            const std::string& extension_directory) {
  const auto label = "md:" + database;
  load_extension(connection, "motherduck", label, extension_directory);
  for (const auto& sql : {"SET motherduck_token = " + literal(token), "ATTACH " + literal(label)}) {
    const auto failure = connection.failure_of(sql);
    if (failure.empty()) continue;
    throw Error(ErrorKind::destination,
                fmt::format("DuckDB cannot attach {}: {}", label, mask_secrets(without_token(failure, token))),
                "The database must exist in the account of the token (CREATE DATABASE in MotherDuck).");
  }
}

}  // namespace

MotherDuckUrl parse_motherduck_url(const std::string& url) {
  auto rest = std::string_view(url).substr(url_scheme(url).size() + 1);
  for (const std::string_view slashes : {"///", "//"}) {
    if (!rest.starts_with(slashes)) continue;
    rest.remove_prefix(slashes.size());
    break;
  }
  MotherDuckUrl parsed;
  const auto question = rest.find('?');
  parsed.database = rest.substr(0, question);
  const auto is_plain = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '-'; };
  if (parsed.database.empty()) refuse(url, "names no database");
  if (!std::ranges::all_of(parsed.database, is_plain)) refuse(url, "has a name that is not letters, digits, _ and -");
  if (question == std::string_view::npos) return parsed;
  const auto parameter = rest.substr(question + 1);
  const auto equals = parameter.find('=');
  if (equals == std::string_view::npos || parameter.find('&') != std::string_view::npos ||
      std::ranges::find(token_parameters, parameter.substr(0, equals)) == token_parameters.end()) {
    refuse(url, "has other options after \"?\" than motherduck_token");
  }
  parsed.token = percent_decoded(parameter.substr(equals + 1));
  return parsed;
}

DatabaseOptions motherduck_options(const DestinationOptions& options) {
  const auto parsed = parse_motherduck_url(options.url);
  const auto label = "md:" + parsed.database;
  const auto temporary = std::filesystem::temp_directory_path() / fmt::format("walbrook-motherduck-{}", ::getpid());
  return {
      .path = "",
      .label = label,
      .temporary_folder = temporary.string(),
      .read_only = options.read_only,
      .memory_limit = options.memory_limit,
      .threads = options.threads,
      .attachment = Attachment{
          .catalog = parsed.database,
          .attach = [database = parsed.database, token = token_of(parsed, label), folder = options.extension_directory](
                        Connection& connection, bool /*read_only*/) { attach(connection, database, token, folder); }}};
}

}  // namespace walbrook::destination::duckdb
