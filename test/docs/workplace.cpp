#include "test/docs/workplace.h"

#include <regex>
#include <stdexcept>

namespace walbrook::test {
namespace {

namespace fs = std::filesystem;

const fs::path setup_folder = fs::path(WALBROOK_SOURCE_DIR) / "test/docs/setup";

void replace_all(std::string& text, const std::string& what, const std::string& with) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
}

}  // namespace

ServerOptions documents_server() {
  return {.settings = {"max_replication_slots=10", "max_wal_senders=10"},  // PostgreSQL's defaults
          .hba = {"host all loader all scram-sha-256"}};
}

Workplace::Workplace(PostgresServer& server, const std::string& database) : server_(server), database_(database) {
  fs::create_directory(home());
  fs::create_directory(folder_ / "bin");
  fs::create_symlink(walbrook_command({}).argv.front(), folder_ / "bin/walbrook");
  for (const char* name : {"/opt/walbrook", "/srv/copies", "/etc/walbrook"}) {
    const auto here = folder_.path().string() + name;
    fs::create_directories(here);
    places_.emplace_back(name, here);
  }
  places_.emplace_back("/home/you", home().string());
  places_.emplace_back("build/release", WALBROOK_BINARY_DIR);
  places_.emplace_back(":5432/", ":" + std::to_string(server.port()) + "/");
  places_.emplace_back("port = 5432", "port = " + std::to_string(server.port()));
  if (!database_.empty()) server_.create_database(database_);
  shell_.emplace(home(), folder_.path(), environment());
}

Workplace::~Workplace() {
  shell_.reset();
  if (database_.empty()) return;
  try {
    server_.drop_database(database_);
  } catch (const std::exception& failed) {
    std::fprintf(stderr, "database %s stays: %s\n", database_.c_str(), failed.what());
  }
}

Environment Workplace::environment() const {
  auto env = walbrook_command({}).env;
  env["PATH"] = (folder_ / "bin").string() + ":" + server_.bin_dir() + ":" + std::getenv("PATH");
  env["HOME"] = home().string();
  env["PGHOSTADDR"] = "127.0.0.1";
  env["PGPORT"] = std::to_string(server_.port());
  env["ADMIN"] = "host=127.0.0.1 user=postgres dbname=" + database_;
  env["SETUP"] = setup_folder.string();
  env["SOURCE"] = WALBROOK_SOURCE_DIR;
  env["SERVER"] = server_.folder().string();
  env["PSQLRC"] = "/dev/null";
  env["PAGER"] = "cat";
  env["TERM"] = "xterm";
  env["NO_COLOR"] = "1";
  env["LC_ALL"] = "C.UTF-8";
  env["TZ"] = "UTC";
  for (const char* name : {"XDG_CONFIG_HOME", "GCC_COLORS", "CMAKE_COLOR_DIAGNOSTICS"}) env[name] = std::nullopt;
  return env;
}

ShellResult Workplace::run(const std::string& commands) {
  auto result = shell_->run(as_here(commands));
  result.shown = as_shown(result.shown);
  return result;
}

void Workplace::write(const std::string& file, const std::string& text) {
  const auto path = home() / file;
  fs::create_directories(path.parent_path());
  write_file(path, as_here(text));
  fs::permissions(path, fs::perms(file.find("secrets") == std::string::npos ? 0644 : 0600));
}

void Workplace::make_ready(const std::string& script) {
  const auto file = setup_folder / script;
  const auto result = shell_->run("source '" + file.string() + "' || echo 'the set-up failed'");
  if (result.shown.find("rror") != std::string::npos || result.shown.find("the set-up failed") != std::string::npos) {
    throw std::runtime_error(script + ": " + result.shown);
  }
}

std::string Workplace::as_here(std::string text) const {
  for (const auto& [shown, here] : places_) replace_all(text, shown, here);
  return text;
}

std::string Workplace::as_shown(std::string text) const {
  for (const auto& [shown, here] : places_) replace_all(text, here, shown);
  static const std::string edge = "\\b";
  return std::regex_replace(text, std::regex(edge + std::to_string(server_.port()) + edge), "5432");
}

}  // namespace walbrook::test
