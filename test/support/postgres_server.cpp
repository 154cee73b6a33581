#include "test/support/postgres_server.h"

#include <arpa/inet.h>
#include <pwd.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <map>
#include <stdexcept>

namespace walbrook::test {
namespace {

namespace fs = std::filesystem;

std::string server_user() {
  return geteuid() == 0 ? "postgres" : "";
}

int free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const bool found = bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                     getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  close(fd);
  if (!found) throw std::runtime_error("no free port on 127.0.0.1");
  return ntohs(address.sin_port);
}

// Returns the output of `postgres --version`, as the server's user; "": that user cannot access it.
std::string version_text(const std::string& bin_dir) {
  const auto result = run({.argv = {bin_dir + "/postgres", "--version"}, .folder = "/", .user = server_user()});
  return result.succeeded() ? result.out : "";
}

// If a folder above is closed to the server's user (a home of mode 700), the binaries are copied below the test's root.
std::string reachable(const std::string& bin_dir) {
  static std::map<std::string, std::string> copies;
  if (!version_text(bin_dir).empty()) return bin_dir;
  auto& copy = copies[bin_dir];
  if (!copy.empty()) return copy;
  const fs::path place = temp_root() / ("server-" + std::to_string(copies.size()));
  std::error_code failed;
  fs::copy(fs::path(bin_dir).parent_path(), place, fs::copy_options::recursive | fs::copy_options::copy_symlinks,
           failed);
  if (failed || version_text(place / "bin").empty()) {
    throw std::runtime_error(bin_dir + "/postgres does not run as " + server_user());
  }
  return copy = place / "bin";
}

// "postgres (PostgreSQL) 15.20 (Debian …)"
int major_version(const std::string& bin_dir) {
  const auto text = version_text(bin_dir);
  const auto number = text.find_first_of("0123456789");
  return number == std::string::npos ? 0 : std::atoi(text.c_str() + number);
}

// Runs as the server's user. An error includes the output.
void must_run(const std::vector<std::string>& argv) {
  const auto result = run({.argv = argv, .env = {{"LC_ALL", "C.UTF-8"}}, .folder = "/", .user = server_user()});
  if (!result.succeeded()) throw std::runtime_error(result.describe());
}

// Makes the server's user the owner of a folder.
void give_to_server(const fs::path& folder) {
  if (geteuid() != 0) return;
  const passwd* account = getpwnam("postgres");
  if (account == nullptr || chown(folder.c_str(), account->pw_uid, account->pw_gid) != 0) {
    throw std::runtime_error("cannot give " + folder.string() + " to the user postgres");
  }
}

void make_cluster(const std::string& bin_dir, const fs::path& data) {
  must_run({bin_dir + "/initdb", "-D", data.string(), "-U", "postgres", "--auth=trust", "--no-sync", "--encoding=UTF8",
            "--locale=C.UTF-8"});
}

// The template cluster of this version. The first process that needs it creates it and puts it in place by one rename.
fs::path cluster_template(const std::string& bin_dir) {
  const auto version = version_text(bin_dir);
  std::string name = "walbrook-test-cluster-" + std::to_string(geteuid()) + "-";
  for (const char c : version) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.') name.push_back(c);
  }
  const fs::path place = fs::temp_directory_path() / name;
  if (fs::exists(place / "data/PG_VERSION")) return place / "data";
  const TempFolder making("initdb");
  give_to_server(making.path());
  make_cluster(bin_dir, making / "data");
  std::error_code lost_race;  // another process was faster: its template is equivalent
  fs::rename(making.path(), place, lost_race);
  if (!fs::exists(place / "data/PG_VERSION")) throw std::runtime_error("no cluster template in " + place.string());
  return place / "data";
}

}  // namespace

std::string default_bin_dir() {
  if (const char* named = std::getenv("WALBROOK_PG_BIN"); named != nullptr && *named != '\0') return named;
  int newest = 0;
  std::error_code missing;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", missing)) {
    newest = std::max(newest, std::atoi(entry.path().filename().c_str()));
  }
  if (newest == 0) throw std::runtime_error("no PostgreSQL below /usr/lib/postgresql; set WALBROOK_PG_BIN");
  return "/usr/lib/postgresql/" + std::to_string(newest) + "/bin";
}

std::string installed_bin_dir(int major) {
  const fs::path folder = fs::path(WALBROOK_SOURCE_DIR) / "build/servers" / std::to_string(major);
  return fs::exists(folder / "complete") ? folder / "bin" : "";
}

PostgresServer::PostgresServer(ServerOptions options)
    : options_(std::move(options)),
      bin_dir_(reachable(options_.bin_dir.empty() ? default_bin_dir() : options_.bin_dir)),
      major_(major_version(bin_dir_)),
      folder_("pg", options_.fsync ? Place::disk : Place::memory) {
  give_to_server(folder_.path());
  if (options_.fresh_cluster) {
    make_cluster(bin_dir_, folder_ / "data");
  } else {
    must_run({"cp", "-a", cluster_template(bin_dir_).string(), (folder_ / "data").string()});
  }
  if (!options_.hba.empty()) {
    std::string lines;
    for (const auto& line : options_.hba) lines += line + "\n";
    const fs::path hba = folder_ / "data/pg_hba.conf";
    write_file(hba, lines + read_file(hba));
  }
  start();
}

