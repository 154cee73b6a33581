// The place where a reader of the documents works: a home folder, a shell in it, and a PostgreSQL server that answers
// to every host name.
//
// libpq takes the server's address from PGHOSTADDR and its port from PGPORT, so that db.example.com in a document is
// the throw-away server. Other names of the documents' machine are replaced by this machine's in commands, and back in
// outputs.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "test/docs/shell.h"
#include "test/support/postgres_server.h"
#include "test/support/temp_folder.h"

namespace walbrook::test {

class Workplace {
 public:
  // `database`: created again, empty, for the variable ADMIN; "": no database is created.
  Workplace(PostgresServer& server, const std::string& database);
  Workplace(const Workplace&) = delete;
  Workplace& operator=(const Workplace&) = delete;
  ~Workplace();

  // Runs commands. The output is as the documents would show it.
  ShellResult run(const std::string& commands);
  void write(const std::string& file, const std::string& text);  // below the shell's folder
  void make_ready(const std::string& script);                    // runs test/docs/setup/SCRIPT; throws if it fails
  [[nodiscard]] std::filesystem::path home() const { return folder_ / "you"; }
  [[nodiscard]] std::string background() const { return read_file(shell_->background()); }

 private:
  [[nodiscard]] Environment environment() const;
  [[nodiscard]] std::string as_here(std::string text) const;
  [[nodiscard]] std::string as_shown(std::string text) const;

  PostgresServer& server_;
  std::string database_;
  TempFolder folder_{"docs"};
  std::vector<std::pair<std::string, std::string>> places_;  // in the documents, and here
  std::optional<Shell> shell_;
};

// The server of all documents. Its role `loader` must log in with a password.
[[nodiscard]] ServerOptions documents_server();

}  // namespace walbrook::test
