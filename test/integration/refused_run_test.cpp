// A refused run leaves the source as it was: no publication, and no slot, which would hold write-ahead log.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>

#include "test/support/duck_reader.h"
#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

class RefusedRun : public ::testing::Test {
 protected:
  RefusedRun() {
    db.exec("CREATE TABLE a(id int PRIMARY KEY, big bigint, p numeric(10,2)); INSERT INTO a VALUES (1, 2, 3)");
  }
  void expect_nothing_left(const ProcessResult& result, int exit_code) {
    EXPECT_EQ(result.exit_code, exit_code) << result.describe();
    EXPECT_EQ(db.value("SELECT count(*) FROM pg_publication"), "0") << result.describe();
    EXPECT_EQ(
        db.value("SELECT count(*) FROM pg_replication_slots WHERE slot_name = " + quote_literal(db.pipeline.slot)), "0")
        << result.describe();
  }

  void configure(const std::string& overrides) {
    std::filesystem::create_directories(db.folder() / ".walbrook");
    std::ofstream(db.folder() / ".walbrook/config.toml") << overrides;
  }
  [[nodiscard]] ProcessResult run_configured() {
    auto command = walbrook_command({"run", "shop", "--source", db.pipeline.source, "--destination",
                                     "duckdb:///" + db.file().string(), "--slot", db.pipeline.slot, "--publication",
                                     db.pipeline.publication});
    command.folder = db.folder().path();
    return test::run(command);
  }

  ReplicatedDatabase db;
};

TEST_F(RefusedRun, leaves_nothing_in_the_source) {
  expect_nothing_left(db.pipeline.run({"--table", "a", "--table", "nosuch"}), 3);
  expect_nothing_left(db.pipeline.run({"--table", "a(id,nosuch)"}), 3);
  expect_nothing_left(db.pipeline.run({"--schema", "nosuch"}), 3);
  expect_nothing_left(db.pipeline.run({"--protocol", "4", "--two-phase"}, {}), db.server().major() >= 16 ? 0 : 2);
}

TEST_F(RefusedRun, for_a_destination_that_cannot_be_written_leaves_nothing) {
  db.pipeline.file = "/proc/nowhere/file.duckdb";
  expect_nothing_left(db.pipeline.run(), 4);
  db.pipeline.file = db.folder() / "no.duckdb";
  std::ofstream(db.pipeline.file) << "this is no database file at all, but a text in the place of one";
  expect_nothing_left(db.pipeline.run(), 4);
}

TEST_F(RefusedRun, for_a_destination_that_cannot_be_reached_is_not_blamed_on_the_source) {
  std::filesystem::create_symlink("loop", db.folder() / "loop");
  db.pipeline.file = db.folder() / "loop" / "file.duckdb";
  db.pipeline.source = "postgresql://127.0.0.1:1/nowhere?connect_timeout=1";
  const auto result = db.pipeline.run();
  EXPECT_EQ(result.exit_code, 4) << result.describe();
  EXPECT_NE(result.err.find("loop"), std::string::npos) << result.describe();
}

TEST_F(RefusedRun, for_a_destination_that_somebody_holds_leaves_nothing) {
  DuckReader(db.file(), DuckReader::Access::read_write).exec("CREATE TABLE mine(i int)");
  const DuckReader holder(db.file(), DuckReader::Access::read_write);
  expect_nothing_left(db.pipeline.run(), 4);
}

TEST_F(RefusedRun, for_a_bad_override_leaves_nothing) {
  for (const auto* wrong : {"overrides.nosuch = { data_type = 'text' }", "overrides.big = { data_type = 'double' }",
                            "overrides.p = { data_type = 'bigint' }", "overrides.id = { name = 'big' }"}) {
    configure(fmt::format("[[pipelines.shop.tables]]\nname = 'public.a'\n{}\n", wrong));
    const auto result = run_configured();
    expect_nothing_left(result, 2);
    EXPECT_NE(result.err.find("columns: "), std::string::npos) << result.describe();
  }
}

