// `walbrook resync TABLE --where CONDITION`: a copy that was damaged by hand equals the source again where the
// condition holds, and is untouched elsewhere.
#include <gtest/gtest.h>

#include <atomic>
#include <nlohmann/json.hpp>
#include <thread>

#include "test/support/duck_reader.h"
#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

constexpr const char* in_range = "id BETWEEN 100 AND 199 AND region <> 'none'";

class ResyncPart : public ::testing::Test {
 protected:
  void SetUp() override {
    db_.exec(
        "CREATE TABLE t(region text, id int, n int NOT NULL DEFAULT 0, body text, PRIMARY KEY (id, region));"
        "ALTER TABLE t ALTER body SET STORAGE EXTERNAL;"
        "CREATE TABLE keyless(id int); ALTER TABLE keyless REPLICA IDENTITY FULL;"
        "INSERT INTO t SELECT CASE g % 2 WHEN 0 THEN 'a\"\\' ELSE 'b''{}' END, g, 0, CASE g % 100 WHEN 10 THEN 'small' "
        "ELSE "
        "repeat(md5(g::text), 100) END"
        " FROM generate_series(1, 400) g; INSERT INTO keyless VALUES (1)");
    ASSERT_EQ(db_.pipeline.run().exit_code, 0);
  }
  // In the range: a row deleted, a row changed, a row too many. Out of it: the same. The rows that are deleted are
  // small, since an update that leaves out a large value of a missing row suspends the table.
  void damage() const {
    DuckReader(db_.file(), DuckReader::Access::read_write)
        .exec(
            "DELETE FROM public.t WHERE id IN (110, 310); UPDATE public.t SET body = 'wrong' WHERE id IN (120, 320); "
            "INSERT INTO public.t VALUES ('a\"\\', 101, 7, 'extra'), ('a\"\\', 301, 7, 'extra')");
  }
  [[nodiscard]] ProcessResult resync(const std::vector<std::string>& arguments) const {
    return run(db_.pipeline.command("resync", arguments));
  }
  // The range in the source, and in the copy; the rows out of the range that were damaged.
  void expect_repaired() const {
    constexpr const char* columns = "region, id, n, md5(body)";
    const auto select = [&](const std::string& where) {
      return std::string("SELECT string_agg(concat_ws('|', ") + columns +
             "), ',' ORDER BY id, region) FROM public.t WHERE " + where;
    };
    EXPECT_EQ(db_.copied_value(select(in_range)), db_.value(select(in_range)));
    EXPECT_EQ(db_.copied_value("SELECT string_agg(id || body, ',' ORDER BY id) FROM public.t WHERE body IN ('wrong', "
                               "'extra')"),
              "301extra,320wrong");
    EXPECT_EQ(db_.copied_value("SELECT count(*) FROM public.t WHERE id = 310"), "0");
    EXPECT_EQ(db_.copied_value("SELECT count(*) FROM _walbrook.outputs WHERE resync_where IS NOT NULL OR state <> "
                               "'streaming'"),
              "0");
  }

  ReplicatedDatabase db_;
};

TEST_F(ResyncPart, without_a_run_the_next_one_puts_the_range_right) {
  damage();
  const auto asked = resync({"t", "--where", in_range});
  EXPECT_EQ(asked.exit_code, 0) << asked.describe();
  EXPECT_EQ(asked.out, "rows of public.t are resynced by the next run\n");
  EXPECT_EQ(db_.copied_value("SELECT state || ' ' || resync_where FROM _walbrook.outputs WHERE source_name = 't'"),
            std::string("streaming ") + in_range);
  db_.exec("UPDATE t SET n = 1 WHERE id IN (110, 120, 121, 320)");  // the large values are not sent
  const auto next = db_.pipeline.run();
  EXPECT_EQ(next.exit_code, 0) << next.describe();
  expect_repaired();
}

