// One DuckDB file that a program uses more than once: several pipelines, several handles, queries.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <mutex>
#include <thread>

#include "test/library/duck_stream.h"
#include "test/library/fixture.h"
#include "test/support/temp_folder.h"

namespace walbrook::test {
namespace {

using std::chrono::steady_clock;

// Returns the rows of a query over the stream, as DuckDB reads it.
std::vector<SqlRow> rows_of(ArrowArrayStream stream, const std::string& sql = "FROM rows") {
  DuckReader reader(":memory:", DuckReader::Access::read_write);
  reader.scan_arrow("rows", &stream);
  auto rows = reader.query(sql);
  stream.release(&stream);
  return rows;
}

std::string value_of(const walbrook::Pipeline& pipeline, const std::string& sql) {
  return rows_of(pipeline.query(sql)).at(0).at(0).value_or("NULL");
}

TEST(OneFile, two_pipelines_of_one_process_take_turns) {
  for (int round = 0; round < 3; ++round) {
    const Shop shop;
    shop.exec(
        "CREATE SCHEMA s1; CREATE SCHEMA s2;"
        "CREATE TABLE s1.t AS SELECT g AS id, md5(g::text) AS v FROM generate_series(1, 60000) g;"
        "ALTER TABLE s1.t ADD PRIMARY KEY (id);"
        "CREATE TABLE s2.t AS SELECT g AS id, md5(g::text) AS v FROM generate_series(1, 60000) g;"
        "ALTER TABLE s2.t ADD PRIMARY KEY (id)");
    const auto copy = [&](const std::string& schema) {
      const auto name = shop.slot() + "_" + schema;
      auto pipeline = walbrook::pipeline({.pipeline_name = name, .destination = shop.file()});
      pipeline.run(init_replication({.slot_name = name,
                                     .pub_name = name,
                                     .schema_name = schema,
                                     .credentials = shop.conninfo(),
                                     .persist_snapshots = true}));
      shop.exec("UPDATE " + schema + ".t SET v = 'new' WHERE id % 10 = 0");
      pipeline.run(replication_resource({.slot_name = name, .pub_name = name, .credentials = shop.conninfo()}));
      pipeline.sync();
    };
    auto first = std::async(std::launch::async, copy, "s1");
    auto second = std::async(std::launch::async, copy, "s2");
    EXPECT_NO_THROW(first.get());
    EXPECT_NO_THROW(second.get());
    for (const std::string schema : {"s1", "s2"}) {
      EXPECT_EQ(differences({.conninfo = shop.conninfo(),
                             .publication = shop.slot() + "_" + schema,
                             .file = shop.file(),
                             .tables = {},
                             .dataset = {},
                             .gone_columns = {}}),
                "");
    }
  }
}

// A pipeline over a table, and an action that runs while its rows are copied.
class Copying {
 public:
  Copying() {
    shop.exec(
        "CREATE TABLE t(id int PRIMARY KEY, v text);"
        "INSERT INTO t SELECT g, md5(g::text) FROM generate_series(1, 20000) g");
  }
  void run(const std::function<void()>& meanwhile) {
    auto options = shop.options();
    options.progress = [&](const Progress& progress) {
      if (progress.event == Progress::Event::copy_started) meanwhile();
    };
    pipeline_.emplace(walbrook::pipeline(options));
    pipeline_->run(init_replication(shop.init({"t"})));
  }
  [[nodiscard]] walbrook::Pipeline& pipeline() { return *pipeline_; }

  Shop shop;

