#include "cli/command_line.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <sstream>

#include "base/error.h"
#include "base/text.h"
#include "cli/commands/credentials.h"
#include "cli/flags.h"
#include "cli/process_arguments.h"
#include "test/unit/config/folder_case.h"

namespace walbrook::cli {
namespace {

// The environment of the user who runs the tests does not affect them.
class CommandLineTest : public config::FolderCase {
 protected:
  void SetUp() override {
    FolderCase::SetUp();
    for (const char* name : {"PGDATABASE", "PGUSER", "PGSERVICE", "PGHOST"}) unsetenv(name);
  }

  static CommandLine parsed(std::vector<std::string> arguments) {
    auto result = parse_command_line(std::move(arguments));
    EXPECT_TRUE(result.line.has_value()) << result.text;
    return result.line.value_or(CommandLine{});
  }
  static std::string refused(std::vector<std::string> arguments) {
    return FolderCase::refused([&] { static_cast<void>(parse_command_line(std::move(arguments))); });
  }
};

TEST_F(CommandLineTest, only_the_source_is_needed) {
  const auto line = parsed({"run", "--source", "postgresql://loader@127.0.0.1/shop"});
  EXPECT_EQ(line.command, Command::run);
  EXPECT_EQ(line.run.conninfo, "postgresql://loader@127.0.0.1/shop");
  EXPECT_EQ(line.run.slot, "walbrook_shop");
  EXPECT_EQ(line.run.publication, "walbrook_shop");
  EXPECT_EQ(line.run.pipeline, "walbrook_shop");
  EXPECT_EQ(line.destination.url, "duckdb:///shop.duckdb");
  EXPECT_EQ(line.destination.pipeline, "walbrook_shop");
  EXPECT_FALSE(line.destination.read_only);
  EXPECT_TRUE(line.run.snapshot);
  EXPECT_FALSE(line.run.follow);
}

TEST_F(CommandLineTest, every_flag_of_run_arrives) {
  const auto line = parsed({"run",
                            "--source=dbname=shop",
                            "--destination",
                            "duckdb:///x.duckdb",
                            "--slot",
                            "s1",
                            "--publication",
                            "My Pub",
                            "--dataset",
                            "copy",
                            "--table",
                            "orders",
                            "--table",
                            "sales.items(id,price)",
                            "--schema",
                            "sales",
                            "--no-snapshot",
                            "--follow",
                            "--until-lsn",
                            "16/B374D848",
                            "--reset",
                            "--batch-rows",
                            "10",
                            "--batch-bytes",
                            "1MB",
                            "--format",
                            "text",
                            "--logical-decoding-work-mem",
                            "1GB",
                            "--memory-limit",
                            "2GB",
                            "--threads",
                            "2",
                            "--primary-key",
                            "--create-types",
                            "--enum-columns",
                            "--extension-directory",
                            "/opt/ext",
                            "--slot-timeout",
                            "5",
                            "--network-timeout",
                            "7",
                            "--startup-timeout",
                            "8",
                            "--reconnect-timeout",
                            "9",
                            "--snapshot-wait",
                            "6",
                            "--catalog-poll-interval",
                            "250",
                            "--log-format",
                            "json",
                            "--log-level",
                            "debug",
                            "--json"});
  EXPECT_EQ(line.run.slot, "s1");
  EXPECT_EQ(line.destination.pipeline, "s1");
  EXPECT_EQ(line.run.publication, "My Pub");
  EXPECT_EQ(line.run.dataset, "copy");
  ASSERT_EQ(line.run.tables.size(), 2U);
  EXPECT_EQ(line.run.tables[0].name, "orders");
  EXPECT_EQ(line.run.tables[1].columns.size(), 2U);
  EXPECT_EQ(line.run.schema, "sales");
  EXPECT_FALSE(line.run.snapshot);
  EXPECT_TRUE(line.run.follow);
  EXPECT_TRUE(line.run.reset);
  EXPECT_EQ(line.run.until->to_string(), "16/B374D848");
  EXPECT_EQ(line.run.batch_rows, 10U);
  EXPECT_EQ(line.run.batch_bytes, 1U << 20U);
  EXPECT_EQ(line.run.format, replication::ValueFormat::text);
  EXPECT_EQ(line.run.logical_decoding_work_mem, "1GB");
  EXPECT_EQ(line.destination.memory_limit, "2GB");
  EXPECT_EQ(line.destination.threads, 2);
  EXPECT_TRUE(line.destination.primary_key);
  EXPECT_TRUE(line.destination.create_types);
  EXPECT_TRUE(line.destination.enum_columns);
  EXPECT_EQ(line.destination.extension_directory, "/opt/ext");
  EXPECT_EQ(line.run.slot_timeout, std::chrono::seconds(5));
  EXPECT_EQ(line.run.network_timeout, std::chrono::seconds(7));
  EXPECT_EQ(line.run.startup_timeout, std::chrono::seconds(8));
  EXPECT_EQ(line.run.reconnect_timeout, std::chrono::seconds(9));
  EXPECT_EQ(line.run.snapshot_wait, std::chrono::seconds(6));
  EXPECT_EQ(line.run.catalog_poll_interval, milliseconds(250));
  EXPECT_EQ(line.log_format, LogFormat::json);
  EXPECT_EQ(line.log_level, "debug");
  EXPECT_TRUE(line.json);
}

TEST_F(CommandLineTest, the_environment_stands_in_for_flags) {
  setenv("SOURCES__PG_REPLICATION__CREDENTIALS", "postgresql://loader:secret@db/shop", 1);
  setenv("DESTINATION__DUCKDB__MEMORY_LIMIT", "512MB", 1);
  setenv("DESTINATION__DUCKDB__THREADS", "1", 1);
  auto line = parsed({"check"});
  EXPECT_EQ(line.run.conninfo, "postgresql://loader:secret@db/shop");
  EXPECT_EQ(line.destination.url, "duckdb:///shop.duckdb");
  EXPECT_EQ(line.destination.memory_limit, "512MB");
  EXPECT_EQ(line.destination.threads, 1);
  EXPECT_TRUE(line.destination.read_only);
  line = parsed({"check", "--source", "dbname=other"});
  EXPECT_EQ(line.run.conninfo, "dbname=other");
  setenv("DESTINATION__DUCKDB__THREADS", "many", 1);
  EXPECT_NE(refused({"run"}).find("DESTINATION__DUCKDB__THREADS"), std::string::npos);
}

TEST_F(CommandLineTest, the_default_destination_is_the_database_that_libpq_would_choose) {
  EXPECT_EQ(default_destination("host=x user=joe"), "duckdb:///joe.duckdb");
  EXPECT_EQ(default_destination("postgresql://joe@x"), "duckdb:///joe.duckdb");
  setenv("PGDATABASE", "a/b", 1);
  EXPECT_EQ(default_destination("host=x user=joe"), "duckdb:///a_b.duckdb");
  EXPECT_EQ(default_destination("host=x dbname=shop"), "duckdb:///shop.duckdb");
  unsetenv("PGDATABASE");
}

TEST_F(CommandLineTest, the_service_names_the_database_too) {
  std::string file = "/tmp/walbrook-test-XXXXXX";
  const int descriptor = mkstemp(file.data());
  ASSERT_GE(descriptor, 0);
  constexpr std::string_view text = "[copy]\ndbname=from_service\n";
  ASSERT_EQ(::write(descriptor, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  ::close(descriptor);
  setenv("PGSERVICEFILE", file.c_str(), 1);
  setenv("PGSERVICE", "other", 1);
  EXPECT_EQ(default_destination("service=copy"), "duckdb:///from_service.duckdb");
  EXPECT_STREQ(getenv("PGSERVICE"), "other");
  unsetenv("PGSERVICE");
  EXPECT_EQ(default_destination("service=copy dbname=mine"), "duckdb:///mine.duckdb");
  EXPECT_EQ(getenv("PGSERVICE"), nullptr);
  unsetenv("PGSERVICEFILE");
  ::unlink(file.c_str());
}

TEST_F(CommandLineTest, an_unknown_flag_is_refused_with_the_nearest_known_one) {
  EXPECT_EQ(refused({"run", "--tabel", "orders"}),
            "unknown flag --tabel of `walbrook run`\n  Did you mean --table? `walbrook run --help` lists all.");
  EXPECT_NE(refused({"check", "--follow"}).find("unknown flag --follow of `walbrook check`"), std::string::npos);
  EXPECT_NE(refused({"rn"}).find("Did you mean `walbrook run`?"), std::string::npos);
  EXPECT_NE(refused({"--json", "run"}).find("comes before the command"), std::string::npos);
  EXPECT_NE(refused({"run", "shop"}).find("unknown pipeline \"shop\""), std::string::npos);
  EXPECT_NE(refused({"run", "--slot"}).find("--slot"), std::string::npos);
}

TEST_F(CommandLineTest, what_postgres_does_not_allow_is_refused) {
  EXPECT_NE(refused({"run", "--slot", "No-Slot"}).find("--slot \"No-Slot\""), std::string::npos);
  EXPECT_NE(refused({"run", "--publication", std::string(64, 'p')}).find("--publication"), std::string::npos);
  EXPECT_NE(refused({"run", "--only", "t"}).find("--only without --skip-transaction"), std::string::npos);
  EXPECT_NE(refused({"run", "--skip-transaction", "0/1", "--only", "t(a)"}).find("whole tables"), std::string::npos);
  EXPECT_NE(refused({"run", "--skip-transaction", "0/1", "--reset"}).find("--reset"), std::string::npos);
  EXPECT_NE(refused({"run", "--until-lsn", "now"}).find("--until-lsn \"now\""), std::string::npos);
  EXPECT_NE(refused({"run", "--format", "xml"}).find("auto, text, binary"), std::string::npos);
  EXPECT_NE(refused({"run", "--dataset", "_walbrook"}).find("own state"), std::string::npos);
  EXPECT_NE(refused({"sql", "--csv", "--json", "SELECT 1"}).find("exclude"), std::string::npos);
  EXPECT_NE(refused({"run", "--source", "postgresql://[::1"}).find("--source"), std::string::npos);
}

TEST_F(CommandLineTest, a_statement_is_taken_as_it_stands) {
  EXPECT_EQ(parsed({"sql", "SELECT '--table', \"run\""}).sql, "SELECT '--table', \"run\"");
  EXPECT_EQ(parsed({"sql", "status"}).sql, "status");
  EXPECT_EQ(parsed({"sql", "--csv", "--", "-- a comment\nSELECT 1"}).sql, "-- a comment\nSELECT 1");
  EXPECT_EQ(parsed({"sql", "[1,2]"}).sql, "[1,2]");
  EXPECT_FALSE(refused({"sql"}).empty());
}

TEST_F(CommandLineTest, every_flag_of_decode_arrives) {
  auto line = parsed({"decode",
                      "--source",
                      "dbname=shop",
                      "--slot",
                      "s1",
                      "--publication",
                      "p",
                      "--protocol",
                      "4",
                      "--streaming",
                      "parallel",
                      "--binary",
                      "--messages",
                      "--logical-decoding-work-mem",
                      "64kB",
                      "--table",
                      "orders",
                      "--from-lsn",
                      "0/1",
                      "--to-lsn",
                      "0/2",
                      "--limit",
                      "3"});
  EXPECT_EQ(line.command, Command::decode);
  EXPECT_EQ(line.run.conninfo, "dbname=shop");
  EXPECT_EQ(line.run.slot, "s1");
  EXPECT_EQ(line.run.publication, "p");
  EXPECT_EQ(line.run.protocol, 4);
  EXPECT_EQ(line.run.tables.size(), 1U);
  EXPECT_EQ(line.decode.streaming, postgres::Streaming::parallel);
  EXPECT_TRUE(line.decode.binary);
  EXPECT_TRUE(line.decode.messages);
  EXPECT_EQ(line.decode.logical_decoding_work_mem, "64kB");
  EXPECT_EQ(line.decode.from, Lsn{1});
  EXPECT_EQ(line.decode.to, Lsn{2});
  EXPECT_EQ(line.decode.limit, 3U);
  line = parsed({"decode", "shop.capture", "--table", "sales.items", "--json"});
  EXPECT_EQ(line.decode.capture, "shop.capture");
  EXPECT_EQ(line.run.protocol, 0);
  EXPECT_TRUE(line.json);
  EXPECT_EQ(parsed({"decode", "--record", "shop.capture"}).decode.record, "shop.capture");
}

TEST_F(CommandLineTest, what_decode_cannot_do_at_once_is_refused) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> all = {
      {{"decode", "a.capture", "--slot", "s"}, "--slot and a capture exclude each other"},
      {{"decode", "a.capture", "--binary"}, "--binary and a capture exclude each other"},
      {{"decode", "a.capture", "--record", "b.capture"}, "--record and a capture exclude each other"},
      {{"decode", "--table", "t", "--record", "b.capture"}, "--table and --record exclude each other"},
      {{"decode", "--from-lsn", "0/1", "--record", "b.capture"}, "--from-lsn and --record exclude each other"},
      {{"decode", "--streaming", "on", "--protocol", "1"}, "--streaming on is not in protocol version 1"},
      {{"decode", "--streaming", "parallel", "--protocol", "3"}, "--streaming parallel is not in protocol version 3"},
      {{"decode", "--streaming", "yes"}, "Known: off, on, parallel."},
      {{"decode", "--limit", "0"}, "--limit \"0\""},
      {{"decode", "--table", "t(a)"}, "takes no columns"},
      {{"decode", "--to-lsn", "here"}, "--to-lsn \"here\""},
      {{"decode", "postgresql://joe:hunter2@db/shop"}, "A server is named by --source."}};
  for (const auto& [arguments, text] : all) {
    const auto told = refused(arguments);
    EXPECT_NE(told.find(text), std::string::npos) << told;
    EXPECT_EQ(told.find("hunter2"), std::string::npos) << told;
  }
}

TEST_F(CommandLineTest, help_shows_examples_of_each_command) {
  for (const char* command : {"run", "check", "status", "sql"}) {
    const auto text = parse_command_line({command, "--help"}).text;
    EXPECT_NE(text.find("Examples:\n  $ walbrook "), std::string::npos) << command;
    EXPECT_NE(text.find("--destination URL"), std::string::npos) << command;
  }
  const auto top = parse_command_line({"--help"}).text;
  EXPECT_NE(parse_command_line({"decode", "--help"}).text.find("Examples:\n  $ walbrook "), std::string::npos);
  for (const char* word : {"run", "check", "status", "sql", "decode", "config", "init", "Examples:", "--version"}) {
    EXPECT_NE(top.find(word), std::string::npos) << word;
  }
  EXPECT_EQ(parse_command_line({}).text, top);
  EXPECT_TRUE(parse_command_line({"--version"}).text.starts_with("walbrook "));
}

// help2man reads it: a flag's description must begin two spaces after the flag, or on a separate line.
TEST_F(CommandLineTest, help_parts_each_flag_from_its_meaning) {
  Flags flags;
  CLI::App top;
  for (const auto& entry : add_commands(top, flags)) {
    std::istringstream lines(parse_command_line({entry.app->get_name(), "--help"}).text);
    int flags_shown = 0;
    for (std::string line; std::getline(lines, line);) {
      if (!line.starts_with("  -")) continue;
      EXPECT_LE(display_width(line), 100U) << line;
      ++flags_shown;
      if (line.find("  ", 2) == std::string::npos) {
        EXPECT_LE(std::ranges::count(line.substr(2), ' '), 1) << line << ": more than a flag and what it takes";
      }
    }
    EXPECT_GT(flags_shown, 0) << entry.app->get_name();
  }
}

TEST_F(CommandLineTest, no_password_is_in_any_message) {
  for (const std::string source : {"postgresql://joe:hunter2%zz@db/shop", "host=db password=hun ter2 x",
                                   "host=db password='hunter2", "postgresql://joe:hunter2@[::1"}) {
    const auto text = refused({"run", "--source", source});
    EXPECT_EQ(text.find("hunter2"), std::string::npos) << text;
    EXPECT_EQ(text.find("ter2"), std::string::npos) << text;
  }
  EXPECT_EQ(refused({"run", "postgresql://joe:hunter2@db/shop"}).find("hunter2"), std::string::npos);
  EXPECT_EQ(refused({"postgresql://joe:hunter2@db/shop"}).find("hunter2"), std::string::npos);
  EXPECT_EQ(refused({"run", "--sorce=postgresql://joe:hunter2@db/shop"}).find("hunter2"), std::string::npos);
}

TEST_F(CommandLineTest, a_password_is_overwritten_in_the_process_list) {
  std::vector<std::string> texts = {"walbrook",
                                    "run",
                                    "--source=postgresql://joe:hunter2@db/shop",
                                    "--source",
                                    "host=db password='hunter 2' user=joe",
                                    "--source",
                                    "host=db password=x"};
  std::vector<char*> argv;
  for (auto& text : texts) argv.push_back(text.data());
  const auto arguments = take_arguments(static_cast<int>(argv.size()), argv.data());
  ASSERT_EQ(arguments.size(), 6U);
  EXPECT_EQ(arguments[1], "--source=postgresql://joe:hunter2@db/shop");
  EXPECT_STREQ(argv[2], "--source=postgresql://joe:***@db/shop");
  EXPECT_STREQ(argv[4], "host=db password=*** user=joe");
  EXPECT_EQ(texts[2].find("hunter2"), std::string::npos);
  EXPECT_EQ(texts[4].find("hunter"), std::string::npos);
  EXPECT_STREQ(argv[6], "host=db password=*");  // no room for three
}

}  // namespace
}  // namespace walbrook::cli
