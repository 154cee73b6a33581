// Runs one scenario in one configuration, with a new database, slot and destination.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "test/scenario/configurations.h"
#include "test/scenario/follower.h"
#include "test/scenario/scenario_file.h"
#include "test/support/oracle.h"
#include "test/support/postgres_server.h"
#include "test/support/walbrook_command.h"

namespace walbrook::test {

class ScenarioRun {
 public:
  ScenarioRun(const std::filesystem::path& file, const Configuration& configuration,
              const TestedDestination& destination, PostgresServer& server);

  // Reports errors as failures of the test. Stops after the first step with a failure.
  void execute();

 private:
  void step(const Step& step);
  void sql(const Step& step);
  void run(const Step& step);
  [[nodiscard]] ProcessResult run_command(const Step& step);
  [[nodiscard]] ProcessResult run_to_its_end(const Step& step);
  [[nodiscard]] ProcessResult follow(const Step& step);
  void request(const Step& step);
  void compact(const Step& step) const;
  void start_follower(const Step& run);
  // In mode `restarted`: starts a run if no transaction is open.
  void run_in_between(const Step& section);
  [[nodiscard]] const Step* next_run(const Step* from) const;
  // Whether the destination is there, so that it can be read.
  [[nodiscard]] bool has_copy(const ProcessResult& result) const;
  // Runs a query in the destination.
  void copy_into_lake(const std::string& catalog);
  [[nodiscard]] std::vector<SqlRow> query_copy(const std::string& sql) const;
  void check_copy(const Step& step, const ProcessResult& result);
  void check_resyncs(const Step& step, const ProcessResult& result);
  [[nodiscard]] Sql& session(const std::string& name);
  [[nodiscard]] std::string at(const Step& step) const;  // FILE:LINE

  std::string name_;
  const Configuration& configuration_;
  bool compacts_;
  PostgresServer& server_;
  TempFolder folder_;
  ScratchDatabase database_;
  std::unique_ptr<ScratchDatabase> copy_;  // the destination, if it is a database
  Scenario scenario_;
  Pipeline pipeline_;
  Comparison comparison_;
  std::unique_ptr<Follower> follower_;
  bool has_run_ = false;
  std::map<std::string, std::string> copied_at_;  // "schema.table" → consistent point of its copy after the last run
  std::map<std::string, std::unique_ptr<Sql>> sessions_;      // "": the main one
  std::vector<std::pair<std::string, std::string>> waiting_;  // session and SQL for the next run
};

}  // namespace walbrook::test