 private:
  std::optional<walbrook::Pipeline> pipeline_;
};

TEST(OneFile, whoever_does_not_want_to_wait_is_told_at_once) {
  Copying copying;
  std::optional<Error> busy;
  copying.run([&] {
    auto options = copying.shop.options();
    options.pipeline_name = "other";
    options.file_busy = "throw";
    auto other = walbrook::pipeline(options);
    busy = std::async(std::launch::async, [&] { return error_of([&] { other.sync(); }); }).get();
  });
  ASSERT_TRUE(busy);
  EXPECT_EQ(busy->kind(), ErrorKind::destination);
  EXPECT_EQ(busy->cause(), "shop.duckdb is in use by another pipeline of this program");
  EXPECT_EQ(copying.shop.differences(), "");
  auto options = copying.shop.options();
  options.file_busy = "never";
  EXPECT_EQ(error_of([&] { (void)walbrook::pipeline(options); }).facts().setting, "file_busy");
}

TEST(OneFile, a_call_that_would_wait_for_its_own_caller_throws_at_once) {
  Copying copying;
  std::vector<std::string> causes;
  const auto began = steady_clock::now();
  copying.run([&] {
    auto options = copying.shop.options();
    options.pipeline_name = "other";
    auto other = walbrook::pipeline(options);
    causes.push_back(error_of([&] { other.sync(); }).cause());
    causes.push_back(error_of([&] { other.run(copying.shop.changes()); }).cause());
    causes.push_back(error_of([&] { other.drop(); }).cause());
    causes.push_back(error_of([&] { copying.pipeline().run(copying.shop.changes()); }).cause());
    causes.push_back(value_of(copying.pipeline(), "SELECT 42"));
  });
  const std::string nested = "shop.duckdb is in use by the call that requests it";
  EXPECT_EQ(causes, (std::vector<std::string>{nested, nested, nested, nested, "42"}));
  EXPECT_LT(steady_clock::now() - began, milliseconds(20'000));
  EXPECT_EQ(copying.shop.differences(), "");
}

TEST(OneFile, a_run_inside_a_loop_over_batches_is_no_second_use) {
  const Shop shop;
  shop.exec("CREATE TABLE t(id int PRIMARY KEY)");
  init_replication(shop.init({"t"}, false));
  const auto feed = shop.slot() + "_feed";
  init_replication({.slot_name = feed, .pub_name = "pub", .table_names = {"t"}, .credentials = shop.conninfo()});
  shop.exec("INSERT INTO t SELECT generate_series(1, 100)");
  auto pipeline = walbrook::pipeline(shop.options());
  int batches = 0;
  const auto changes = replication_resource({.slot_name = feed, .pub_name = "pub", .credentials = shop.conninfo()});
  for (const auto& batch : changes.batches()) {
    EXPECT_EQ(batch.rows(), 100U);
    pipeline.run(shop.changes());
    ++batches;
  }
  EXPECT_EQ(batches, 1);
  EXPECT_EQ(shop.copied("SELECT count(*) FROM copy.t"), "100");
}

TEST(OneFile, a_foreign_duckdb_is_refused) {
  const Shop shop;
  shop.exec("CREATE TABLE t(id int PRIMARY KEY); INSERT INTO t VALUES (1)");
  const auto snapshots = init_replication(shop.init({"t"}));
  auto pipeline = walbrook::pipeline(shop.options());
  {
    DuckReader foreign(shop.file(), DuckReader::Access::read_write);
    foreign.exec("CREATE TABLE mine(i int)");
    const auto refused = error_of([&] { pipeline.run(snapshots); });
    EXPECT_EQ(refused.kind(), ErrorKind::destination);
    EXPECT_NE(refused.cause().find("is open in this program already"), std::string::npos) << refused.what();
    EXPECT_NE(error_of([&] { pipeline.sync(); }).cause().find("is open in this program"), std::string::npos);
    EXPECT_NE(error_of([&] { (void)pipeline.query("SELECT 1"); }).cause().find("is open in this"), std::string::npos);
  }
  pipeline.run(snapshots);
  EXPECT_EQ(shop.copied("SELECT count(*) FROM mine"), "0");
  DuckReader(shop.file(), DuckReader::Access::read_write).exec("DROP TABLE mine");
  EXPECT_EQ(shop.differences(), "");
}

TEST(OneFile, nothing_is_written_while_a_foreign_handle_is_open) {
  Copying copying;
  std::unique_ptr<std::ifstream> foreign;
  std::jthread closer;
  copying.run([&] {
    foreign = std::make_unique<std::ifstream>(copying.shop.file());
    closer = std::jthread([&] {
      std::this_thread::sleep_for(milliseconds(1500));
      foreign.reset();
    });
  });
  EXPECT_EQ(foreign, nullptr) << "it was written in spite of it";
  EXPECT_EQ(copying.shop.differences(), "");
}

TEST(OneFile, a_handle_that_was_closed_costs_no_lock) {
  Copying copying;
  std::string another_process;
  auto options = copying.shop.options();
  options.progress = [&](const Progress& progress) {
    if (progress.event == Progress::Event::copy_started) std::ifstream(copying.shop.file()).get();
    if (progress.event != Progress::Event::copy_finished) return;
    const auto opened = run(walbrook_command({"sql", "--destination", copying.shop.file(), "SELECT 1"}));
    another_process = opened.err;
  };
  auto pipeline = walbrook::pipeline(options);
  pipeline.run(init_replication(copying.shop.init({"t"})));
  EXPECT_NE(another_process.find("is locked by"), std::string::npos) << another_process;
  EXPECT_EQ(copying.shop.differences(), "");
}

TEST(Query, rows_come_as_an_arrow_stream) {
  const Shop shop;
  shop.exec(
      "CREATE TABLE t(id int PRIMARY KEY, n numeric(10,2), u uuid, at timestamptz, tags text[]);"
      "INSERT INTO t VALUES (1, 1.50, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '2026-01-02 03:04:05+00', '{x,NULL}'),"
      "  (2, NULL, NULL, NULL, NULL)");
  auto pipeline = walbrook::pipeline(shop.options());
  EXPECT_EQ(error_of([&] { (void)pipeline.query("SELECT 1"); }).kind(), ErrorKind::destination) << "there is no file";
  pipeline.run(init_replication(shop.init({"t"})));
  const auto rows = rows_of(pipeline.query("FROM t ORDER BY id"));
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0],
            (SqlRow{"1", "1.50", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "2026-01-02 03:04:05+00", "[x, NULL]"}));
  EXPECT_EQ(rows[1], (SqlRow{"2", std::nullopt, std::nullopt, std::nullopt, std::nullopt}));
  EXPECT_EQ(value_of(pipeline, "SELECT lsn FROM _walbrook.checkpoint"), pipeline.last_load()->last_lsn);
  EXPECT_EQ(rows_of(pipeline.query("FROM range(300000)"), "SELECT sum(range) FROM rows").at(0).at(0), "44999850000");
  EXPECT_TRUE(rows_of(pipeline.query("FROM t WHERE false")).empty());
}

TEST(Query, what_does_not_only_read_is_refused) {
  const Shop shop;
  shop.exec("CREATE TABLE t(id int PRIMARY KEY); INSERT INTO t VALUES (1)");
  auto pipeline = walbrook::pipeline(shop.options());
  pipeline.run(init_replication(shop.init({"t"})));
  for (const std::string sql : {"DELETE FROM t", "DROP TABLE t", "SELECT 1; SELECT 2", "", "SELEC 1", "FROM nothing",
                                "CHECKPOINT", "ATTACH 'x.duckdb'", "COPY t TO 'x.csv'", "SET threads = 1"}) {
    EXPECT_EQ(error_of([&] { (void)pipeline.query(sql); }).kind(), ErrorKind::configuration) << sql;
  }
  auto late = pipeline.query("SELECT CASE WHEN range < 2900000 THEN 1 ELSE error('too far') END FROM range(3000000)");
  ArrowArray array{};
  int code = 0;
  while ((code = late.get_next(&late, &array)) == 0 && array.release != nullptr) array.release(&array);
  EXPECT_NE(code, 0);
  EXPECT_NE(std::string(late.get_last_error(&late)), "");
  late.release(&late);
  EXPECT_EQ(late.release, nullptr);
  EXPECT_EQ(shop.differences(), "");
}

TEST(Query, limits_are_options) {
  const TempFolder folder("limits");
  auto pipeline =
      walbrook::pipeline({.pipeline_name = "limits", .destination = (folder.path() / "limits.duckdb").string()});
  auto few = DuckStream("SELECT 1 AS id");
  pipeline.run(few.get(), {.table_name = "one"});
  const std::string endless =
      "SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE hash(a.range, b.range) = 1";
  // Returns the cause of the error, which the stream or query() itself reports.
  const auto cause_of = [&](const std::string& sql, const PipelineQueryOptions& options) {
    std::string told;
    try {
      auto stream = pipeline.query(sql, options);
      for (ArrowArray batch{}; told.empty();) {
        if (stream.get_next(&stream, &batch) != 0) told = stream.get_last_error(&stream);
        if (batch.release == nullptr) break;
        batch.release(&batch);
      }
      stream.release(&stream);
    } catch (const Error& thrown) {
      told = thrown.cause();
    }
    return told;
  };
  EXPECT_NE(cause_of(endless, {.query_timeout = 0.3}).find("the query was ended after 300 ms"), std::string::npos);
  EXPECT_NE(cause_of("FROM range(5000)", {.query_rows = 4000}).find("the result has more than 4000 rows"),
            std::string::npos);
  EXPECT_NE(cause_of("SELECT length(repeat(repeat('x', 1000000), 600))", {.query_memory = 1}).find("MB of memory"),
            std::string::npos);
  EXPECT_NE(cause_of("SELECT 1", {.query_timeout = -1}).find("is not a time"), std::string::npos);
  EXPECT_EQ(rows_of(pipeline.query("FROM range(5000)", {.query_timeout = 60, .query_rows = 5000})).size(), 5000U);
}

TEST(Query, a_stream_becomes_a_table_of_the_same_pipeline) {
  const Shop shop;
  shop.exec(
      "CREATE TABLE t(id int PRIMARY KEY, v int); INSERT INTO t SELECT g, g % 10 FROM generate_series(1, 1000) g");
  auto pipeline = walbrook::pipeline(shop.options());
  pipeline.run(init_replication(shop.init({"t"})));
  auto totals = pipeline.query("SELECT v, count(*) AS n, sum(id)::bigint AS ids FROM t GROUP BY v");
  pipeline.run(&totals, {.write_disposition = "replace", .table_name = "totals"});
  EXPECT_EQ(totals.release, nullptr);
  EXPECT_EQ(shop.copied("SELECT count(*) || ',' || sum(ids) FROM copy.totals"), "10,500500");
}

TEST(Query, a_stream_outlives_calls_and_pipeline_and_then_leaves_the_file) {
  const Shop shop;
  shop.exec("CREATE TABLE t(id int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 50000)");
  std::optional<walbrook::Pipeline> pipeline = walbrook::pipeline(shop.options());
  pipeline->run(init_replication(shop.init({"t"})));
  auto before = pipeline->query("SELECT count(*) FROM t");
  auto untouched = pipeline->query("SELECT sum(id) FROM t");
  shop.exec("DELETE FROM t WHERE id > 10");
  pipeline->run(shop.changes());
  pipeline->sync();
  EXPECT_EQ(value_of(*pipeline, "SELECT count(*) FROM t"), "10");
  auto other = walbrook::pipeline(shop.options());
  EXPECT_NE(error_of([&] { other.sync(); }).cause().find("in use by the call"), std::string::npos);
  pipeline.reset();
  EXPECT_EQ(rows_of(before).at(0).at(0), "50000") << "as of its own moment";
  untouched.release(&untouched);
  EXPECT_TRUE(other.sync());
  EXPECT_EQ(shop.differences(), "");
}

TEST(Query, p1_a_query_beside_a_run_sees_whole_transactions) {
  const Shop shop;
  shop.exec(
      "CREATE TABLE a(id int PRIMARY KEY, n int); CREATE TABLE b(id int PRIMARY KEY, n int);"
      "INSERT INTO a SELECT g, 0 FROM generate_series(1, 100) g; INSERT INTO b SELECT g, 0 FROM generate_series(1, "
      "100) g");
  auto pipeline = walbrook::pipeline(shop.options());
  pipeline.run(init_replication(shop.init({"a", "b"})));
  {
    Sql writer(shop.conninfo());
    for (int i = 0; i < 2000; ++i) {
      const auto id = std::to_string(i % 100 + 1);
      writer.exec("BEGIN; UPDATE a SET n = n + 1 WHERE id = " + id + "; UPDATE b SET n = n - 1 WHERE id = " + id +
                  "; COMMIT");
    }
  }
  std::atomic<bool> ended = false;
  int asked = 0;
  std::string wrong;
  std::jthread reader([&] {
    try {
      while (!ended || asked == 0) {
        const auto sum = value_of(pipeline, "SELECT (SELECT sum(n) FROM a) + (SELECT sum(n) FROM b)");
        if (sum != "0") wrong = sum;
        ++asked;
      }
    } catch (const std::exception& failed) {
      wrong = failed.what();
    }
  });
  pipeline.run(shop.changes());
  ended = true;
  reader.join();
  EXPECT_EQ(wrong, "");
  EXPECT_GT(asked, 0);
  EXPECT_EQ(shop.differences(), "");
  EXPECT_EQ(value_of(pipeline, "SELECT sum(n) FROM a"), "2000");
}

}  // namespace
}  // namespace walbrook::test
