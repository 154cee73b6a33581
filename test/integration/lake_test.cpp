// Lakes with their catalog in PostgreSQL: readers beside a run, and several runs that write into one lake.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "test/integration/lake_transfers.h"
#include "test/support/lake_copy.h"
#include "test/support/replicated_database.h"
#include "test/support/tells.h"

namespace walbrook::test {
namespace {

// The catalog's database is on the source's server.
class Lake : public ::testing::Test {
 protected:
  Lake() : db(PostgresServer::shared(), CopiedTo::lake_in_database) {}
  void SetUp() override {
    if (!has_lake_extensions()) GTEST_SKIP() << no_lake_extensions;
  }
  void run_to_the_end() const {
    const auto result = db.pipeline.run();
    ASSERT_EQ(result.exit_code, 0) << result.describe();
    EXPECT_EQ(db.differences(), "") << result.describe();
  }
  void compact() const {
    const auto result = run(db.pipeline.command("compact"));
    EXPECT_EQ(result.exit_code, 0) << result.describe();
  }
  static void expect_end(Process& follower) {
    follower.signal(SIGINT);
    EXPECT_EQ(follower.wait(milliseconds(30'000)).exit_code, 0) << follower.err();
  }
  // The run of this pipeline answers, and no other one.
  static void expect_status_of(const Pipeline& pipeline) {
    nlohmann::json status;
    EXPECT_TRUE(eventually(
        [&] {
          status = pipeline.status();
          return status.value("phase", "") == "streaming";
        },
        milliseconds(30'000)))
        << status.dump();
    EXPECT_EQ(status.value("slot", ""), pipeline.slot) << status.dump();
    EXPECT_EQ(status.value("held_by", ""), "") << status.dump();
  }
  // REQUIRES: a run of each of the lake's two pipelines is at work.
  static void expect_list_of_two(const Pipeline& any) {
    const auto env = any.command("status").env;
    const auto list = run(walbrook_command({"pipeline", "--list", "--json", "--destination", any.destination()}, env));
    const auto rows = nlohmann::json::parse(list.out, nullptr, false);
    ASSERT_TRUE(rows.contains("pipelines")) << list.describe();
    for (const auto& row : rows.at("pipelines")) EXPECT_TRUE(row.value("running", false)) << list.describe();
    EXPECT_EQ(rows.at("pipelines").size(), 2U) << list.describe();
    const auto unnamed = run(walbrook_command({"status", "--destination", any.destination()}, env));
    EXPECT_EQ(unnamed.exit_code, 2) << unnamed.describe();
    EXPECT_NE(unnamed.err.find("several pipelines, and none was named"), std::string::npos) << unnamed.describe();
  }
  // A user's DuckDB.
  [[nodiscard]] std::unique_ptr<DuckReader> reader() const {
    auto reader = std::make_unique<DuckReader>(":memory:", DuckReader::Access::read_write);
    attach_lake(*reader, db.comparison.ducklake);
    return reader;
  }

  ReplicatedDatabase db;
};

TEST_F(Lake, p1_readers_see_whole_transactions_while_a_run_writes) {
  Transfers transfers(db.conninfo(), "public");
  run_to_the_end();
  compact();
  transfers.begin();
  Process follower(db.pipeline.command("run", {"--follow", "--maintenance-interval", "1"}));
  LakeReaders readers(3, db.comparison.ducklake, {{.pipeline = db.pipeline.slot, .schema = "public"}});
  EXPECT_TRUE(readers.have_seen(20)) << follower.err();
  transfers.end();
  EXPECT_TRUE(db.pipeline.arrives("SELECT max(id) FROM transfer", std::to_string(transfers.made()))) << follower.err();
  EXPECT_EQ(readers.end(), "") << follower.err();
  EXPECT_EQ(db.differences(), "") << "beside the run";
  expect_end(follower);
  EXPECT_EQ(db.differences(), "");
  EXPECT_EQ(db.slot_past_checkpoint(), "");
}

// The first flush drops the catalog's table for the rows that were there before a column was added.
TEST_F(Lake, readers_that_are_attached_go_on_after_maintenance) {
  db.exec("CREATE TABLE t(id int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 3)");
  run_to_the_end();
  db.exec("ALTER TABLE t ADD COLUMN n int DEFAULT 7; INSERT INTO t VALUES (4, 1)");
  run_to_the_end();
  const auto reader = this->reader();
  const auto* const query = "SELECT count(*) || ' ' || sum(n) FROM public.t";
  EXPECT_EQ(reader->value(query), "4 22");
  compact();
  EXPECT_EQ(reader->value(query), "4 22");
  db.exec("INSERT INTO t VALUES (5, 1)");
  run_to_the_end();
  EXPECT_EQ(reader->value(query), "5 23");
}

// In the catalog's database, such a reader holds locks that a DROP TABLE waits for.
TEST_F(Lake, a_reader_that_stays_in_its_transaction_does_not_stop_a_run) {
  db.exec("CREATE TABLE t(id int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 3)");
  run_to_the_end();
  db.exec("ALTER TABLE t ADD COLUMN n int DEFAULT 7; INSERT INTO t VALUES (4, 1)");
  run_to_the_end();
  const auto reader = this->reader();
  reader->exec("BEGIN TRANSACTION");
  EXPECT_EQ(reader->value("SELECT count(*) FROM public.t"), "4");
  Process follower(db.pipeline.command("run", {"--follow", "--maintenance-interval", "1"}));
  db.exec("INSERT INTO t VALUES (5, 1)");
  EXPECT_TRUE(db.pipeline.arrives("SELECT count(*) FROM t", "5")) << follower.err();
  EXPECT_TRUE(tells(follower, "rows stay in the lake's catalog")) << follower.err();
  db.exec("INSERT INTO t VALUES (6, 1)");
  EXPECT_TRUE(db.pipeline.arrives("SELECT count(*) FROM t", "6")) << follower.err();
  EXPECT_EQ(reader->value("SELECT count(*) FROM public.t"), "4");
  reader->exec("COMMIT");
  EXPECT_EQ(reader->value("SELECT count(*) FROM public.t"), "6");
  db.exec("INSERT INTO t VALUES (7, 1)");
  EXPECT_TRUE(eventually(
      [&] {
        const auto flushed = this->reader();
        return flushed->value("SELECT count(*) FROM ducklake_list_files('lake', 't', schema => 'public')") != "0";
      },
      milliseconds(30'000)))
      << follower.err();
  expect_end(follower);
  EXPECT_EQ(db.differences(), "");
}

// Two runs have slots, publications and tables of their own.
TEST_F(Lake, p2_two_runs_write_into_one_lake_at_the_same_time) {
  struct Run {
    Run(const ReplicatedDatabase& db, const std::string& schema, const std::string& dataset)
        : pipeline(db.pipeline), comparison(db.comparison), transfers(db.conninfo(), schema) {
      pipeline.slot += "_" + schema;
      pipeline.publication = comparison.publication = schema;
      pipeline.flags = {"--table", schema + ".account", "--table", schema + ".transfer", "--dataset", dataset};
      comparison.dataset = dataset;
    }
    Pipeline pipeline;
    Comparison comparison;
    Transfers transfers;
  };
  Run first(db, "one", "ones");
  Run second(db, "two", "twos");
  Process one(first.pipeline.command("run", {"--follow"}));
  Process two(second.pipeline.command("run", {"--follow"}));
  const auto has_both = [&] {
    try {
      return reader()->value("SELECT count(*) FROM _walbrook.outputs WHERE state = 'streaming'") == "4";
    } catch (const std::runtime_error&) {  // there is no lake yet
      return false;
    }
  };
  EXPECT_TRUE(eventually(has_both, milliseconds(60'000))) << one.err() << two.err();
  for (const auto* run : {&first, &second}) expect_status_of(run->pipeline);
  expect_list_of_two(first.pipeline);
  first.transfers.begin();
  second.transfers.begin();
  LakeReaders readers(
      3, db.comparison.ducklake,
      {{.pipeline = first.pipeline.slot, .schema = "ones"}, {.pipeline = second.pipeline.slot, .schema = "twos"}});
  EXPECT_TRUE(readers.have_seen(15)) << one.err() << two.err();
  first.transfers.end();
  second.transfers.end();
  EXPECT_EQ(readers.end(), "") << one.err() << two.err();
  for (auto [run, follower] : {std::pair(&first, &one), std::pair(&second, &two)}) {
    EXPECT_TRUE(eventually([&] { return differences(run->comparison).empty(); }, milliseconds(60'000)))
        << differences(run->comparison) << follower->err();
    EXPECT_TRUE(follower->running()) << follower->err();
    EXPECT_EQ(follower->err().find("error"), std::string::npos) << follower->err();
    expect_end(*follower);
  }
  EXPECT_EQ(reader()->value("SELECT string_agg(pipeline, ' ' ORDER BY pipeline) FROM _walbrook.checkpoint"),
            first.pipeline.slot + " " + second.pipeline.slot);
  for (const auto* run : {&first, &second}) EXPECT_EQ(differences(run->comparison), "");
}

}  // namespace
}  // namespace walbrook::test
