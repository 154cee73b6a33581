#include "base/destination_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/error.h"
#include "base/mask_secrets.h"
#include "base/text.h"

namespace walbrook {
namespace {

constexpr std::array<std::string_view, 1> duckdb_schemes = {"duckdb"};

constexpr std::array<std::string_view, 2> postgresql_schemes = {"postgresql", "postgres"};

constexpr std::array<std::string_view, 2> motherduck_schemes = {"md", "motherduck"};
constexpr std::array<std::string_view, 2> filesystem_schemes = {"file", "s3"};
constexpr std::array<std::string_view, 1> ducklake_schemes = {"ducklake"};

// Like the source's section in share/project.
constexpr std::string_view postgresql_secrets = R"(
[destination.postgresql.credentials]
drivername = "postgresql"
database = "please set me up!"
username = "please set me up!"
password = "please set me up!"
host = "please set me up!"
port = 5432
)";

constexpr std::string_view motherduck_secrets = R"(
[destination.motherduck]
credentials = "please set me up!"   # md:shop?motherduck_token=TOKEN
)";

constexpr std::string_view filesystem_secrets = R"(
[destination.filesystem]
bucket_url = "please set me up!"   # file:///data/lake, s3://bucket/lake
)";

constexpr std::string_view ducklake_secrets = R"(
[destination.ducklake]
credentials = "please set me up!"   # ducklake:postgres:dbname=lake host=db?data_path=s3://bucket/lake
)";

constexpr std::array known = {
    DestinationWords{
        .kind = duckdb_destination,
        .schemes = duckdb_schemes,
        .example = "duckdb:///shop.duckdb",
        .place = "the DuckDB file pg_replication_pipeline.duckdb; another file: \"duckdb:///shop.duckdb\""},
    DestinationWords{.kind = "postgresql",
                     .schemes = postgresql_schemes,
                     .example = "postgresql://user@host/db",
                     .place = "the database of [destination.postgresql.credentials]",
                     .secrets = postgresql_secrets},
    DestinationWords{.kind = filesystem_destination,
                     .schemes = filesystem_schemes,
                     .example = "file:///data/lake, s3://bucket/lake",
                     .place = "the folder or bucket of [destination.filesystem]",
                     .secrets = filesystem_secrets},
    DestinationWords{.kind = ducklake_destination,
                     .schemes = ducklake_schemes,
                     .example = "ducklake:shop.ducklake?data_path=lake",
                     .place = "the lake of [destination.ducklake]",
                     .secrets = ducklake_secrets},
    DestinationWords{.kind = motherduck_destination,
                     .schemes = motherduck_schemes,
                     .example = "md:shop",
                     .place = "the database of [destination.motherduck]",
                     .secrets = motherduck_secrets},
};

std::string known_kinds() {
  std::string text;
  for (const auto& each : known) text += fmt::format("{}{}", text.empty() ? "" : ", ", each.kind);
  return text;
}

std::string known_urls() {
  std::string text;
  for (const auto& each : known) text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", each.kind, each.example);
  return text;
}

}  // namespace

std::span<const DestinationWords> known_destinations() {
  return known;
}

const DestinationWords* find_destination_kind(std::string_view kind) {
  const auto* const found = std::ranges::find(known, kind, &DestinationWords::kind);
  return found == known.end() ? nullptr : found;
}

bool is_destination_kind(std::string_view text) {
  return !text.empty() && text.find_first_of("./:") == std::string_view::npos;
}

void check_destination_kind(std::string_view label, std::string_view text, std::string_view setting) {
  if (!is_destination_kind(text) || find_destination_kind(text) != nullptr) return;
  const auto shown = printable(mask_secrets(text));
  throw Error(ErrorKind::configuration, fmt::format("{} \"{}\" is not a known destination", label, shown),
              fmt::format("Known: {0}. A file is named by its path or with its suffix: ./{1}, {1}.duckdb or "
                          "duckdb:///{1}.duckdb.",
                          known_kinds(), shown),
              {.setting = std::string(setting)});
}

std::string_view url_scheme(std::string_view url) {
  const auto colon = url.find(':');
  if (colon == std::string_view::npos || colon < 2 || std::isalpha(static_cast<unsigned char>(url[0])) == 0) return {};
  const auto scheme = url.substr(0, colon);
  const auto fits = [](unsigned char c) { return std::isalnum(c) != 0 || c == '+' || c == '-' || c == '.'; };
  return std::ranges::all_of(scheme, fits) ? scheme : std::string_view{};
}

const DestinationWords& destination_words(std::string_view url) {
  auto scheme = url_scheme(url);
  if (scheme.empty()) scheme = duckdb_destination;
  const auto* const found = std::ranges::find_if(
      known, [&](const auto& each) { return std::ranges::find(each.schemes, scheme) != each.schemes.end(); });
  if (found != known.end()) return *found;
  throw Error(ErrorKind::configuration, "unknown kind of destination \"" + std::string(scheme) + "\"",
              fmt::format("Known: {}.", known_urls()));
}

}  // namespace walbrook
