// The walbrook command as the tests call it: one pipeline from a database to a DuckDB file.
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

// `walbrook ARGUMENTS`, with local sockets in this process' temporary folder and nothing of libpq's environment.
[[nodiscard]] ProcessSpec walbrook_command(const std::vector<std::string>& arguments, const Environment& env = {});

struct Pipeline {
  std::string source;          // conninfo or URL
  std::filesystem::path file;  // the DuckDB file
  std::string slot = "walbrook";
  std::string publication = "walbrook";
  std::vector<std::string> flags;  // on every run

  // `walbrook COMMAND --source … --destination … --slot … extra…`, with --publication and the flags where they belong.
  [[nodiscard]] ProcessSpec command(const std::string& name, const std::vector<std::string>& extra = {},
                                    const Environment& env = {}) const;
  // `walbrook run`, to its end.
  [[nodiscard]] ProcessResult run(const std::vector<std::string>& extra = {}, const Environment& env = {},
                                  milliseconds timeout = milliseconds(60'000)) const;
  // `walbrook status --json`; an empty object where it fails.
  [[nodiscard]] nlohmann::json status() const;
  // The table of that name in it; null where there is none.
  [[nodiscard]] nlohmann::json status_of(const std::string& table) const;
  // True as soon as the copy answers `sql` with a line that is `expected`; false when it did not within 30 s.
  [[nodiscard]] bool arrives(const std::string& sql, const std::string& expected) const;
};

}  // namespace walbrook::test
