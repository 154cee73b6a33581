#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <fstream>

#include "postgres/connection/connect_failure.h"
#include "postgres/connection/session.h"
#include "test/integration/postgres/source_case.h"

namespace walbrook::postgres::test {
namespace {

class Connecting : public SourceCase {
 protected:
  [[nodiscard]] Thrown open(const std::string& to, ConnectionUse use = ConnectionUse::catalog) const {
    return thrown_by([&] { Connection::open(to, use); });
  }
  static std::string setting(Connection& connection, const std::string& name) {
    return connection.query("SHOW " + name).text(0, 0);
  }
};

TEST_F(Connecting, settings_go_over_those_of_role_and_database) {
  const auto user = role("REPLICATION");
  for (const auto* setting :
       {"DateStyle = 'German'", "IntervalStyle = 'iso_8601'", "TimeZone = 'Asia/Tokyo'", "bytea_output = 'escape'",
        "extra_float_digits = -5", "client_encoding = 'LATIN1'", "search_path = 'evil'", "statement_timeout = '1ms'",
        "lock_timeout = '1ms'", "idle_in_transaction_session_timeout = '1ms'", "idle_session_timeout = '1ms'",
        "default_transaction_read_only = on", "default_transaction_isolation = 'serializable'",
        "quote_all_identifiers = on"}) {
    sql.exec("ALTER ROLE " + user + " SET " + setting);
    sql.exec("ALTER DATABASE " + database.name() + " SET " + setting);
  }
  for (const auto use : {ConnectionUse::catalog, ConnectionUse::snapshot, ConnectionUse::replication}) {
    auto connection = Connection::open(conninfo(user), use);
    EXPECT_EQ(setting(connection, "DateStyle").substr(0, 3), "ISO");
    EXPECT_EQ(setting(connection, "IntervalStyle"), "postgres");
    EXPECT_EQ(setting(connection, "TimeZone"), "UTC");
    EXPECT_EQ(setting(connection, "bytea_output"), "hex");
    EXPECT_EQ(setting(connection, "extra_float_digits"), "3");
    EXPECT_EQ(setting(connection, "client_encoding"), "UTF8");
    EXPECT_EQ(setting(connection, "search_path"), "");
    for (const auto* timeout :
         {"statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "idle_session_timeout"}) {
      EXPECT_EQ(setting(connection, timeout), "0") << timeout;
    }
    EXPECT_EQ(setting(connection, "application_name"), "walbrook");
    EXPECT_EQ(setting(connection, "default_transaction_read_only"), "off");
    EXPECT_EQ(setting(connection, "default_transaction_isolation"), "read committed");
    EXPECT_EQ(setting(connection, "quote_all_identifiers"), "off");
  }
}

// libpq sends these after the options.
TEST_F(Connecting, settings_go_over_those_of_the_environment_and_the_service_file) {
  const auto file = database.server().folder() / "styles.conf";
  std::ofstream(file)
      << "[styles]\nhost=127.0.0.1\nport=" << database.server().port() << "\ndbname=" << database.name()
      << "\nuser=postgres\nclient_encoding=LATIN1\noptions=-c datestyle=German -c bytea_output=escape\n";
  setenv("PGSERVICEFILE", file.c_str(), 1);
  setenv("PGDATESTYLE", "SQL, DMY", 1);
  setenv("PGTZ", "Asia/Tokyo", 1);
  setenv("PGCLIENTENCODING", "LATIN1", 1);
  setenv("PGOPTIONS", "-c extra_float_digits=-5 -c intervalstyle=iso_8601", 1);
  for (const auto use : {ConnectionUse::catalog, ConnectionUse::snapshot, ConnectionUse::replication}) {
    for (const auto& to : {std::string("service=styles"), conninfo()}) {
      auto connection = Connection::open(to, use);
      EXPECT_EQ(setting(connection, "DateStyle").substr(0, 3), "ISO");
      EXPECT_EQ(setting(connection, "TimeZone"), "UTC");
      EXPECT_EQ(setting(connection, "bytea_output"), "hex");
      EXPECT_EQ(setting(connection, "client_encoding"), "UTF8");
      EXPECT_EQ(setting(connection, "extra_float_digits"), "3");
      EXPECT_EQ(setting(connection, "IntervalStyle"), "postgres");
    }
  }
  for (const auto* name : {"PGSERVICEFILE", "PGDATESTYLE", "PGTZ", "PGCLIENTENCODING", "PGOPTIONS"}) unsetenv(name);
}

TEST_F(Connecting, a_setting_that_cannot_be_had_is_an_error_with_its_reason) {
  const auto require = [this](const SessionSetting& setting) {
    return thrown_by([&] { require_settings(catalog, std::array{setting}); });
  };
  expect_says(require({"wal_level", "minimal"}), ErrorKind::source_not_ready,
              {"setting up the session", "cannot be changed"});
  // The setting does not have the value that was set, as if a proxy in between had changed it.
  expect_says(require({"timezone", "utc"}), ErrorKind::source_not_ready,
              {"has timezone = 'UTC'", "setting it to 'utc' had no effect", "pooler"});
  EXPECT_FALSE(require({"transaction_timeout", "0", 990'000}).kind) << "a newer server's";
}

TEST_F(Connecting, the_users_own_options_stay) {
  auto own = Connection::open(conninfo() + " application_name=mine options='-c work_mem=7MB -c TimeZone=Asia/Tokyo'",
                              ConnectionUse::catalog, "-c maintenance_work_mem=9MB");
  EXPECT_EQ(setting(own, "work_mem"), "7MB");
  EXPECT_EQ(setting(own, "maintenance_work_mem"), "9MB");
  EXPECT_EQ(setting(own, "TimeZone"), "UTC");
  EXPECT_EQ(setting(own, "application_name"), "mine");
}

TEST_F(Connecting, environment_service_and_url_pass_through) {
  const auto file = database.server().folder() / "service.conf";
  std::ofstream(file) << "[shop]\nhost=127.0.0.1\nport=" << database.server().port() << "\ndbname=" << database.name()
                      << "\nuser=postgres\noptions=-c work_mem=5MB\n";
  setenv("PGSERVICEFILE", file.c_str(), 1);
  auto service = Connection::open("service=shop", ConnectionUse::catalog);
  EXPECT_EQ(service.database(), database.name());
  EXPECT_EQ(setting(service, "work_mem"), "5MB");
  EXPECT_EQ(service.where(), "127.0.0.1:" + std::to_string(database.server().port()) + "/" + database.name());
  setenv("PGSERVICE", "shop", 1);
  setenv("PGOPTIONS", "-c work_mem=6MB", 1);
  auto environment = Connection::open("", ConnectionUse::catalog);
  EXPECT_EQ(environment.database(), database.name());
  unsetenv("PGSERVICE");
  unsetenv("PGSERVICEFILE");
  unsetenv("PGOPTIONS");
  auto url = Connection::open(database.server().url(database.name()), ConnectionUse::replication);
  EXPECT_EQ(identify(url).timeline, 1);
  expect_says(open("service=nosuch"), ErrorKind::configuration, {"nosuch"});
}

TEST_F(Connecting, each_failure_has_its_own_cause_and_hint) {
  const auto port = std::to_string(database.server().port());
  expect_says(open("host=127.0.0.1 user=postgres dbname=nosuch port=" + port), ErrorKind::source_not_ready,
              {"127.0.0.1:" + port + "/nosuch", "does not exist", "psql -l"});
  expect_says(open("host=127.0.0.1 user=nobody_here dbname=postgres port=" + port), ErrorKind::permission_denied,
              {"nobody_here", "CREATE ROLE"});
  expect_says(open("host=127.0.0.1 user=postgres port=1"), ErrorKind::connection,
              {"127.0.0.1:1", "Connection refused", "listen_addresses"});
  expect_says(open("host=no-such-host.invalid user=postgres"), ErrorKind::connection,
              {"no-such-host.invalid", "host's name"});
  expect_says(open("host=/nonexistent user=postgres"), ErrorKind::connection, {"No such file", "server listens"});
  expect_says(open(conninfo() + " sslmode=bogus"), ErrorKind::configuration, {"sslmode"});
  expect_says(open("host=127.0.0.1 sslmode=require user=postgres port=" + port), ErrorKind::source_not_ready,
              {"SSL", "sslmode=disable"});
  expect_says(open(conninfo() + " nosuchkey=1"), ErrorKind::configuration, {"cannot be parsed"});
  expect_says(open(conninfo() + " options='-c nosuch=1'"), ErrorKind::source_not_ready, {"unrecognized configuration"});
}

TEST_F(Connecting, role_without_replication_is_told_what_to_grant) {
  const auto user = role("");
  expect_says(open(conninfo(user), ConnectionUse::replication), ErrorKind::permission_denied,
              {"ALTER ROLE \"" + user + "\" REPLICATION"});
}

TEST_F(Connecting, a_full_server_is_a_connection_error_that_may_pass) {
  const auto user = role("CONNECTION LIMIT 0");
  expect_says(open(conninfo(user)), ErrorKind::connection, {"too many connections", "CONNECTION LIMIT"});
}

TEST_F(Connecting, quotes_in_names_and_literals) {
  EXPECT_EQ(catalog.quote_name("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(catalog.query("SELECT " + catalog.quote_literal("it's \\ 'x'")).text(0, 0), "it's \\ 'x'");
}

TEST_F(Connecting, a_query_that_fails_says_what_was_being_done) {
  expect_says(thrown_by([&] { catalog.query("SELECT FROM nosuch", {}, "counting sheep"); }),
              ErrorKind::source_not_ready, {"counting sheep", database.name(), "nosuch"});
}

TEST(Passwords, are_never_shown) {
  PostgresServer server({.hba = {"host all joe 127.0.0.1/32 scram-sha-256"}});
  Sql(server.conninfo()).exec("CREATE ROLE joe LOGIN PASSWORD 'right'");
  const auto wrong =
      thrown_by([&] { Connection::open(server.url("postgres", "joe", "se%40cret"), ConnectionUse::catalog); });
  expect_says(wrong, ErrorKind::permission_denied,
              {"password authentication failed", "Check the password of role joe"});
  EXPECT_EQ(wrong.text.find("cret"), std::string::npos) << wrong.text;
  const auto none = thrown_by([&] { Connection::open(server.url("postgres", "joe"), ConnectionUse::catalog); });
  expect_says(none, ErrorKind::permission_denied, {"no password supplied", "PGPASSWORD"});
  const std::string port = std::to_string(server.port());
  for (const auto& secret :
       {std::string("postgresql://joe:pa@ss@nohost.invalid:") + port + "/x",
        std::string("postgresql://joe:pa#ss@127.0.0.1/x"), std::string("postgresql://joe:pa/ss@127.0.0.1/x"),
        std::string("postgresql://joe:pa?ss=1@127.0.0.1/x"), std::string("password=pa ss host=127.0.0.1"),
        std::string("host=127.0.0.1 password='pa ss")}) {
    const auto failed = thrown_by([&] { Connection::open(secret, ConnectionUse::catalog); });
    ASSERT_TRUE(failed.kind.has_value()) << secret;
    const auto told = failed.text.substr(0, failed.text.find('\n'));
    EXPECT_EQ(told.find("ss@"), std::string::npos) << told;
    EXPECT_EQ(told.find("\"pa"), std::string::npos) << told;
    EXPECT_EQ(told.find("\"ss"), std::string::npos) << told;
  }
}

TEST(ConnectFailures, several_addresses_make_one_line) {
  EXPECT_EQ(one_line("connection to server at \"localhost\" (::1), port 1 failed: Connection refused\n"
                     "\tIs the server running on that host and accepting TCP/IP connections?\n"
                     "connection to server at \"localhost\" (127.0.0.1), port 1 failed: Connection refused\n"
                     "\tIs the server running on that host and accepting TCP/IP connections?\n"),
            "Connection refused");
}

}  // namespace
}  // namespace walbrook::postgres::test
