// A source that cannot be reached, at the start and later: what is waited for, and what ends the run.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "test/support/replicated_database.h"
#include "test/support/tells.h"

namespace walbrook::test {
namespace {

std::size_t count_of(const std::string& text, const std::string& word) {
  std::size_t count = 0;
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++count;
  return count;
}

// A separate server whose role `loader` has a password, which is stored in a file.
class OutageTest : public ::testing::Test {
 protected:
  OutageTest() : server({.hba = {"host all loader 127.0.0.1/32 scram-sha-256"}}), folder("outage") {
    exec("CREATE ROLE loader LOGIN REPLICATION PASSWORD 'first'");
    exec("CREATE TABLE t(id int PRIMARY KEY); GRANT SELECT ON t TO loader; CREATE PUBLICATION walbrook FOR TABLE t");
    set_password("first");
    pipeline = {.source = fmt::format("host=127.0.0.1 port={} dbname=postgres user=loader", server.port()),
                .file = folder / "copy.duckdb"};
    comparison = {.conninfo = server.conninfo(), .publication = "walbrook", .file = pipeline.file};
  }
  void exec(const std::string& sql) const { Sql(server.conninfo()).exec(sql); }
  void set_password(const std::string& password) const { std::ofstream(folder / "password") << password << '\n'; }
  // The source is set in the environment, with a command that prints the password.
  [[nodiscard]] ProcessSpec command(const std::string& name, const std::vector<std::string>& flags) const {
    auto spec = pipeline.command(
        name, flags,
        {{"SOURCES__PG_REPLICATION__CREDENTIALS", pipeline.source},
         {"SOURCES__PG_REPLICATION__CREDENTIALS__PASSWORD_COMMAND", "cat " + (folder / "password").string()}});
    const auto flag = std::ranges::find(spec.argv, "--source");
    spec.argv.erase(flag, flag + 2);
    return spec;
  }
  [[nodiscard]] bool arrives(const std::string& rows) const {
    return pipeline.arrives("SELECT count(*) AS n FROM public.t", rows);
  }
  void end_sessions() const { exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'loader'"); }
  void expect_end(Process& follower) const {
    follower.signal(SIGTERM);
    EXPECT_EQ(follower.wait(milliseconds(10'000)).exit_code, 0) << follower.err();
    EXPECT_EQ(differences(comparison), "");
  }

  PostgresServer server;
  TempFolder folder;
  Pipeline pipeline;
  Comparison comparison;
};

TEST_F(OutageTest, a_server_that_is_not_up_yet_is_waited_for) {
  exec("INSERT INTO t VALUES (1)");
  server.stop();
  const auto began = std::chrono::steady_clock::now();
  const auto check = run(command("check", {}));
  EXPECT_EQ(check.exit_code, 3) << check.describe();
  EXPECT_LT(std::chrono::steady_clock::now() - began, milliseconds(3'000)) << "check does not wait";
  const auto once = run(command("run", {"--startup-timeout", "1"}));
  EXPECT_EQ(once.exit_code, 3) << once.describe();
  EXPECT_NE(once.err.find("waiting up to 1 s for it"), std::string::npos) << once.err;
  EXPECT_NE(once.err.find("waited 1 s for it"), std::string::npos) << once.err;
  Process first(command("run", {"--follow"}));
  EXPECT_TRUE(tells(first, "waiting up to 300 s for it")) << first.err();
  EXPECT_FALSE(first.ends_within(milliseconds(1'000))) << first.err();
  server.start();
  EXPECT_TRUE(arrives("1")) << first.err();
  EXPECT_EQ(count_of(first.err(), "Connection refused"), 1U) << "it is told once\n" << first.err();
  expect_end(first);

  // Once there is a file, `status` can report what is waited for.
  server.stop();
  Process again(command("run", {"--follow"}));
  EXPECT_TRUE(tells(again, "Connection refused")) << again.err();  // it has the file by then
  EXPECT_TRUE(eventually(
      [&] {
        return run(pipeline.command("status")).out.find("waiting: the source is unavailable: cannot connect") !=
               std::string::npos;
      },
      milliseconds(10'000)))
      << again.err();
  again.signal(SIGTERM);
  EXPECT_TRUE(again.ends_within(milliseconds(2'000)));
}

// Otherwise each connection of a start, and then the start as a whole, would wait for it.
TEST(Walsenders, that_are_all_in_use_are_waited_for_once) {
  const PostgresServer server({.settings = {"max_wal_senders=2"}});
  const TempFolder folder("walsenders");
  Sql(server.conninfo()).exec("CREATE TABLE t(id int PRIMARY KEY); INSERT INTO t VALUES (1)");
  const Pipeline pipeline{.source = server.conninfo(), .file = folder / "copy.duckdb"};
  Process follower(pipeline.command("run", {"--follow"}));
  ASSERT_TRUE(pipeline.arrives("SELECT count(*) AS n FROM public.t", "1")) << follower.err();
  const auto streams = [&server] {
    return Sql(server.conninfo()).value("SELECT count(*) FROM pg_stat_replication") == "1";
  };
  ASSERT_TRUE(eventually(streams, milliseconds(10'000)));
  const Sql other(server.conninfo() + " replication=database");
  auto second = pipeline;
  second.file = folder / "second.duckdb";
  const auto began = std::chrono::steady_clock::now();
  const auto refused = second.run({"--adopt-slot", "--startup-timeout", "3"});
  EXPECT_EQ(refused.exit_code, 3) << refused.describe();
  EXPECT_NE(refused.err.find("waited 3 s for it"), std::string::npos) << refused.describe();
  EXPECT_LT(std::chrono::steady_clock::now() - began, milliseconds(5'500)) << refused.describe();
  follower.signal(SIGTERM);
  EXPECT_EQ(follower.wait(milliseconds(10'000)).exit_code, 0);
}

TEST_F(OutageTest, what_is_refused_at_the_start_ends_the_run_at_once) {
  set_password("wrong");
  const auto wrong = run(command("run", {"--follow"}), milliseconds(10'000));
  EXPECT_EQ(wrong.exit_code, 3) << wrong.describe();
  set_password("first");
  exec("ALTER ROLE loader NOREPLICATION");
  const auto no_right = run(command("run", {"--follow"}), milliseconds(10'000));
  EXPECT_EQ(no_right.exit_code, 3) << no_right.describe();
  pipeline.source += " dbname=nosuch";
  const auto no_database = run(command("run", {"--follow"}), milliseconds(10'000));
  EXPECT_EQ(no_database.exit_code, 3) << no_database.describe();
}

TEST_F(OutageTest, what_was_right_before_is_waited_for) {
  Process follower(command("run", {"--follow", "--catalog-poll-interval", "200"}));
  ASSERT_TRUE(arrives("0")) << follower.err();

  exec("ALTER ROLE loader PASSWORD 'second'");
  end_sessions();
  EXPECT_TRUE(tells(follower, "password authentication failed")) << follower.err();
  set_password("second");
  exec("INSERT INTO t VALUES (1)");
  EXPECT_TRUE(arrives("1")) << follower.err();

  exec("ALTER ROLE loader NOREPLICATION");
  end_sessions();
  EXPECT_TRUE(tells(follower, "replication")) << follower.err();
  std::this_thread::sleep_for(milliseconds(500));
  EXPECT_TRUE(follower.running()) << follower.err();
  exec("ALTER ROLE loader REPLICATION; INSERT INTO t VALUES (2)");
  EXPECT_TRUE(arrives("2")) << follower.err();

  exec("ALTER ROLE loader CONNECTION LIMIT 0");
  end_sessions();
  EXPECT_TRUE(tells(follower, "too many connections")) << follower.err();
  exec("ALTER ROLE loader CONNECTION LIMIT -1; INSERT INTO t VALUES (3)");
  EXPECT_TRUE(arrives("3")) << follower.err();

  exec("ALTER ROLE loader NOLOGIN");
  server.restart(PostgresServer::Stop::immediate);
  EXPECT_TRUE(tells(follower, "not permitted to log in")) << follower.err();
  exec("ALTER ROLE loader LOGIN; INSERT INTO t VALUES (4)");
  EXPECT_TRUE(arrives("4")) << follower.err();
  expect_end(follower);
}

TEST_F(OutageTest, a_database_that_is_renamed_for_a_moment_is_waited_for) {
  exec("CREATE DATABASE shop");
  Sql(server.conninfo("shop"))
      .exec(
          "CREATE TABLE t(id int PRIMARY KEY); GRANT SELECT ON t TO loader; "
          "CREATE PUBLICATION walbrook FOR TABLE t");
  pipeline.source = fmt::format("host=127.0.0.1 port={} dbname=shop user=loader", server.port());
  comparison.conninfo = server.conninfo("shop");
  Process follower(command("run", {"--follow"}));
  ASSERT_TRUE(arrives("0")) << follower.err();
  const auto rename = [&](const std::string& from, const std::string& to) {
    return eventually(
        [&] {
          try {
            end_sessions();
            exec("ALTER DATABASE " + from + " RENAME TO " + to);
            return true;
          } catch (const std::runtime_error&) {  // somebody else was faster
            return false;
          }
        },
        milliseconds(10'000));
  };
  ASSERT_TRUE(rename("shop", "away"));
  EXPECT_TRUE(tells(follower, "database \"shop\" does not exist")) << follower.err();
  ASSERT_TRUE(rename("away", "shop"));
  Sql(server.conninfo("shop")).exec("INSERT INTO t VALUES (1)");
  EXPECT_TRUE(arrives("1")) << follower.err();
  expect_end(follower);
}

// libpq reads the service's file for each connection, so that the host can get another name while the run follows.
TEST_F(OutageTest, a_host_whose_name_is_unknown_for_a_moment_is_waited_for) {
  const auto file = folder / "services";
  const auto serve_from = [&](const std::string& host) {
    write_file(file, fmt::format("[shop]\nhost={}\nport={}\ndbname=postgres\nuser=loader\n", host, server.port()));
  };
  serve_from("127.0.0.1");
  pipeline.source = "service=shop";
  auto spec = command("run", {"--follow"});
  spec.env["PGSERVICEFILE"] = file.string();
  Process follower(spec);
  ASSERT_TRUE(arrives("0")) << follower.err();
  serve_from("no-such-host.invalid");
  end_sessions();
  EXPECT_TRUE(tells(follower, "could not translate host name \"no-such-host.invalid\"")) << follower.err();
  exec("INSERT INTO t VALUES (1)");
  serve_from("127.0.0.1");
  EXPECT_TRUE(arrives("1")) << follower.err();
  expect_end(follower);
}

// A server that shuts down waits for each reader to confirm what it was sent.
TEST_F(OutageTest, p6_a_source_shuts_down_although_the_destination_is_away) {
  PostgresServer other({.fresh_cluster = true});
  pipeline.server = other.url("postgres");
  comparison.copy_conninfo = other.conninfo();
  Process follower(command("run", {"--follow", "--catalog-poll-interval", "200"}));
  ASSERT_TRUE(arrives("0")) << follower.err();
  other.stop(PostgresServer::Stop::immediate);
  exec("INSERT INTO t VALUES (1)");
  ASSERT_TRUE(tells(follower, "nothing is lost, trying again")) << follower.err();
  server.stop();  // throws if it takes too long
  EXPECT_TRUE(follower.running()) << follower.err();
  other.start();
  server.start();
  exec("INSERT INTO t VALUES (2)");
  EXPECT_TRUE(arrives("2")) << follower.err();
  expect_end(follower);
}

// When its own time limit has passed, it ends with the error that it waited for.
TEST_F(OutageTest, the_wait_for_a_lost_source_has_a_limit) {
  Process follower(command("run", {"--follow", "--reconnect-timeout", "2"}));
  ASSERT_TRUE(arrives("0")) << follower.err();
  server.stop();
  const auto ended = follower.wait(milliseconds(20'000));
  EXPECT_EQ(ended.exit_code, 3) << ended.describe();
  EXPECT_NE(ended.err.find("Connection refused"), std::string::npos) << ended.err;
}

TEST_F(OutageTest, a_server_that_is_a_standby_for_a_moment_is_waited_for) {
  Process follower(command("run", {"--follow", "--catalog-poll-interval", "100"}));
  ASSERT_TRUE(arrives("0")) << follower.err();
  server.stop();
  std::ofstream(server.folder() / "data" / "standby.signal").close();
  server.start();
  EXPECT_TRUE(tells(follower, "is a standby")) << follower.err();
  std::this_thread::sleep_for(milliseconds(500));
  EXPECT_TRUE(follower.running()) << follower.err();
  exec("SELECT pg_promote()");
  exec("INSERT INTO t VALUES (1)");
  EXPECT_TRUE(arrives("1")) << follower.err();
  expect_end(follower);
}

}  // namespace
}  // namespace walbrook::test
