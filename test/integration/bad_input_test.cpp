// Mistakes of users: each has its exit code and one clear message, and no password is ever shown.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "test/support/duck_reader.h"
#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

constexpr const char* secret = "s3cret-pass-word";

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

void expect_refusal(const ProcessResult& result, int exit_code, const std::string& text) {
  EXPECT_EQ(result.exit_code, exit_code) << result.describe();
  EXPECT_NE(result.err.find(text), std::string::npos) << "\"" << text << "\" is missing in\n" << result.describe();
  EXPECT_EQ(count(result.err, "error:"), 1U) << result.describe();
  EXPECT_LE(count(result.err, "\n"), 4U) << result.describe();
  EXPECT_EQ((result.out + result.err).find(secret), std::string::npos) << result.describe();
}

// A separate server, which requires a password for TCP logins of `loader`.
class BadInput : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    server = std::make_unique<PostgresServer>(ServerOptions{
        .hba = {"host all loader 127.0.0.1/32 scram-sha-256", "host replication loader 127.0.0.1/32 scram-sha-256"}});
    Sql(server->conninfo())
        .exec(fmt::format("CREATE ROLE loader LOGIN REPLICATION PASSWORD '{}'; "
                          "CREATE ROLE weak LOGIN; CREATE ROLE blind LOGIN REPLICATION",
                          secret));
  }
  static void TearDownTestSuite() { server.reset(); }

  BadInput() : db(*server) {
    db.exec(
        "CREATE TABLE t(id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'a'); "
        "CREATE PUBLICATION walbrook FOR ALL TABLES; GRANT SELECT ON ALL TABLES IN SCHEMA public TO loader, weak");
  }

  static std::unique_ptr<PostgresServer> server;
  ReplicatedDatabase db;
};
std::unique_ptr<PostgresServer> BadInput::server;

TEST_F(BadInput, wrong_password) {
  db.pipeline.source = server->url(db.name(), "loader", "wrong-" + std::string(secret));
  expect_refusal(db.pipeline.run(), 3, "password authentication failed");
  db.pipeline.source = server->url(db.name(), "loader");
  expect_refusal(db.pipeline.run({}, {{"PGPASSWORD", "wrong-" + std::string(secret)}}), 3,
                 "password authentication failed");
  expect_refusal(db.pipeline.run({}, {{"PGPASSFILE", "/nowhere"}}), 3, "no password supplied");
}

TEST_F(BadInput, no_such_database) {
  db.pipeline.source = server->conninfo("no_such_database");
  expect_refusal(db.pipeline.run(), 3, "no_such_database");
}

TEST_F(BadInput, closed_port) {
  db.pipeline.source = "postgresql://loader:" + std::string(secret) + "@127.0.0.1:1/shop";
  expect_refusal(db.pipeline.run({"--startup-timeout", "0"}), 3, "127.0.0.1");
}

TEST_F(BadInput, no_such_host) {
  db.pipeline.source = "host=no-such-host.invalid dbname=shop user=loader password=" + std::string(secret);
  expect_refusal(db.pipeline.run({"--startup-timeout", "0"}), 3, "no-such-host.invalid");
}

TEST_F(BadInput, role_without_replication) {
  db.pipeline.source = db.conninfo("weak");
  expect_refusal(db.pipeline.run(), 3, "ALTER ROLE");
}

TEST_F(BadInput, role_without_select) {
  db.pipeline.source = db.conninfo("blind");
  const auto result = db.pipeline.run();
  EXPECT_EQ(result.exit_code, 5) << result.describe();
  EXPECT_NE(result.err.find("table public.t is suspended, the others continue"), std::string::npos)
      << result.describe();
  EXPECT_NE(result.err.find("GRANT SELECT"), std::string::npos) << result.describe();
}

TEST_F(BadInput, unknown_table) {
  db.exec("DROP PUBLICATION walbrook");
  expect_refusal(db.pipeline.run({"--table", "public.no_such_table"}), 3, "no_such_table");
}

TEST_F(BadInput, table_that_the_publication_lacks) {
  db.exec(
      "DROP PUBLICATION walbrook; CREATE TABLE other(id int PRIMARY KEY); CREATE PUBLICATION walbrook FOR TABLE other");
  expect_refusal(db.pipeline.run({"--table", "public.t"}), 3, "public.t");
  EXPECT_EQ(db.value("SELECT count(*) FROM pg_publication_rel"), "1") << "the user's own publication was altered";
}

TEST_F(BadInput, row_level_security) {
  db.exec("ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t USING (id > 1)");
  db.pipeline.source = server->url(db.name(), "loader");
  const auto result = db.pipeline.run({}, {{"PGPASSWORD", secret}});
  EXPECT_EQ(result.exit_code, 5) << result.describe();
  EXPECT_NE(result.err.find("table public.t is suspended, the others continue: row-level security"), std::string::npos)
      << result.describe();
}