TEST_F(RefusedRun, is_none_for_a_type_that_holds_every_value) {
  db.exec(
      "CREATE TABLE w(id int PRIMARY KEY, n int, s smallint, p numeric(9,0), r oid); INSERT INTO w VALUES (1, "
      "2147483647, -32768, 999999999, 4294967295), (2, -2147483648, 7, 'NaN', 0)");
  configure(
      "[[pipelines.shop.tables]]\nname = 'public.w'\noverrides.n = { data_type = 'double' }\noverrides.s = { data_type "
      "= "
      "'double' }\noverrides.p = { data_type = 'bigint' }\noverrides.r = { data_type = 'double' }\n");
  ASSERT_EQ(run_configured().exit_code, 0);
  db.exec("UPDATE w SET n = n + 1 WHERE id = 2; INSERT INTO w VALUES (3, 1, 1, -1, 1)");
  const auto result = run_configured();
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  DuckReader reader(db.file());
  EXPECT_EQ(reader.value("SELECT string_agg(concat_ws(' ', n, s, p, r, p__v_text), ', ' ORDER BY id) FROM public.w"),
            "2147483647.0 -32768.0 999999999 4294967295.0, -2147483647.0 7.0 0.0 NaN, 1.0 1.0 -1 1.0");
  EXPECT_EQ(reader.value("SELECT string_agg(data_type, ' ' ORDER BY column_index) FROM duckdb_columns() WHERE "
                         "table_name = 'w' AND column_name IN ('n', 's', 'p', 'r')"),
            "DOUBLE DOUBLE BIGINT DOUBLE");
}

// A migration of the source is not a configuration error: if it refused the run, the slot would hold write-ahead log
// for the other tables.
TEST_F(RefusedRun, is_none_where_the_source_was_altered_since) {
  db.exec("CREATE TABLE w(id int PRIMARY KEY, n int, gone int); INSERT INTO w VALUES (1, 2, 3)");
  configure(
      "[[pipelines.shop.tables]]\nname = 'public.a'\n[[pipelines.shop.tables]]\nname = 'public.w'\noverrides.n = { "
      "data_type = 'double' }\noverrides.gone = { data_type = 'bigint' }\n");
  ASSERT_EQ(run_configured().exit_code, 0);
  db.exec(
      "ALTER TABLE w DROP COLUMN gone, ALTER COLUMN n TYPE bigint; INSERT INTO w VALUES (2, 3); INSERT INTO a "
      "VALUES (2, 3, 4)");
  const auto altered = run_configured();
  EXPECT_EQ(altered.exit_code, 0) << altered.describe();
  EXPECT_NE(altered.err.find("the override of column \"gone\" is ignored"), std::string::npos) << altered.describe();
  EXPECT_NE(altered.err.find("the override of column \"n\" is ignored"), std::string::npos) << altered.describe();
  EXPECT_EQ(DuckReader(db.file()).value("SELECT count(*) FROM public.w WHERE n = id + 1"), "2");
  EXPECT_EQ(DuckReader(db.file()).value("SELECT count(*) FROM public.a"), "2");
  db.exec("DROP TABLE w; INSERT INTO a VALUES (3, 4, 5)");
  const auto dropped = run_configured();
  EXPECT_EQ(dropped.exit_code, 0) << dropped.describe();
  EXPECT_EQ(DuckReader(db.file()).value("SELECT count(*) FROM public.a"), "3");
}

TEST_F(RefusedRun, with_reset_keeps_what_is_there) {
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  const auto refused = db.pipeline.run({"--reset", "--yes", "--table", "nosuch"});
  EXPECT_EQ(refused.exit_code, 3) << refused.describe();
  EXPECT_EQ(db.value("SELECT count(*) FROM pg_publication"), "1");
  db.exec("INSERT INTO a VALUES (2, 3, 4)");
  const auto after = db.pipeline.run();
  EXPECT_EQ(after.exit_code, 0) << after.describe();
  EXPECT_EQ(db.differences(), "");
}

}  // namespace
}  // namespace walbrook::test
