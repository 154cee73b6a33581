// One scenario under one configuration: a database, a slot and a DuckDB file of its own.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "test/scenario/scenario_file.h"
#include "test/support/oracle.h"
#include "test/support/postgres_server.h"
#include "test/support/walbrook_command.h"

namespace walbrook::test {

struct Configuration {
  std::string name;
  std::vector<std::string> flags;
  bool killed_after_every_commit = false;
  bool only_where_named = false;  // for the files that say `also` or `only`: the others would do the same once more
  int first_server = 0;           // older ones cannot do it
};
[[nodiscard]] const std::vector<Configuration>& configurations();

class ScenarioRun {
 public:
  ScenarioRun(const std::filesystem::path& file, const Configuration& configuration, PostgresServer& server);

  // Adds what went wrong to the test's failures; ends at the first step that does.
  void execute();

 private:
  void step(const Step& step);
  void sql(const Step& step);
  void run(const Step& step);
  [[nodiscard]] ProcessResult run_command(const Step& step);
  void check_copy(const Step& step, const ProcessResult& result);
  [[nodiscard]] Sql& session(const std::string& name);
  [[nodiscard]] std::string at(const Step& step) const;  // FILE:LINE

  const Configuration& configuration_;
  PostgresServer& server_;
  TempFolder folder_;
  ScratchDatabase database_;
  Scenario scenario_;
  Pipeline pipeline_;
  Comparison comparison_;
  std::map<std::string, std::unique_ptr<Sql>> sessions_;      // "" is the main one
  std::vector<std::pair<std::string, std::string>> waiting_;  // session and SQL for the next run
};

}  // namespace walbrook::test