TEST_F(BadInput, unwritable_folder) {
  const auto folder = db.folder() / "read_only";
  std::filesystem::create_directory(folder);
  chmod(folder.c_str(), 0555);
  db.pipeline.file = folder / "copy.duckdb";
  auto spec = db.pipeline.command("run");
  if (geteuid() == 0) {
    spec.user = "nobody";  // root can write everywhere
    spec.env["XDG_RUNTIME_DIR"] = std::nullopt;
  }
  expect_refusal(run(spec), 4, "read_only");
}

TEST_F(BadInput, missing_folder) {
  db.pipeline.file = db.folder() / "no/such/folder/copy.duckdb";
  expect_refusal(db.pipeline.run(), 4, "no/such/folder");
}

TEST_F(BadInput, folder_in_place_of_the_file) {
  db.pipeline.file = db.folder().path();
  expect_refusal(db.pipeline.run(), 4, db.folder().path().string());
}

TEST_F(BadInput, file_that_is_no_database) {
  const std::string text(20000, 'x');
  write_file(db.pipeline.file, text);
  expect_refusal(db.pipeline.run(), 4, "copy.duckdb");
  EXPECT_EQ(read_file(db.pipeline.file), text) << "the file was changed";
}

TEST_F(BadInput, locked_file) {
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  Process follower(db.pipeline.command("run", {"--follow"}));
  ASSERT_TRUE(eventually([&] { return db.value("SELECT count(*) FROM pg_replication_slots WHERE active") == "1"; },
                         milliseconds(20'000)))
      << follower.err();
  Pipeline second = db.pipeline;
  second.slot = db.pipeline.slot + "_b";
  const auto result = second.run();
  expect_refusal(result, 4, "copy.duckdb");
  EXPECT_NE(result.err.find(std::to_string(follower.pid())), std::string::npos)
      << "the process that holds the file is not named\n"
      << result.describe();
  follower.signal(SIGTERM);
  EXPECT_EQ(follower.wait(milliseconds(20'000)).exit_code, 0);
}

TEST_F(BadInput, active_slot) {
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  Process follower(db.pipeline.command("run", {"--follow"}));
  const auto active = [&] { return db.value("SELECT active_pid FROM pg_replication_slots WHERE active"); };
  ASSERT_TRUE(eventually([&] { return !active().empty(); }, milliseconds(20'000))) << follower.err();
  const auto holder = active();
  follower.signal(SIGSTOP);  // it keeps the slot and no longer advances it
  Pipeline second = db.pipeline;
  second.file = db.folder() / "second.duckdb";
  for (const auto& flags : {std::vector<std::string>{}, {"--adopt-slot", "--slot-timeout", "1"}}) {
    const auto result = second.run(flags);
    EXPECT_EQ(result.exit_code, 3) << result.describe();
    EXPECT_NE(result.err.find(holder), std::string::npos) << "pid " << holder << " is not named\n" << result.describe();
  }
  follower.signal(SIGCONT);
  follower.signal(SIGTERM);
  EXPECT_EQ(follower.wait(milliseconds(20'000)).exit_code, 0);
}

TEST_F(BadInput, slot_of_another_kind_or_database) {
  db.exec("SELECT pg_create_physical_replication_slot('physical_one')");
  db.pipeline.slot = "physical_one";
  expect_refusal(db.pipeline.run(), 3, "physical_one");
  db.exec("SELECT pg_drop_replication_slot('physical_one')");
  db.exec("SELECT pg_create_logical_replication_slot('other_plugin', 'test_decoding')");
  db.pipeline.slot = "other_plugin";
  expect_refusal(db.pipeline.run(), 3, "test_decoding");
  const ReplicatedDatabase other(*server);
  other.exec("SELECT pg_create_logical_replication_slot('elsewhere', 'pgoutput')");
  db.pipeline.slot = "elsewhere";
  expect_refusal(db.pipeline.run(), 3, other.name());
}

TEST_F(BadInput, slot_ahead_of_the_checkpoint) {
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  db.exec("INSERT INTO t VALUES (2, 'skipped')");
  db.exec("SELECT pg_replication_slot_advance(" + quote_literal(db.pipeline.slot) + ", pg_current_wal_lsn())");
  expect_refusal(db.pipeline.run(), 3, "ahead of");
  EXPECT_EQ(db.copied_value("SELECT count(*) FROM public.t"), "1") << "something was applied behind a gap";
}

TEST_F(BadInput, slot_lost_after_the_first_run) {
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  db.exec("INSERT INTO t VALUES (2, 'x'); SELECT pg_drop_replication_slot(" + quote_literal(db.pipeline.slot) + ")");
  expect_refusal(db.pipeline.run(), 3, db.pipeline.slot);
}

TEST_F(BadInput, publication_lost_after_the_first_run) {
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  db.exec("DROP PUBLICATION walbrook");
  expect_refusal(db.pipeline.run(), 3, "publication walbrook");
}

TEST_F(BadInput, flags_and_names) {
  expect_refusal(db.pipeline.run({"--folow"}), 2, "--follow");
  expect_refusal(run(walbrook_command({"rnu"})), 2, "rnu");
  expect_refusal(db.pipeline.run({"--until-lsn", "nonsense"}), 2, "nonsense");
  expect_refusal(db.pipeline.run({"--table", "a.b.c.d"}), 2, "a.b.c.d");
  db.pipeline.slot = "Not A Slot";
  expect_refusal(db.pipeline.run(), 2, "Not A Slot");
  expect_refusal(run(walbrook_command({"run", "--source", db.conninfo(), "--destination", "mysql://x"})), 2, "mysql");
  expect_refusal(run(walbrook_command({"run", "--source", "host=x pasword=" + std::string(secret)})), 2, "");
}

TEST_F(BadInput, password_is_not_in_the_process_list) {
  const auto url = server->url(db.name(), "loader", secret);
  for (const bool by_environment : {true, false}) {
    ReplicatedDatabase own(*server);
    own.exec("CREATE TABLE t(id int); GRANT SELECT ON t TO loader; CREATE PUBLICATION walbrook FOR TABLE t");
    own.pipeline.source = server->url(own.name(), "loader", by_environment ? "" : secret);
    Environment env;
    if (by_environment) env["PGPASSWORD"] = secret;
    Process follower(own.pipeline.command("run", {"--follow"}, env));
    const bool up =
        eventually([&] { return own.value("SELECT count(*) FROM pg_replication_slots WHERE active") == "1"; },
                   milliseconds(20'000));
    EXPECT_TRUE(up) << follower.err();
    const auto command_line = read_file("/proc/" + std::to_string(follower.pid()) + "/cmdline");
    EXPECT_EQ(command_line.find(secret), std::string::npos) << "by environment: " << by_environment;
    const auto status = run(own.pipeline.command("status", {"--json"}, env));
    EXPECT_EQ((status.out + status.err).find(secret), std::string::npos) << status.describe();
    follower.signal(SIGTERM);
    const auto result = follower.wait(milliseconds(20'000));
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    EXPECT_EQ((result.out + result.err).find(secret), std::string::npos) << result.describe();
  }
}

TEST_F(BadInput, password_file_is_read) {
  const auto file = db.folder() / "pass";
  write_file(file, fmt::format("127.0.0.1:{}:*:loader:{}\n", server->port(), secret));
  chmod(file.c_str(), 0600);
  db.pipeline.source = server->url(db.name(), "loader");
  const auto result = db.pipeline.run({}, {{"PGPASSFILE", file.string()}});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(db.differences(), "");
}

TEST(BadServer, wal_level_replica) {
  PostgresServer server({.settings = {"wal_level=replica"}});
  const ReplicatedDatabase db(server);
  db.exec("CREATE TABLE t(id int PRIMARY KEY)");
  expect_refusal(db.pipeline.run(), 3, "wal_level");
}

TEST(BadServer, no_free_slot_or_walsender) {
  PostgresServer server({.settings = {"max_replication_slots=1"}});
  const ReplicatedDatabase db(server);
  db.exec("CREATE TABLE t(id int PRIMARY KEY); SELECT pg_create_physical_replication_slot('taken')");
  expect_refusal(db.pipeline.run(), 3, "max_replication_slots");
}

TEST(BadServer, another_cluster_under_the_same_address) {
  auto first = std::make_unique<PostgresServer>();
  const TempFolder folder("two_clusters");
  Pipeline pipeline{.source = first->conninfo(), .file = folder / "copy.duckdb"};
  Sql(first->conninfo()).exec("CREATE TABLE t(id int PRIMARY KEY)");
  ASSERT_EQ(pipeline.run().exit_code, 0);
  first.reset();
  PostgresServer second({.fresh_cluster = true});
  Sql sql(second.conninfo());
  sql.exec("CREATE TABLE t(id int PRIMARY KEY); CREATE PUBLICATION walbrook FOR TABLE t");
  sql.exec("SELECT pg_create_logical_replication_slot('walbrook', 'pgoutput')");
  pipeline.source = second.conninfo();
  expect_refusal(pipeline.run(), 3, "cluster");
}

}  // namespace
}  // namespace walbrook::test
