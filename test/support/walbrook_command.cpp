#include "test/support/walbrook_command.h"

#include <sys/stat.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <utility>

#include "test/support/lake_copy.h"
#include "test/support/temp_folder.h"

namespace walbrook::test {
namespace {

// WALBROOK_BINARY in the environment names another build of the command, such as an installed one.
std::string binary() {
  const char* named = std::getenv("WALBROOK_BINARY");
  return named != nullptr && *named != '\0' ? named : WALBROOK_BINARY;
}

const std::filesystem::path& runtime_folder() {
  static const auto folder = [] {
    const auto path = temp_root() / "sockets";
    std::filesystem::create_directory(path);
    chmod(path.c_str(), 0700);
    return path;
  }();
  return folder;
}

}  // namespace

ProcessSpec walbrook_command(const std::vector<std::string>& arguments, const Environment& env) {
  ProcessSpec spec;
  spec.argv = {binary()};
  spec.argv.insert(spec.argv.end(), arguments.begin(), arguments.end());
  spec.env = env;
  spec.env.try_emplace("XDG_RUNTIME_DIR", runtime_folder().string());
  spec.env.try_emplace("XDG_CONFIG_HOME", runtime_folder().string());  // hides the user's configuration
  for (const char* name : {"SOURCES__PG_REPLICATION__CREDENTIALS", "PGHOST", "PGPORT", "PGUSER", "PGDATABASE",
                           "PGPASSWORD", "PGOPTIONS", "WALBROOK_FAULT"}) {
    spec.env.try_emplace(name, std::nullopt);
  }
  spec.folder = temp_root();
  return spec;
}

ProcessSpec Pipeline::command(const std::string& name, const std::vector<std::string>& extra,
                              const Environment& env) const {
  std::vector<std::string> arguments = {name, "--source", source, "--destination", destination(), "--slot", slot};
  if (name == "run" || name == "check") arguments.insert(arguments.end(), {"--publication", publication});
  if (name == "run") arguments.insert(arguments.end(), flags.begin(), flags.end());
  arguments.insert(arguments.end(), extra.begin(), extra.end());
  auto own = env;
  if (server.starts_with("ducklake:")) {
    own.try_emplace("DESTINATION__DUCKDB__EXTENSION_DIRECTORY", lake_extensions().string());
  }
  return walbrook_command(arguments, own);
}

ProcessResult Pipeline::run(const std::vector<std::string>& extra, const Environment& env, milliseconds timeout) const {
  return test::run(command("run", extra, env), timeout);
}

nlohmann::json Pipeline::status() const {
  const auto asked = test::run(command("status", {"--json"}));
  return asked.succeeded() ? nlohmann::json::parse(asked.out) : nlohmann::json::object();
}

nlohmann::json Pipeline::status_of(const std::string& table) const {
  auto told = status();
  for (auto& each : told["tables"]) {
    if (each["name"] == table) return std::move(each);
  }
  return {};
}

bool Pipeline::arrives(const std::string& sql, const std::string& expected) const {
  return eventually(
      [&] {
        const auto answer = test::run(command("sql", {"--csv", sql}));
        return answer.succeeded() && answer.out.find("\n" + expected + "\n") != std::string::npos;
      },
      milliseconds(30'000));
}

}  // namespace walbrook::test