PostgresServer::~PostgresServer() {
  try {
    stop(Stop::immediate);  // its data is no longer needed
  } catch (const std::exception&) {
    process_.reset();  // kills it
  }
}

std::vector<std::string> PostgresServer::command() const {
  std::vector<std::string> argv = {bin_dir_ + "/postgres", "-D", (folder_ / "data").string()};
  std::vector<std::string> settings = {"listen_addresses=127.0.0.1",
                                       "unix_socket_directories=" + folder_.path().string(),
                                       "port=" + std::to_string(port_),
                                       "wal_level=logical",
                                       "max_replication_slots=20",
                                       "max_wal_senders=20",
                                       "max_prepared_transactions=10",
                                       "max_connections=60",
                                       "shared_buffers=32MB",
                                       "max_wal_size=4GB",
                                       "jit=off",
                                       "log_min_messages=warning",
                                       "TimeZone=UTC",
                                       options_.fsync ? "fsync=on" : "fsync=off"};
  settings.insert(settings.end(), options_.settings.begin(), options_.settings.end());
  for (const auto& setting : settings) {
    argv.emplace_back("-c");
    argv.push_back(setting);
  }
  return argv;
}

void PostgresServer::start() {
  constexpr int ports_to_try = 5;
  for (int attempt = 1;; ++attempt) {
    if (port_ == 0) port_ = free_port();
    process_ = std::make_unique<Process>(ProcessSpec{.argv = command(),
                                                     .env = {{"LC_ALL", "C.UTF-8"}},
                                                     .folder = folder_.path(),
                                                     .user = server_user(),
                                                     .log = log(),
                                                     .death_signal = SIGQUIT});
    bool ready = false;
    const bool decided = eventually(
        [&] {
          ready = PQping(conninfo().c_str()) == PQPING_OK;
          return ready || !process_->running();
        },
        milliseconds(60'000));
    if (ready) return;
    process_.reset();
    const bool port_taken = read_file(log()).find("Address already in use") != std::string::npos;
    if (!decided || !port_taken || attempt == ports_to_try) {
      throw std::runtime_error("the server did not start:\n" + read_file(log()));
    }
    port_ = 0;
    write_file(log(), "");
  }
}

void PostgresServer::stop(Stop how) {
  if (!process_) return;
  process_->signal(how == Stop::fast ? SIGINT : SIGQUIT);
  const bool ended = process_->ends_within(milliseconds(30'000));
  process_.reset();
  if (!ended) throw std::runtime_error("the server did not stop in time:\n" + read_file(log()));
}

void PostgresServer::restart(Stop how) {
  stop(how);
  start();
}

std::string PostgresServer::conninfo(const std::string& database, const std::string& user) const {
  return "host=" + folder_.path().string() + " port=" + std::to_string(port_) + " user=" + user + " dbname=" + database;
}

std::string PostgresServer::url(const std::string& database, const std::string& user,
                                const std::string& password) const {
  const std::string login = password.empty() ? user : user + ":" + password;
  return "postgresql://" + login + "@127.0.0.1:" + std::to_string(port_) + "/" + database;
}

void PostgresServer::create_database(const std::string& name) {
  Sql(conninfo()).exec("CREATE DATABASE " + quote_name(name));
}

void PostgresServer::drop_database(const std::string& name) {
  Sql sql(conninfo());
  const std::string of_it = "database = " + quote_literal(name);
  sql.exec("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE active_pid IS NOT NULL AND " +
           of_it);
  const bool idle = eventually(
      [&] { return sql.value("SELECT count(*) FROM pg_replication_slots WHERE active AND " + of_it) == "0"; },
      milliseconds(10'000));
  if (!idle) throw std::runtime_error("a slot of " + name + " stays active");
  sql.exec("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE " + of_it);
  for (const auto& row : sql.query("SELECT gid FROM pg_prepared_xacts WHERE " + of_it)) {
    Sql(conninfo(name)).exec("ROLLBACK PREPARED " + quote_literal(*row[0]));
  }
  sql.exec("DROP DATABASE " + quote_name(name) + " WITH (FORCE)");
}

PostgresServer& PostgresServer::shared(const std::string& bin_dir) {
  static std::map<std::string, std::unique_ptr<PostgresServer>> servers;
  auto& server = servers[bin_dir];
  if (!server) server = std::make_unique<PostgresServer>(ServerOptions{.bin_dir = bin_dir});
  return *server;
}

ScratchDatabase::ScratchDatabase(PostgresServer& server) : server_(server) {
  static std::atomic<int> count{0};
  name_ = "db" + std::to_string(++count);
  server_.create_database(name_);
}

ScratchDatabase::~ScratchDatabase() {
  try {
    server_.drop_database(name_);
  } catch (const std::exception& failed) {
    std::fprintf(stderr, "database %s stays: %s\n", name_.c_str(), failed.what());
  }
}

}  // namespace walbrook::test
