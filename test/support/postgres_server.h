// A real PostgreSQL server for a test process, in a temporary folder, on a Unix socket there and on 127.0.0.1 with a
// free port.
//
// It runs as the user `postgres` if the test runs as root, otherwise as the test's own user. It ends with this object,
// or with the test process, however that ends. The cluster is a copy of a template that initdb creates once per version
// and user.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "test/support/process.h"
#include "test/support/sql.h"
#include "test/support/temp_folder.h"

namespace walbrook::test {

struct ServerOptions {
  std::vector<std::string> settings;  // "name=value", after the defaults: wal_level=logical, 20 slots and senders, …
  std::string bin_dir;                // "": default_bin_dir()
  bool fsync = false;
  bool fresh_cluster = false;    // runs initdb: copies of the template share a system identifier
  std::vector<std::string> hba;  // lines of pg_hba.conf before "trust for everybody"
};

// Returns WALBROOK_PG_BIN if it is set, otherwise the newest version below /usr/lib/postgresql.
[[nodiscard]] std::string default_bin_dir();
// Returns the `bin` folder of a server installed by tools/install-servers; "": there is none.
[[nodiscard]] std::string installed_bin_dir(int major);

class PostgresServer {
 public:
  enum class Stop { fast, immediate };

  explicit PostgresServer(ServerOptions options = {});  // has started when it returns
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;
  ~PostgresServer();

  void start();
  void stop(Stop how = Stop::fast);
  void restart(Stop how = Stop::fast);

  // Connects as superuser `postgres` over the Unix socket, unless another user is named.
  [[nodiscard]] std::string conninfo(const std::string& database = "postgres",
                                     const std::string& user = "postgres") const;
  // The same as a URL over TCP, with a password if one is given.
  [[nodiscard]] std::string url(const std::string& database = "postgres", const std::string& user = "postgres",
                                const std::string& password = "") const;
  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] pid_t pid() const { return process_ ? process_->pid() : -1; }
  [[nodiscard]] std::filesystem::path folder() const { return folder_.path(); }
  [[nodiscard]] std::filesystem::path log() const { return folder_ / "log"; }
  [[nodiscard]] const std::string& bin_dir() const { return bin_dir_; }
  [[nodiscard]] int major() const { return major_; }  // 15

  void create_database(const std::string& name);
  // Also drops its slots and ends its connections.
  void drop_database(const std::string& name);

  // Returns the server that the tests of a process share, one for each `bin_dir`. The first call starts it.
  [[nodiscard]] static PostgresServer& shared(const std::string& bin_dir = "");

 private:
  [[nodiscard]] std::vector<std::string> command() const;

  ServerOptions options_;
  std::string bin_dir_;
  int major_ = 0;
  TempFolder folder_;
  int port_ = 0;
  std::unique_ptr<Process> process_;
};

// A new database on a server. The destructor drops it.
class ScratchDatabase {
 public:
  explicit ScratchDatabase(PostgresServer& server);
  ScratchDatabase(const ScratchDatabase&) = delete;
  ScratchDatabase& operator=(const ScratchDatabase&) = delete;
  ~ScratchDatabase();

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::string conninfo(const std::string& user = "postgres") const {
    return server_.conninfo(name_, user);
  }
  [[nodiscard]] PostgresServer& server() const { return server_; }

 private:
  PostgresServer& server_;
  std::string name_;
};

}  // namespace walbrook::test
