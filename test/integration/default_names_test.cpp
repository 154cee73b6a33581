// Slot, publication and pipeline if none of them is named.
#include <gtest/gtest.h>

#include "test/support/duck_reader.h"
#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

// Runs `walbrook COMMAND --source … --destination …` without any name.
ProcessResult unnamed(const ReplicatedDatabase& db, const std::string& command,
                      const std::vector<std::string>& extra = {}) {
  std::vector<std::string> arguments = {command, "--source", db.conninfo(), "--destination",
                                        "duckdb:///" + db.file().string()};
  arguments.insert(arguments.end(), extra.begin(), extra.end());
  return run(walbrook_command(arguments));
}

// Does the same without the source.
ProcessResult unnamed_in_file(const ReplicatedDatabase& db, std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"--destination", "duckdb:///" + db.file().string()});
  return run(walbrook_command(arguments));
}

struct TwoRows : ReplicatedDatabase {
  TwoRows() { exec("CREATE TABLE t(id int PRIMARY KEY); INSERT INTO t VALUES (1), (2)"); }
};

TEST(DefaultNames, two_databases_of_one_server_are_two_pipelines) {
  const TwoRows one;
  const TwoRows two;
  for (const auto* db : {&one, &two}) {
    const auto result = unnamed(*db, "run");
    ASSERT_EQ(result.exit_code, 0) << result.describe();
    EXPECT_EQ(db->copied_value("SELECT slot || ' ' || publication || ' ' || pipeline FROM _walbrook.checkpoint"),
              "walbrook_" + db->name() + " walbrook_" + db->name() + " walbrook_" + db->name());
  }
  one.exec("INSERT INTO t VALUES (3)");
  EXPECT_EQ(unnamed(one, "run").exit_code, 0);
  EXPECT_EQ(one.copied_value("SELECT count(*) FROM public.t"), "3");
}

TEST(DefaultNames, two_databases_may_share_a_file) {
  const TwoRows one;
  const TwoRows two;
  ASSERT_EQ(unnamed(one, "run").exit_code, 0);
  const auto second = run(walbrook_command(
      {"run", "--source", two.conninfo(), "--destination", "duckdb:///" + one.file().string(), "--dataset", "second"}));
  ASSERT_EQ(second.exit_code, 0) << second.describe();
  EXPECT_EQ(one.copied_value("SELECT count(*) FROM _walbrook.checkpoint"), "2");
  const auto status = unnamed_in_file(one, {"status"});
  EXPECT_EQ(status.exit_code, 2) << status.describe();
  EXPECT_NE(status.err.find("holds several pipelines, and none was named"), std::string::npos) << status.describe();
  const auto of_one = unnamed(one, "status");
  EXPECT_NE(of_one.out.find("pipeline walbrook_" + one.name()), std::string::npos) << of_one.describe();
}

TEST(DefaultNames, a_files_only_pipeline_is_found_without_its_name) {
  const TwoRows db;
  ASSERT_EQ(db.pipeline.run().exit_code, 0);  // with --slot and --publication
  db.exec("INSERT INTO t VALUES (3)");
  const auto check = unnamed(db, "check");
  EXPECT_EQ(check.exit_code, 0) << check.describe();
  EXPECT_NE(check.out.find("slot " + db.pipeline.slot + " is at"), std::string::npos) << check.describe();
  const auto again = unnamed(db, "run");
  EXPECT_EQ(again.exit_code, 0) << again.describe();
  EXPECT_EQ(db.differences(), "");
  EXPECT_EQ(db.copied_value("SELECT count(*) FROM _walbrook.checkpoint"), "1");
  EXPECT_EQ(db.value("SELECT count(*) FROM pg_publication"), "1");

  const auto status = unnamed_in_file(db, {"status"});
  EXPECT_NE(status.out.find("pipeline " + db.pipeline.slot), std::string::npos) << status.describe();
  const auto sql = unnamed_in_file(db, {"sql", "SELECT count(*) FROM t"});
  EXPECT_NE(sql.out.find("as of LSN"), std::string::npos) << sql.describe();
  const auto info = unnamed_in_file(db, {"pipeline"});
  EXPECT_NE(info.out.find(db.pipeline.slot), std::string::npos) << info.describe();
}

TEST(DefaultNames, several_publications_are_named_by_flag_variable_or_file) {
  const TwoRows db;
  db.exec("CREATE PUBLICATION pa FOR TABLE t; CREATE PUBLICATION \"p,b\" FOR TABLE t");
  const auto checked = [&db](const std::vector<std::string>& flags, const Environment& env, const std::string& file) {
    const TempFolder folder("project");
    std::filesystem::create_directories(folder / ".walbrook");
    write_file(folder / ".walbrook" / "config.toml", file);
    std::vector<std::string> arguments = {"check", "--source", db.conninfo()};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    auto command = walbrook_command(arguments, env);
    command.folder = folder.path();
    return run(command);
  };
  const std::string expected = "publications pa and p,b have 1 table";
  for (const auto& result : {checked({"--publication", "pa, \"p,b\""}, {}, ""),
                             checked({}, {{"SOURCES__PG_REPLICATION__PUB_NAME", "pa,\"p,b\""}}, ""),
                             checked({}, {{"SOURCES__PG_REPLICATION__PUB_NAME", R"(["pa", "p,b"])"}}, ""),
                             checked({}, {}, "[sources.pg_replication]\npub_name = [\"pa\", \"p,b\"]\n"),
                             checked({}, {}, "[sources.pg_replication]\npub_name = 'pa,\"p,b\"'\n")}) {
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    EXPECT_NE(result.out.find(expected), std::string::npos) << result.describe();
  }
  EXPECT_EQ(checked({"--publication", "pa,pa"}, {}, "").exit_code, 2);
  EXPECT_EQ(db.value("SELECT count(*) FROM pg_replication_slots WHERE database = current_database()"), "0");
}

}  // namespace
}  // namespace walbrook::test
