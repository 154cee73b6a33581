#include "destination/duckdb/file_url.h"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <string_view>

#include "base/destination_name.h"
#include "base/error.h"
#include "base/mask_secrets.h"
#include "base/user_paths.h"

namespace walbrook::destination::duckdb {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view slashes = "//";

[[noreturn]] void refuse_url(const std::string& url, const std::string& why) {
  throw Error(
      ErrorKind::configuration, "the destination \"" + mask_secrets(url) + "\" " + why,
      "Write duckdb:///shop.duckdb for a file in this folder, duckdb:////data/shop.duckdb for an absolute path.");
}

// "%20" → " ".
std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16).ptr == text.data() + i + 3) {
      out += static_cast<char>(value);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

bool has_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path.parent_path(), ignored);
}

// duckdb:///path/to/x.duckdb is relative, as such URLs are in other programs, unless only the absolute reading makes
// sense.
fs::path resolve(const std::string& after_slashes) {
  fs::path relative = after_slashes;
  if (relative.is_absolute() || !relative.has_parent_path()) return relative;
  fs::path absolute = fs::path("/") / relative;
  return has_folder(absolute) && !has_folder(relative) ? absolute : relative;
}

}  // namespace

std::string path_of(const std::string& url) {
  const auto scheme = url_scheme(url);
  check_destination_kind("destination", url);
  fs::path path = url;
  if (!scheme.empty()) {
    auto rest = std::string_view(url).substr(scheme.size() + 1);
    if (rest.find('?') != std::string_view::npos)
      refuse_url(url, "has options after \"?\", which a file does not have");
    if (rest.starts_with(slashes)) {
      rest.remove_prefix(slashes.size());
      if (!rest.starts_with('/')) refuse_url(url, "names a host: a file has three slashes");
      path = resolve(decoded(rest.substr(1)));
    } else {
      path = decoded(rest);
    }
  }
  path = expand_home(path.string());
  if (path.empty() || !path.has_filename() || path == ":memory:") refuse_url(url, "names no file");
  if (path.string().find_first_of("\r\n") != std::string::npos) refuse_url(url, "holds a line break");
  if (path.is_relative())
    require_current_folder(fmt::format("the destination \"{}\" is relative to", mask_secrets(url)));
  std::error_code failed;
  const auto canonical = fs::weakly_canonical(fs::absolute(path), failed);
  return failed ? fs::absolute(path).lexically_normal().string() : canonical.string();
}

}  // namespace walbrook::destination::duckdb
