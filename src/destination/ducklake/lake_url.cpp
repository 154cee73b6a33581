#include "destination/ducklake/lake_url.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <utility>

#include "base/destination_name.h"
#include "base/error.h"
#include "base/mask_secrets.h"
#include "base/percent_encoding.h"
#include "base/user_paths.h"

namespace walbrook::destination::ducklake {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view data_path_option = "?data_path=";
constexpr std::string_view bucket_scheme = "s3:";

constexpr std::array<std::pair<std::string_view, CatalogKind>, 3> catalog_prefixes = {
    {{"sqlite:", CatalogKind::sqlite}, {"postgres:", CatalogKind::postgres}, {"duckdb:", CatalogKind::file}}};

[[noreturn]] void refuse(const std::string& url, std::string_view why) {
  throw Error(ErrorKind::configuration, fmt::format("the destination \"{}\" {}", mask_secrets(url), why),
              "Write ducklake:CATALOG?data_path=FOLDER. CATALOG is a file (shop.ducklake), sqlite:FILE or "
              "postgres:dbname=lake host=db; FOLDER is a folder or s3://bucket/prefix.");
}

std::string absolute_path(const std::string& url, std::string_view text) {
  const fs::path path = expand_home(std::string(text));
  if (path.is_relative()) {
    require_current_folder(fmt::format("the destination \"{}\" is relative to", mask_secrets(url)));
  }
  std::error_code failed;
  const auto canonical = fs::weakly_canonical(fs::absolute(path), failed);
  auto absolute = failed ? fs::absolute(path).lexically_normal().string() : canonical.string();
  while (absolute.size() > 1 && absolute.ends_with('/')) absolute.pop_back();
  return absolute;
}

void parse_bucket_options(LakeUrl& lake, const std::string& url, std::string_view options) {
  while (!options.empty()) {
    const auto one = options.substr(0, options.find('&'));
    options.remove_prefix(std::min(options.size(), one.size() + 1));
    const auto name = one.substr(0, one.find('='));
    if (name.size() == one.size()) refuse(url, "has an option of the bucket without a value");
    if (!duckdb::set_bucket_option(lake.access, name, percent_decoded(one.substr(name.size() + 1)))) {
      refuse(url, fmt::format("has an unknown option of the bucket \"{}\"", name));
    }
  }
}

void parse_data_path(LakeUrl& lake, const std::string& url, std::string_view text) {
  if (text.empty()) refuse(url, "names no data path");
  lake.in_bucket = text.starts_with(bucket_scheme);
  if (!lake.in_bucket) {
    lake.data_path = absolute_path(url, text);
    return;
  }
  const auto question = text.find('?');
  lake.data_path = duckdb::parse_bucket(lake.access, text.substr(0, question).substr(bucket_scheme.size()));
  if (lake.data_path.empty()) refuse(url, "names no bucket");
  if (question != std::string_view::npos) parse_bucket_options(lake, url, text.substr(question + 1));
}

void parse_catalog(LakeUrl& lake, const std::string& url, std::string_view text) {
  const auto* const prefix =
      std::ranges::find_if(catalog_prefixes, [&](const auto& each) { return text.starts_with(each.first); });
  std::string_view rest = text;
  if (prefix != catalog_prefixes.end()) {
    lake.kind = prefix->second;
    rest.remove_prefix(prefix->first.size());
  }
  if (rest.find_first_not_of(' ') == std::string_view::npos) refuse(url, "names no catalog");
  if (lake.kind == CatalogKind::postgres) {
    lake.catalog = text;
    lake.label = fmt::format("ducklake:{}", mask_secrets(text));
    return;
  }
  lake.catalog_file = absolute_path(url, rest);
  lake.catalog = (lake.kind == CatalogKind::sqlite ? "sqlite:" : "") + lake.catalog_file;
  lake.label = fmt::format("ducklake:{}", fs::path(lake.catalog_file).filename().string());
}

}  // namespace

LakeUrl parse_lake_url(const std::string& url) {
  LakeUrl lake;
  if (url.find_first_of("\r\n") != std::string::npos) refuse(url, "holds a line break");
  auto rest = std::string_view(url).substr(url_scheme(url).size() + 1);
  if (const auto divider = rest.rfind(data_path_option); divider != std::string_view::npos) {
    parse_data_path(lake, url, rest.substr(divider + data_path_option.size()));
    rest = rest.substr(0, divider);
  }
  parse_catalog(lake, url, rest);
  return lake;
}

}  // namespace walbrook::destination::ducklake