// A writer changes rows in the range, moves them out and in, and deletes them, while the part is copied many times.
TEST_F(ResyncPart, under_follow_a_writer_changes_the_range_meanwhile) {
  damage();
  Process follower(db_.pipeline.command("run", {"--follow"}));
  ASSERT_TRUE(
      eventually([this] { return db_.pipeline.status().value("phase", "") == "streaming"; }, milliseconds(30'000)))
      << follower.err();
  std::atomic<bool> ends = false;
  std::jthread writer([&] {
    Sql sql(db_.conninfo());
    for (int i = 0; !ends; ++i) {
      const auto id = std::to_string(100 + i % 100);
      sql.exec("UPDATE t SET n = n + 1 WHERE id BETWEEN 100 AND 210");
      // A row that moves into the range without its large value begins the part again, so moves leave it some time.
      if (i % 200 == 0) {
        // Row 120 has a wrong large value, which is not sent with a new key: it would leave the range with it.
        sql.exec("UPDATE t SET id = id + 1000 WHERE id <> 120 AND id = " + id +
                 " AND NOT EXISTS (SELECT FROM t o WHERE o.id = t.id + 1000 AND o.region = t.region)");
        sql.exec("UPDATE t SET id = id - 1000, n = n + 1 WHERE id > 1000 AND id % 3 = " + std::to_string(i % 3) +
                 " AND NOT EXISTS (SELECT FROM t o WHERE o.id = t.id - 1000 AND o.region = t.region)");
      }
      sql.exec("DELETE FROM t WHERE id = " + std::to_string(100 + i * 7 % 100));
      sql.exec("INSERT INTO t VALUES ('c', " + std::to_string(100 + i * 7 % 100) +
               ", 0, repeat('x', 3000)) ON CONFLICT DO NOTHING");
    }
  });
  for (int i = 0; i < 4; ++i) {
    const auto asked = resync({"public.t", "--where", in_range, "--json"});
    ASSERT_EQ(asked.exit_code, 0) << asked.describe();
    EXPECT_EQ(nlohmann::json::parse(asked.out).at("where"), in_range);
    EXPECT_EQ(nlohmann::json::parse(asked.out).at("by"), "present run");
    EXPECT_TRUE(eventually(
        [this] {
          const auto left = run(db_.pipeline.command(
              "sql", {"--csv", "SELECT count(*) FROM _walbrook.outputs WHERE resync_where IS NOT NULL"}));
          return left.out.ends_with("\n0\n");
        },
        milliseconds(30'000)))
        << follower.err();
  }
  ends = true;
  writer.join();
  follower.signal(SIGTERM);
  EXPECT_EQ(follower.wait(milliseconds(20'000)).exit_code, 0) << follower.err();
  EXPECT_EQ(db_.pipeline.run().exit_code, 0);
  expect_repaired();
}

TEST_F(ResyncPart, p2_a_run_that_is_killed_at_any_point_of_it_carries_it_out_later) {
  for (const auto* point : {"copy_started", "mid_copy", "before_swap_in", "before_commit", "after_commit"}) {
    SCOPED_TRACE(point);
    damage();
    ASSERT_EQ(resync({"t", "--where", in_range}).exit_code, 0);
    db_.exec("UPDATE t SET n = n + 1 WHERE id IN (110, 120, 121)");
    EXPECT_TRUE(db_.pipeline.run({}, {{"WALBROOK_FAULT", point}}).killed());
    EXPECT_EQ(db_.pipeline.run().exit_code, 0);
    expect_repaired();
    ASSERT_EQ(resync({"t"}).exit_code, 0);
    ASSERT_EQ(db_.pipeline.run().exit_code, 0);
    ASSERT_EQ(db_.differences(), "");
  }
}

TEST_F(ResyncPart, what_cannot_be_asked_for_is_refused_before_it_is_stored) {
  const auto expect_refused = [this](const std::vector<std::string>& arguments, const std::string& why) {
    const auto refused = resync(arguments);
    EXPECT_EQ(refused.exit_code, 2) << refused.describe();
    EXPECT_NE(refused.err.find(why), std::string::npos) << refused.err;
  };
  expect_refused({"t", "--where", "id <"}, "syntax error");
  expect_refused({"t", "--where", "n > 0"}, "column \"n\" does not exist");
  expect_refused({"t", "--where", "t.id > 0"}, "missing FROM-clause entry for table \"t\"");
  expect_refused({"t", "--where", "id"}, "must be type boolean");
  expect_refused({"t", "--where", "true); DELETE FROM t; SELECT (1"}, "cannot insert multiple commands");
  expect_refused({"t", "--where", " "}, "--where is empty");
  expect_refused({"t", "keyless", "--where", "id > 0"}, "--where belongs to one table");
  expect_refused({"keyless", "--where", "id > 0"}, "it has no key by which its rows are found");
  expect_refused({"unknown", "--where", "id > 0"}, "this pipeline has no table public.unknown");
  EXPECT_EQ(resync({"t", "--where", "id > 390 -- a comment"}).exit_code, 0);
  EXPECT_EQ(db_.pipeline.run().exit_code, 0);
  EXPECT_EQ(db_.differences(), "");
}

// What a condition does to a row is known only when it is evaluated. No row has changed then: the table is as before.
TEST_F(ResyncPart, a_condition_that_fails_is_dropped_with_a_warning) {
  const auto expect_dropped = [this](const std::string& where, const std::string& why) {
    const auto next = db_.pipeline.run();
    EXPECT_EQ(next.exit_code, 0) << next.describe();
    EXPECT_NE(next.err.find("rows of table public.t are not copied again (" + where + "): "), std::string::npos)
        << next.err;
    EXPECT_NE(next.err.find(why), std::string::npos) << next.err;
    EXPECT_NE(next.err.find("the request is dropped, and no row was changed"), std::string::npos) << next.err;
    EXPECT_EQ(db_.copied_value("SELECT count(*) FROM _walbrook.outputs WHERE resync_where IS NOT NULL OR suspect IS "
                               "NOT NULL OR state <> 'streaming'"),
              "0");
    EXPECT_EQ(db_.differences(), "");
  };
  ASSERT_EQ(resync({"t", "--where", "1 / (id - 150) > 0"}).exit_code, 0);
  db_.exec("UPDATE t SET n = 1 WHERE id = 110");
  expect_dropped("1 / (id - 150) > 0", "division by zero");
  ASSERT_EQ(resync({"t", "--where", "id > 390"}).exit_code, 0);
  db_.exec("ALTER TABLE t RENAME id TO number");
  expect_dropped("id > 390", "column \"id\" does not exist");
}

// The run waits for an open transaction before it can read the part.
TEST_F(ResyncPart, the_status_shows_a_request_and_its_condition) {
  ASSERT_EQ(resync({"t", "--where", "id < 10"}).exit_code, 0);
  const auto shows = [this](const std::vector<std::string>& command, const std::string& text) {
    const auto shown = run(walbrook_command(command));
    return shown.out.find(text) != std::string::npos ? std::string() : shown.describe();
  };
  EXPECT_EQ(shows({"status", "--destination", db_.pipeline.destination(), "--slot", db_.pipeline.slot},
                  "the next run copies rows again: id < 10"),
            "");
  const std::vector<std::string> info = {"pipeline", db_.pipeline.slot, "info", "--destination",
                                         db_.pipeline.destination()};
  EXPECT_EQ(shows(info, "rows are to be copied again: id < 10"), "");
  auto as_json = info;
  as_json.emplace_back("--json");
  EXPECT_EQ(shows(as_json, R"("resync_where": "id < 10")"), "");

  Sql writer(db_.conninfo());
  writer.exec("BEGIN; UPDATE t SET n = 7 WHERE id = 5");
  Process follower(db_.pipeline.command("run", {"--follow"}));
  const auto part = [this] {
    for (const auto& table : db_.pipeline.status().value("tables", nlohmann::json::array())) {
      if (table.at("name") == "t") return table;
    }
    return nlohmann::json::object();
  };
  ASSERT_TRUE(eventually([&] { return part().value("part_under_way", false); }, milliseconds(30'000)))
      << follower.err();
  EXPECT_EQ(part().at("resync_where"), "id < 10");
  EXPECT_NE(run(db_.pipeline.command("status")).out.find("rows are copied again: id < 10"), std::string::npos);
  writer.exec("COMMIT");
  EXPECT_TRUE(eventually([&] { return part().value("resync_where", "?").empty(); }, milliseconds(30'000)))
      << follower.err();
  EXPECT_FALSE(part().value("part_under_way", true));
  follower.signal(SIGTERM);
  EXPECT_EQ(follower.wait(milliseconds(20'000)).exit_code, 0) << follower.err();
  EXPECT_EQ(db_.differences(), "");
}

TEST(ResyncPartElsewhere, a_database_and_a_lake_are_put_right_too) {
  for (const auto to : {CopiedTo::database, CopiedTo::lake}) {
    ReplicatedDatabase db(PostgresServer::shared(), to);
    db.exec("CREATE TABLE t(id bigint PRIMARY KEY, v text); INSERT INTO t SELECT g, 'v' FROM generate_series(1, 50) g");
    ASSERT_EQ(db.pipeline.run().exit_code, 0);
    // The copy misses a change, as if a program had undone it.
    const auto asked = run(db.pipeline.command("resync", {"t", "--where", "id <= 20"}));
    ASSERT_EQ(asked.exit_code, 0) << asked.describe();
    db.exec("DELETE FROM t WHERE id = 3; UPDATE t SET v = 'w' WHERE id = 4; INSERT INTO t VALUES (0, 'new')");
    const auto next = db.pipeline.run();
    EXPECT_EQ(next.exit_code, 0) << next.describe();
    EXPECT_NE(next.err.find("public.t: 20 rows were copied again"), std::string::npos) << next.err;
    EXPECT_EQ(db.differences(), "");
  }
}

TEST(ResyncPartElsewhere, files_are_refused) {
  ReplicatedDatabase db(PostgresServer::shared(), CopiedTo::files);
  db.exec("CREATE TABLE t(id int PRIMARY KEY)");
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  const auto refused = run(db.pipeline.command("resync", {"t", "--where", "id > 0"}));
  EXPECT_EQ(refused.exit_code, 2) << refused.describe();
  EXPECT_NE(refused.err.find("it is kept with all its changes"), std::string::npos) << refused.err;
}

}  // namespace
}  // namespace walbrook::test
