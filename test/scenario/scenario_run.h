// One scenario under one configuration: a database, a slot and a DuckDB file of its own.
//
// What a source does to its tables reaches walbrook in more ways than its rows do, so a run can stand to the SQL in
// three ways (RunMode). Files with `schema_changes` meet each of them with each form of the stream and with kills,
// combined pairwise: of any two choices every combination is in one of the configurations.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "test/scenario/follower.h"
#include "test/scenario/scenario_file.h"
#include "test/support/oracle.h"
#include "test/support/postgres_server.h"
#include "test/support/walbrook_command.h"

namespace walbrook::test {

enum class RunMode {
  between,    // SQL while nothing runs, then a run to its end
  followed,   // SQL while `run --follow` is at work; at each `run` it is ended once it has everything, then started
              // again
  restarted,  // as `between`, with one more run, which is not looked at, in the middle of each section `changes`
};

struct Configuration {
  std::string name;
  std::vector<std::string> flags;
  RunMode mode = RunMode::between;
  bool killed = false;            // after some commits, again and again
  bool pairwise = false;          // one of those for `schema_changes`
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
  [[nodiscard]] ProcessResult run_to_its_end(const Step& step);
  [[nodiscard]] ProcessResult follow(const Step& step);
  void start_follower(const Step& run);
  // Of mode `restarted`, where no transaction is open.
  void run_in_between(const Step& section);
  [[nodiscard]] const Step* next_run(const Step* from) const;
  void check_copy(const Step& step, const ProcessResult& result);
  void check_resyncs(const Step& step, const ProcessResult& result);
  [[nodiscard]] Sql& session(const std::string& name);
  [[nodiscard]] std::string at(const Step& step) const;  // FILE:LINE

  const Configuration& configuration_;
  PostgresServer& server_;
  TempFolder folder_;
  ScratchDatabase database_;
  Scenario scenario_;
  Pipeline pipeline_;
  Comparison comparison_;
  std::unique_ptr<Follower> follower_;
  bool has_run_ = false;
  std::map<std::string, std::string> copied_at_;  // "schema.table" → its copy's position, as the last run left it
  std::map<std::string, std::unique_ptr<Sql>> sessions_;      // "" is the main one
  std::vector<std::pair<std::string, std::string>> waiting_;  // session and SQL for the next run
};

}  // namespace walbrook::test
