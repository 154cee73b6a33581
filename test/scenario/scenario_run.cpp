#include "test/scenario/scenario_run.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

#include "test/support/files_copy.h"

namespace walbrook::test {
namespace {

// A start may spend its commit on an idle position while a table is copied, and the next start then begins that copy
// again. Every second start therefore gets one commit more, so that the scenario ends.
constexpr int starts_at_most = 60;
constexpr int starts_with_equal_patience = 2;

}  // namespace

ScenarioRun::ScenarioRun(const std::filesystem::path& file, const Configuration& configuration,
                         const TestedDestination& destination, PostgresServer& server)
    : name_(test_name(configuration, destination)),
      configuration_(configuration),
      compacts_(destination.compacted),
      server_(server),
      folder_("scenario"),
      database_(server),
      scenario_(parse_scenario(file, read_file(file), database_.name())),
      pipeline_{.source = database_.conninfo(),
                .file = folder_ / "copy.duckdb",
                .slot = "slot_" + database_.name(),
                .flags = configuration.flags},
      comparison_{.conninfo = database_.conninfo(), .file = pipeline_.file} {
  pipeline_.flags.insert(pipeline_.flags.end(), destination.flags.begin(), destination.flags.end());
  comparison_.file_has_enums = std::ranges::count(destination.flags, "--enum-columns") > 0;
  if (destination.kind == TestedDestination::Kind::files) {
    comparison_.lake = folder_ / "lake";
    pipeline_.server = "file://" + comparison_.lake.string() + "?format=" + destination.format;
  }
  if (destination.kind == TestedDestination::Kind::ducklake) copy_into_lake(destination.format);
  if (destination.kind != TestedDestination::Kind::postgresql) return;
  copy_ = std::make_unique<ScratchDatabase>(server);
  pipeline_.server = server.url(copy_->name());
  comparison_.copy_conninfo = copy_->conninfo();
}

void ScenarioRun::copy_into_lake(const std::string& catalog) {
  if (catalog == "postgresql") copy_ = std::make_unique<ScratchDatabase>(server_);
  comparison_.ducklake = "ducklake:";
  if (copy_ != nullptr) {
    comparison_.ducklake += "postgres:" + copy_->conninfo();
  } else {
    comparison_.ducklake += (catalog == "sqlite" ? "sqlite:" : "") + (folder_ / "shop.catalog").string();
  }
  pipeline_.server = comparison_.ducklake + "?data_path=" + (folder_ / "lake").string();
}

std::vector<SqlRow> ScenarioRun::query_copy(const std::string& sql) const {
  return open_copy(comparison_)->query(sql);
}

bool ScenarioRun::has_copy(const ProcessResult& result) const {
  if (!comparison_.ducklake.empty()) return has_run_ || result.exit_code == 0;
  if (copy_ != nullptr) return has_run_ || result.exit_code == 0;
  return comparison_.lake.empty() ? std::filesystem::exists(pipeline_.file) : has_files_copy(comparison_.lake);
}

std::string ScenarioRun::at(const Step& step) const {
  return scenario_.file.string() + ":" + std::to_string(step.line) + " [" + name_ + "]";
}

void ScenarioRun::execute() {
  for (const auto& one : scenario_.steps) {
    try {
      step(one);
    } catch (const std::exception& failed) {
      ADD_FAILURE() << at(one) << ": " << failed.what();
    }
    if (::testing::Test::HasFailure()) break;
  }
  follower_.reset();
  sessions_.clear();  // before the database is dropped
}

void ScenarioRun::step(const Step& step) {
  switch (step.kind) {
    case Step::Kind::sql:
      return sql(step);
    case Step::Kind::run:
      return run(step);
    case Step::Kind::crash:
      sessions_.clear();
      return server_.restart(PostgresServer::Stop::immediate);
    case Step::Kind::request:
      return request(step);
    case Step::Kind::tables:
      comparison_.tables = step.words;
      return;
    case Step::Kind::gone:
      comparison_.gone_columns[step.words[0]] = {step.words.begin() + 1, step.words.end()};
      return;
    case Step::Kind::user:
      pipeline_.source = database_.conninfo(step.words[0]);
      return;
    case Step::Kind::publications:
      pipeline_.publication.clear();
      for (const auto& name : step.words) pipeline_.publication += (pipeline_.publication.empty() ? "" : ",") + name;
      comparison_.publication = pipeline_.publication;
      return;
  }
}

Sql& ScenarioRun::session(const std::string& name) {
  auto& session = sessions_[name];
  if (!session) session = std::make_unique<Sql>(database_.conninfo());
  return *session;
}

void ScenarioRun::sql(const Step& step) {
  if (step.meanwhile) {
    waiting_.emplace_back(step.session, step.sql);
    return;
  }
  const auto statements = split_statements(step.sql);
  for (std::size_t i = 0; i < statements.size(); ++i) {
    if (i > 0 && i == statements.size() / 2) run_in_between(step);
    session(step.session).exec(statements[i]);
  }
}

void ScenarioRun::run_in_between(const Step& section) {
  if (configuration_.mode != RunMode::restarted || !has_run_) return;
  // A copy would wait for them.
  for (const auto& [name, open] : sessions_) {
    if (PQtransactionStatus(open->raw()) != PQTRANS_IDLE) return;
  }
  const auto* run = next_run(&section);
  Environment env;
  if (configuration_.killed) env["WALBROOK_FAULT"] = "after_commit:2";
  const auto result = pipeline_.run(run->words, env);
  EXPECT_TRUE(result.exit_code >= 0 || (configuration_.killed && result.killed()))
      << at(section) << ", a run in its middle\n"
      << result.describe();
}

const Step* ScenarioRun::next_run(const Step* from) const {
  const auto found = std::find_if(scenario_.steps.begin() + (from - scenario_.steps.data()), scenario_.steps.end(),
                                  [](const Step& each) { return each.kind == Step::Kind::run; });
  return found == scenario_.steps.end() ? nullptr : &*found;
}

ProcessResult ScenarioRun::run_command(const Step& step) {
  return configuration_.mode == RunMode::followed ? follow(step) : run_to_its_end(step);
}

ProcessResult ScenarioRun::run_to_its_end(const Step& step) {
  if (!configuration_.killed) return pipeline_.run(step.words);
  ProcessResult result;
  std::string earlier;
  for (int start = 0; start < starts_at_most; ++start) {
    const bool rarely = configuration_.mode != RunMode::between;
    const int commits = rarely ? 2 << std::min(start, 16) : 1 + start / starts_with_equal_patience;
    result = pipeline_.run(step.words, {{"WALBROOK_FAULT", "after_commit:" + std::to_string(commits)}});
    if (!result.killed()) {
      result.err.insert(0, earlier);
      return result;
    }
    earlier += result.out + result.err;
  }
  ADD_FAILURE() << at(step) << ": no end after " << starts_at_most << " starts\n" << result.describe();
  return result;
}

void ScenarioRun::start_follower(const Step& run) {
  follower_ = std::make_unique<Follower>(pipeline_, run.words, configuration_.killed);
}

ProcessResult ScenarioRun::follow(const Step& step) {
  if (!follower_) start_follower(step);
  auto result = follower_->finish(database_.conninfo());
  follower_.reset();
  return result;
}

void ScenarioRun::run(const Step& step) {
  for (const auto& [name, sql] : waiting_) session(name).send(sql);
  const auto dataset = std::ranges::find(step.words, "--dataset");
  if (dataset != step.words.end()) comparison_.dataset = *std::next(dataset);
  if (std::ranges::find(step.words, "--keyless") != step.words.end()) {
    comparison_.publication = pipeline_.publication + "," + pipeline_.publication + "_keyless";
  }
  const auto result = run_command(step);
  for (const auto& [name, sql] : waiting_) session(name).finish();
  waiting_.clear();
  EXPECT_EQ(result.exit_code, step.exit_code) << at(step) << "\n" << result.describe();
  for (const auto& text : step.output) {
    if (configuration_.mode != RunMode::between) break;  // an earlier run may have printed it, or seen other conditions
    EXPECT_NE((result.out + result.err).find(text), std::string::npos)
        << at(step) << ": \"" << text << "\" is missing in\n"
        << result.describe();
  }
  for (const auto& text : step.absent) {
    EXPECT_EQ((result.out + result.err).find(text), std::string::npos) << at(step) << ": \"" << text << "\" is in\n"
                                                                       << result.describe();
  }
  if (result.exit_code == 0 && compacts_) compact(step);
  if (result.exit_code == 0) check_copy(step, result);
  if (has_copy(result)) check_resyncs(step, result);
  has_run_ = true;
  const auto* following = next_run(&step + 1);
  if (configuration_.mode != RunMode::followed || following == nullptr || ::testing::Test::HasFailure()) return;
  start_follower(*following);
  follower_->wait_until_begun();
}

void ScenarioRun::request(const Step& step) {
  if (follower_) follower_->wait_until_begun();
  const auto result = test::run(pipeline_.command(step.words[0], {step.words.begin() + 1, step.words.end()}));
  EXPECT_EQ(result.exit_code, 0) << at(step) << "\n" << result.describe();
}

void ScenarioRun::compact(const Step& step) const {
  const auto result = test::run(pipeline_.command("compact"));
  EXPECT_EQ(result.exit_code, 0) << at(step) << "\n" << result.describe();
}

// A new copy of a table has another consistent point than the one that it replaced.
void ScenarioRun::check_resyncs(const Step& step, const ProcessResult& result) {
  std::map<std::string, std::string> now;
  for (const auto& row :
       query_copy("SELECT source_schema || '.' || source_name, snapshot_lsn FROM _walbrook.outputs")) {
    now[row[0].value_or("")] = row[1].value_or("");
  }
  for (const auto& table : step.kept) {
    const auto split = table.find('=');
    const auto former = split == std::string::npos ? table : table.substr(split + 1);
    EXPECT_TRUE(now.contains(table.substr(0, split))) << at(step) << ": " << table << " is not known";
    EXPECT_EQ(now[table.substr(0, split)], copied_at_[former]) << at(step) << ": " << table << " was copied again\n"
                                                               << result.describe();
  }
  for (const auto& table : step.resynced) {
    EXPECT_NE(now[table], copied_at_[table]) << at(step) << ": " << table << " was not copied again\n"
                                             << result.describe();
  }
  copied_at_ = std::move(now);
}

void ScenarioRun::check_copy(const Step& step, const ProcessResult& result) {
  EXPECT_EQ(differences(comparison_), "") << at(step) << "\n" << result.describe();
  if (step.counts.empty()) return;
  for (const auto& count : step.counts) {
    EXPECT_EQ(query_copy("SELECT count(*) FROM " + count.table).at(0).at(0), std::to_string(count.rows))
        << at(step) << ": " << count.table;
  }
}

}  // namespace walbrook::test
