// Flags that name a pipeline, and the word or position that names a destination, are the same for every command.
#include <gtest/gtest.h>

#include "base/error.h"
#include "cli/command_line.h"
#include "cli/flags.h"
#include "test/unit/config/folder_case.h"

namespace walbrook::cli {
namespace {

class NamingFlagsTest : public config::FolderCase {
 protected:
  void SetUp() override {
    FolderCase::SetUp();
    for (const char* name : {"PGDATABASE", "PGUSER", "PGSERVICE", "PGHOST"}) unsetenv(name);
  }
  // Returns the operands that each command needs besides its flags.
  static std::vector<std::string> operands(const std::string& command) {
    if (command == "resync" || command == "suspend" || command == "resume") return {"orders"};
    if (command == "sql") return {"SELECT 1"};
    return {};
  }
  static std::vector<std::string> arguments(const std::string& command, std::vector<std::string> flags) {
    flags.insert(flags.begin(), command);
    const auto more = operands(command);
    flags.insert(flags.end(), more.begin(), more.end());
    return flags;
  }
};

TEST_F(NamingFlagsTest, every_command_that_is_about_a_pipeline_takes_all_of_them) {
  Flags flags;
  CLI::App top;
  for (const auto& entry : add_commands(top, flags)) {
    const auto name = entry.app->get_name();
    if (name == "init" || name == "completion") continue;  // they do not name a pipeline
    for (const char* flag : {"--source", "--slot", "--publication", "--destination", "--pipeline", "--project"}) {
      EXPECT_NE(entry.app->get_option_no_throw(flag), nullptr) << "walbrook " << name << " " << flag;
    }
    const auto parsed = parse_command_line(arguments(name, {"--source", "postgresql://loader@127.0.0.1/shop", "--slot",
                                                            "s", "--publication", "p", "--project", "."}));
    ASSERT_TRUE(parsed.line) << name;
    if (name != "config") {
      EXPECT_EQ(parsed.line->run.publication, "p") << name;
    }
  }
}

TEST_F(NamingFlagsTest, a_bare_word_is_a_kind_of_destination_and_never_a_file) {
  for (const std::string command :
       {"run", "check", "status", "resync", "suspend", "resume", "compact", "sql", "pipeline", "config"}) {
    for (const std::string kind : {"postgres", "snowflake", "bigquery", "shop"}) {
      const auto refused = FolderCase::refused([&] {
        static_cast<void>(parse_command_line(arguments(command, {"--source", "dbname=shop", "--destination", kind})));
      });
      EXPECT_NE(refused.find("--destination \"" + kind + "\" is not a known destination"), std::string::npos)
          << command << ": " << refused;
      EXPECT_NE(refused.find("Known: duckdb, postgresql, filesystem, ducklake, motherduck."), std::string::npos)
          << refused;
      EXPECT_NE(refused.find("./" + kind), std::string::npos) << refused;
    }
  }
}

TEST_F(NamingFlagsTest, the_kind_alone_means_the_default_file) {
  for (const std::string command :
       {"run", "check", "status", "resync", "suspend", "resume", "compact", "sql", "pipeline"}) {
    const auto line =
        parse_command_line(arguments(command, {"--source", "dbname=shop", "--destination", "duckdb"})).line;
    ASSERT_TRUE(line) << command;
    EXPECT_EQ(line->destination.url, "duckdb:///shop.duckdb") << command;
  }
  write(".walbrook/config.toml", "[pipelines.shop]\ndestination = \"own.duckdb\"\n");
  EXPECT_EQ(parse_command_line({"status", "shop", "--destination", "duckdb"}).line->destination.url, "own.duckdb");
  for (const std::string file : {"./postgres", "shop.duckdb", "shop.db", "duckdb:shop", "/data/shop"}) {
    EXPECT_EQ(parse_command_line({"status", "shop", "--destination", file}).line->destination.url, file);
  }
}

}  // namespace
}  // namespace walbrook::cli
