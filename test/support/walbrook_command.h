// The walbrook command as tests call it, for one pipeline from a database to a DuckDB file.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "test/support/process.h"

namespace walbrook::test {

using Environment = std::map<std::string, std::optional<std::string>>;

// `walbrook ARGUMENTS`, with local sockets in this process's temporary folder and without libpq's environment
// variables.
[[nodiscard]] ProcessSpec walbrook_command(const std::vector<std::string>& arguments, const Environment& env = {});

struct Pipeline {
  std::string source;          // a conninfo string or a URL
  std::filesystem::path file;  // the DuckDB file
  std::string server{};        // the URL of another destination, instead of the file
  std::string slot = "walbrook";
  std::string publication = "walbrook";
  std::vector<std::string> flags;  // of every run

  [[nodiscard]] std::string destination() const { return server.empty() ? "duckdb:///" + file.string() : server; }
  // `walbrook COMMAND --source … --destination … --slot … extra…`, with --publication and the flags if the command
  // takes them.
  [[nodiscard]] ProcessSpec command(const std::string& name, const std::vector<std::string>& extra = {},
                                    const Environment& env = {}) const;
  // `walbrook run`, until it ends.
  [[nodiscard]] ProcessResult run(const std::vector<std::string>& extra = {}, const Environment& env = {},
                                  milliseconds timeout = milliseconds(60'000)) const;
  // Returns `walbrook status --json`; an empty object if it fails.
  [[nodiscard]] nlohmann::json status() const;
  // Returns the table of that name in the status; null: there is none.
  [[nodiscard]] nlohmann::json status_of(const std::string& table) const;
  // Returns true as soon as the destination answers `sql` with a line that equals `expected`; false if it did not
  // within 30 s.
  [[nodiscard]] bool arrives(const std::string& sql, const std::string& expected) const;
};

}  // namespace walbrook::test
