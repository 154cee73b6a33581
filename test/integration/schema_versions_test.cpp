// `walbrook pipeline NAME schema --at MOMENT` and `--diff`, in every destination: a version for each command that event
// triggers describe, at its place in the stream, and the names that tables had then.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "test/support/lake_copy.h"
#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

class SchemaVersions : public ::testing::TestWithParam<CopiedTo> {
 protected:
  SchemaVersions() : db(PostgresServer::shared(), GetParam()) {
    db.exec(
        "CREATE TABLE t(id int PRIMARY KEY, a int); INSERT INTO t VALUES (1, 1); CREATE TABLE gone(id int PRIMARY KEY);"
        "CREATE TABLE p(id int PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM "
        "(0) "
        "TO (100)");
  }
  void SetUp() override {
    if (GetParam() == CopiedTo::lake && !has_lake_extensions()) GTEST_SKIP() << no_lake_extensions;
  }
  // Returns the position of the log after the command.
  [[nodiscard]] std::string position_after(const std::string& sql) const {
    db.exec(sql);
    return db.value("SELECT pg_current_wal_insert_lsn()");
  }
  void run_and_expect_success(const std::vector<std::string>& extra = {}) const {
    const auto result = db.pipeline.run(extra);
    ASSERT_EQ(result.exit_code, 0) << result.describe();
  }
  [[nodiscard]] nlohmann::json told(std::vector<std::string> words) const {
    words.insert(words.begin(), {"pipeline", db.pipeline.slot, "schema"});
    words.insert(words.end(), {"--json", "--destination", db.pipeline.destination()});
    Environment env;
    if (GetParam() == CopiedTo::lake) env["DESTINATION__DUCKDB__EXTENSION_DIRECTORY"] = lake_extensions().string();
    const auto result = run(walbrook_command(words, env));
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    return nlohmann::json::parse(result.out);
  }
  // "public.t: id a", joined by ", ".
  [[nodiscard]] std::string columns_at(const std::string& moment) const {
    std::string text;
    const auto document = told({"--at", moment});
    for (const auto& table : document.at("tables")) {
      text += (text.empty() ? "" : ", ") + table.at("table").get<std::string>() + ":";
      for (const auto& column : table.at("columns")) text += " " + column.at("name").get<std::string>();
    }
    return text;
  }
  // "public.t.b added", in their order.
  [[nodiscard]] std::vector<std::string> changes_since(const std::string& moment) const {
    std::vector<std::string> lines;
    const auto document = told({"--diff", "--at", moment});
    for (const auto& change : document.at("changes")) {
      lines.push_back(change.at("table").get<std::string>() +
                      (change.at("column").is_null() ? "" : "." + change.at("column").get<std::string>()) + " " +
                      change.at("change").get<std::string>());
    }
    return lines;
  }

  ReplicatedDatabase db;
};

TEST_P(SchemaVersions, each_described_command_has_a_version_at_its_place) {
  run_and_expect_success({"--ddl-trigger"});
  const auto before = position_after("INSERT INTO t VALUES (2, 2)");
  const auto added = position_after("ALTER TABLE t ADD COLUMN b int; INSERT INTO t VALUES (3, 3, 3)");
  const auto in_partitions = position_after("ALTER TABLE p ADD COLUMN c int; INSERT INTO p VALUES (1, 1)");
  const auto newest = position_after("ALTER TABLE t ADD COLUMN d int; INSERT INTO t VALUES (4, 4, 4, 4)");
  run_and_expect_success();
  EXPECT_EQ(db.differences(), "");
  EXPECT_EQ(columns_at(before), "public.gone: id, public.p: id, public.t: id a");
  EXPECT_EQ(columns_at(added), "public.gone: id, public.p: id, public.t: id a b");
  EXPECT_EQ(columns_at(in_partitions), "public.gone: id, public.p: id c, public.t: id a b");
  EXPECT_EQ(columns_at(newest), "public.gone: id, public.p: id c, public.t: id a b d");
  EXPECT_EQ(changes_since(before),
            (std::vector<std::string>{"public.p.c added", "public.t.b added", "public.t.d added"}));
  EXPECT_EQ(changes_since(in_partitions), (std::vector<std::string>{"public.t.d added"}));
}

TEST_P(SchemaVersions, tables_have_the_names_that_they_had_and_end_when_they_are_dropped) {
  run_and_expect_success();
  const auto before = position_after("INSERT INTO t VALUES (2, 2)");
  run_and_expect_success();
  db.exec("ALTER TABLE t RENAME TO s; DROP TABLE gone; INSERT INTO s VALUES (3, 3)");
  run_and_expect_success();
  const auto after = position_after("INSERT INTO s VALUES (4, 4)");
  run_and_expect_success();
  EXPECT_EQ(columns_at(before), "public.gone: id, public.p: id, public.t: id a");
  EXPECT_EQ(columns_at(after), "public.p: id, public.s: id a");
  const auto changes = changes_since(before);
  const auto has = [&changes](const char* line) { return std::ranges::count(changes, line) == 1; };
  EXPECT_TRUE(has("public.gone removed")) << ::testing::PrintToString(changes);
  EXPECT_TRUE(has("public.t renamed to public.s")) << ::testing::PrintToString(changes);
  EXPECT_EQ(changes.size(), 2U) << ::testing::PrintToString(changes);
}

std::string name_of_destination(const ::testing::TestParamInfo<CopiedTo>& each) {
  switch (each.param) {
    case CopiedTo::file:
      return "file";
    case CopiedTo::database:
      return "database";
    case CopiedTo::files:
      return "files";
    default:
      return "lake";
  }
}

INSTANTIATE_TEST_SUITE_P(Into, SchemaVersions,
                         ::testing::Values(CopiedTo::file, CopiedTo::database, CopiedTo::files, CopiedTo::lake),
                         name_of_destination);

}  // namespace
}  // namespace walbrook::test
