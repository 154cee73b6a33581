#include "destination/filesystem/location.h"

#include <fmt/format.h>

#include <filesystem>

#include "base/destination_name.h"
#include "base/error.h"
#include "base/mask_secrets.h"
#include "base/percent_encoding.h"
#include "base/user_paths.h"

namespace walbrook::destination::filesystem {
namespace {

constexpr std::string_view slashes = "//";

[[noreturn]] void refuse(const std::string& url, std::string_view why) {
  throw Error(ErrorKind::configuration, fmt::format("the destination \"{}\" {}", mask_secrets(url), why),
              "Write file:///data/lake for a folder, s3://bucket/prefix for a bucket, and what follows after \"?\": "
              "format=parquet|csv|jsonl, layout=flat|date.");
}

void set_option(Location& location, const std::string& url, std::string_view name, const std::string& value) {
  if (name == "format") {
    for (const auto format : {Format::parquet, Format::csv, Format::jsonl}) {
      if (value == to_string(format)) {
        location.format = format;
        return;
      }
    }
    refuse(url, "names an unknown format");
  }
  if (name == "layout") {
    if (value != "flat" && value != "date") refuse(url, "names an unknown layout");
    location.layout = value == "date" ? FolderLayout::by_date : FolderLayout::flat;
    return;
  }
  if (location.is_bucket && duckdb::set_bucket_option(location.access, name, value)) return;
  refuse(url, fmt::format("has an unknown option \"{}\"", name));
}

void parse_options(Location& location, const std::string& url, std::string_view options) {
  while (!options.empty()) {
    const auto one = options.substr(0, options.find('&'));
    options.remove_prefix(std::min(options.size(), one.size() + 1));
    const auto equals = one.find('=');
    if (equals == std::string_view::npos) refuse(url, "has an option without a value");
    set_option(location, url, one.substr(0, equals), percent_decoded(one.substr(equals + 1)));
  }
}

std::string folder_path(const std::string& url, std::string_view rest) {
  namespace fs = std::filesystem;
  if (rest.starts_with(slashes)) {
    rest.remove_prefix(slashes.size());
    if (!rest.starts_with('/')) refuse(url, "names a host: a folder has three slashes");
  }
  const fs::path path = expand_home(percent_decoded(rest));
  if (path.empty()) refuse(url, "names no folder");
  if (path.string().find_first_of("\r\n") != std::string::npos) refuse(url, "holds a line break");
  if (path.is_relative()) {
    require_current_folder(fmt::format("the destination \"{}\" is relative to", mask_secrets(url)));
  }
  std::error_code failed;
  auto canonical = fs::weakly_canonical(fs::absolute(path), failed);
  auto text = failed ? fs::absolute(path).lexically_normal().string() : canonical.string();
  while (text.size() > 1 && text.ends_with('/')) text.pop_back();
  return text;
}

}  // namespace

std::string_view to_string(Format format) {
  switch (format) {
    case Format::csv:
      return "csv";
    case Format::jsonl:
      return "jsonl";
    case Format::parquet:
      break;
  }
  return "parquet";
}

Location parse_location(const std::string& url) {
  Location location;
  const auto scheme = url_scheme(url);
  location.is_bucket = scheme == "s3";
  const auto question = url.find('?');
  if (question != std::string::npos) parse_options(location, url, std::string_view(url).substr(question + 1));
  const auto rest = std::string_view(url).substr(
      scheme.size() + 1, question == std::string::npos ? std::string::npos : question - scheme.size() - 1);
  location.root = location.is_bucket ? duckdb::parse_bucket(location.access, rest) : folder_path(url, rest);
  if (location.root.empty()) refuse(url, "names no bucket");
  return location;
}

}  // namespace walbrook::destination::filesystem
