#include "destination/duckdb/extension.h"

#include <fmt/format.h>

#include <filesystem>

#include "base/error.h"
#include "base/user_paths.h"

namespace walbrook::destination::duckdb {
namespace {

namespace fs = std::filesystem;

// An extension belongs to one version of DuckDB and to one platform.
struct Build {
  std::string version;   // "v1.5.5"
  std::string platform;  // "linux_amd64"
};

Build build_of(Connection& connection) {
  const auto rows =
      connection.rows("SELECT v.library_version, p.platform FROM pragma_version() AS v, pragma_platform() AS p");
  return {.version = rows.at(0).at(0).value_or(""), .platform = rows.at(0).at(1).value_or("")};
}

[[noreturn]] void refuse_missing(std::string_view name, std::string_view purpose, const fs::path& file,
                                 const Build& build, const std::string& failure) {
  throw Error(
      ErrorKind::destination,
      fmt::format("the extension {} of DuckDB, which {} needs, is not there ({} is missing), and DuckDB could "
                  "not install it: {}",
                  name, purpose, file.string(), failure),
      fmt::format("Let DuckDB reach the network, or put the file there yourself: it must be the one for DuckDB "
                  "{} and {}, such as in duckdb-extension-{} {} of PyPI. [destination.duckdb] "
                  "extension_directory names another folder.",
                  build.version, build.platform, name, build.version.substr(build.version.starts_with('v') ? 1 : 0)));
}

}  // namespace

void load_extension(Connection& connection, std::string_view name, std::string_view purpose,
                    const std::string& folder) {
  const auto build = build_of(connection);
  const fs::path all = expand_home(folder.empty() ? "~/.duckdb/extensions" : folder);
  const auto file = fs::absolute(all) / build.version / build.platform / fmt::format("{}.duckdb_extension", name);
  if (const auto failure =
          connection.failure_of("SET GLOBAL extension_directory = " + literal(fs::absolute(all).string()));
      !failure.empty()) {
    throw Error(ErrorKind::destination,
                fmt::format("DuckDB does not take {} as the folder of its extensions: {}", all.string(), failure));
  }
  std::error_code ignored;
  if (!fs::exists(file, ignored)) {
    const auto failure = connection.failure_of(fmt::format("INSTALL {}", identifier(name)));
    if (!failure.empty()) refuse_missing(name, purpose, file, build, failure);
  }
  const auto failure = connection.failure_of(fmt::format("LOAD {}", identifier(name)));
  if (failure.empty()) return;
  throw Error(ErrorKind::destination,
              fmt::format("the extension {} of DuckDB, which {} needs, cannot be loaded from {}: {}", name, purpose,
                          file.string(), failure),
              fmt::format("The file must be the one for DuckDB {} and {}. Some extensions need the network to begin.",
                          build.version, build.platform));
}

}  // namespace walbrook::destination::duckdb
