// `walbrook resync`: a target table that somebody altered equals the source again, and nobody sees it partly copied.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "test/support/duck_reader.h"
#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

class Resync : public ::testing::Test {
 protected:
  void SetUp() override {
    db_.exec(
        "CREATE TABLE t(id int PRIMARY KEY, v text); CREATE TABLE other(id int PRIMARY KEY);"
        "INSERT INTO t SELECT g, 'v' FROM generate_series(1, 100) g; INSERT INTO other VALUES (1)");
    ASSERT_EQ(db_.pipeline.run().exit_code, 0);
  }
  // Alters rows as a program would that walbrook does not know of.
  void spoil() const {
    DuckReader(db_.file(), DuckReader::Access::read_write).exec("DELETE FROM public.t WHERE id <= 10");
  }
  [[nodiscard]] ProcessResult resync(const std::vector<std::string>& arguments) const {
    return run(db_.pipeline.command("resync", arguments));
  }
  [[nodiscard]] bool begins_to_stream() const {
    return eventually([this] { return db_.pipeline.status().value("phase", "") == "streaming"; }, milliseconds(30'000));
  }
  [[nodiscard]] std::string asked(const std::string& sql) const {
    const auto result = run(db_.pipeline.command("sql", {"--csv", sql}));
    return result.out;
  }

  ReplicatedDatabase db_;
};

TEST_F(Resync, without_a_run_the_next_one_copies_the_table) {
  spoil();
  ASSERT_NE(db_.differences(), "");
  const auto asked_for = resync({"t"});
  EXPECT_EQ(asked_for.exit_code, 0) << asked_for.describe();
  EXPECT_EQ(asked_for.out, "public.t is resynced by the next run\n");
  EXPECT_EQ(db_.copied_value("SELECT state || ': ' || reason FROM _walbrook.outputs WHERE source_name = 't'"),
            "pending: a resync was requested");
  EXPECT_EQ(db_.copied_value("SELECT state FROM _walbrook.outputs WHERE source_name = 'other'"), "streaming");
  EXPECT_EQ(db_.copied_value("SELECT count(*) FROM public.t"), "90") << "readers see the present table until then";
  const auto next = db_.pipeline.run({"--json"});
  EXPECT_EQ(next.exit_code, 0) << next.describe();
  EXPECT_NE(next.out.find("\"copied_tables\":1,"), std::string::npos) << next.describe();
  EXPECT_EQ(db_.differences(), "");
}

TEST_F(Resync, under_follow_the_run_copies_it_while_changes_go_on) {
  spoil();
  Process follower(db_.pipeline.command("run", {"--follow"}));
  ASSERT_TRUE(begins_to_stream()) << follower.err();
  db_.exec("UPDATE t SET v = 'before' WHERE id = 20");
  const auto asked_for = resync({"public.t", "other", "--json"});
  ASSERT_EQ(asked_for.exit_code, 0) << asked_for.describe();
  const auto document = nlohmann::json::parse(asked_for.out);
  EXPECT_EQ(document.at("by"), "present run");
  EXPECT_EQ(document.at("tables"), nlohmann::json::array({"public.t", "public.other"}));
  db_.exec("UPDATE t SET v = 'after' WHERE id = 30; INSERT INTO t VALUES (101, 'after')");
  EXPECT_TRUE(eventually(
      [&] { return asked("SELECT count(*) || ' ' || max(v) FROM public.t").find("101 v") != std::string::npos; },
      milliseconds(30'000)))
      << asked("FROM _walbrook.outputs") << follower.err();
  follower.signal(SIGTERM);
  EXPECT_EQ(follower.wait(milliseconds(20'000)).exit_code, 0) << follower.err();
  EXPECT_EQ(db_.differences(), "");
}

TEST_F(Resync, a_request_that_a_crash_follows_is_not_forgotten) {
  spoil();
  Process follower(db_.pipeline.command("run", {"--follow"}, {{"WALBROOK_FAULT", "before_swap_in"}}));
  ASSERT_TRUE(begins_to_stream()) << follower.err();
  EXPECT_EQ(resync({"t"}).exit_code, 0);
  EXPECT_TRUE(follower.wait(milliseconds(30'000)).killed());
  EXPECT_EQ(db_.pipeline.run().exit_code, 0);
  EXPECT_EQ(db_.differences(), "");
}

TEST_F(Resync, the_only_pipeline_of_a_file_need_not_be_named) {
  const auto asked_for =
      run(walbrook_command({"resync", "t", "--destination", "duckdb:///" + db_.file().string(), "--json"}));
  ASSERT_EQ(asked_for.exit_code, 0) << asked_for.describe();
  EXPECT_EQ(nlohmann::json::parse(asked_for.out).at("pipeline"), db_.pipeline.slot);
  EXPECT_EQ(db_.copied_value("SELECT state FROM _walbrook.outputs WHERE source_name = 't'"), "pending");
}

TEST_F(Resync, an_unknown_table_is_refused_with_the_known_ones) {
  for (const bool follows : {false, true}) {
    std::optional<Process> follower;
    if (follows) {
      follower.emplace(db_.pipeline.command("run", {"--follow"}));
      ASSERT_TRUE(begins_to_stream()) << follower->err();
    }
    const auto refused = resync({"t", "othr"});
    EXPECT_EQ(refused.exit_code, 2) << refused.describe();
    EXPECT_NE(refused.err.find("this pipeline has no table public.othr"), std::string::npos) << refused.err;
    EXPECT_NE(refused.err.find("Did you mean public.other? Tables: public.other, public.t."), std::string::npos)
        << refused.err;
    EXPECT_EQ(resync({"T"}).exit_code, 0) << "as SQL folds names";
    EXPECT_EQ(resync({"\"T\""}).exit_code, 2);
    EXPECT_EQ(resync({"t(id)"}).exit_code, 2);
    EXPECT_EQ(resync({}).exit_code, 2);
  }
}

TEST_F(Resync, a_removed_table_is_refused) {
  db_.exec("ALTER PUBLICATION walbrook DROP TABLE t");
  ASSERT_EQ(db_.pipeline.run().exit_code, 0);
  const auto refused = resync({"t"});
  EXPECT_EQ(refused.exit_code, 2) << refused.describe();
  EXPECT_NE(refused.err.find("table public.t was removed"), std::string::npos) << refused.err;
  EXPECT_NE(refused.err.find("Add it to the publication again"), std::string::npos) << refused.err;
}

TEST_F(Resync, a_suspended_table_goes_on) {
  DuckReader(db_.file(), DuckReader::Access::read_write)
      .exec("UPDATE _walbrook.outputs SET state = 'suspended', reason = 'a test' WHERE source_name = 't'");
  EXPECT_EQ(resync({"t"}).exit_code, 0);
  EXPECT_EQ(db_.copied_value("SELECT reason FROM _walbrook.outputs WHERE source_name = 't'"), "a resync was requested");
  EXPECT_EQ(db_.pipeline.run().exit_code, 0);
  EXPECT_EQ(db_.differences(), "");
}

TEST_F(Resync, a_suspect_table_becomes_clean) {
  db_.exec("ALTER TABLE t ALTER v TYPE text USING upper(v)");
  const std::vector<std::string> small = {"--resync-max-size", "1"};
  const auto suspected = db_.pipeline.run(small);
  EXPECT_EQ(suspected.exit_code, 5) << suspected.describe();
  EXPECT_NE(db_.copied_value("SELECT suspect FROM _walbrook.outputs WHERE source_name = 't'"), "");
  EXPECT_EQ(resync({"t"}).exit_code, 0);
  const auto clean = db_.pipeline.run(small);
  EXPECT_EQ(clean.exit_code, 0) << clean.describe();
  EXPECT_EQ(db_.copied_value("SELECT suspect FROM _walbrook.outputs WHERE source_name = 't'"), "");
  EXPECT_EQ(db_.differences(), "");
}

TEST_F(Resync, a_file_without_the_pipeline_is_no_destination) {
  auto elsewhere = db_.pipeline;
  elsewhere.file = db_.folder() / "none.duckdb";
  const auto missing = run(elsewhere.command("resync", {"t"}));
  EXPECT_EQ(missing.exit_code, 4) << missing.describe();
  auto other = db_.pipeline;
  other.slot = "another";
  const auto unknown = run(other.command("resync", {"t"}));
  EXPECT_EQ(unknown.exit_code, 4) << unknown.describe();
  EXPECT_NE(unknown.err.find("holds nothing of pipeline \"another\""), std::string::npos) << unknown.err;
}

}  // namespace
}  // namespace walbrook::test
