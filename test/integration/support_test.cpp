// The tests' own instruments: a server that crashes and restarts, a process that is killed on time.
#include <gtest/gtest.h>
#include <signal.h>

#include "test/support/postgres_server.h"

namespace walbrook::test {
namespace {

TEST(Support, server_survives_a_crash_with_what_was_committed) {
  PostgresServer server({.fsync = true});
  Sql(server.conninfo()).exec("CREATE TABLE t AS SELECT 1 AS a");
  const auto before = server.pid();
  server.restart(PostgresServer::Stop::immediate);
  EXPECT_NE(before, server.pid());
  EXPECT_EQ(Sql(server.conninfo()).value("SELECT a FROM t"), "1");
  EXPECT_EQ(Sql(server.url()).value("SHOW wal_level"), "logical");
}

TEST(Support, database_with_a_slot_and_a_prepared_transaction_is_dropped) {
  auto& server = PostgresServer::shared();
  std::string name;
  {
    const ScratchDatabase database(server);
    name = database.name();
    Sql sql(database.conninfo());
    sql.exec("CREATE TABLE t(a int)");
    sql.exec("SELECT pg_create_logical_replication_slot('s', 'pgoutput')");
    sql.exec("BEGIN; INSERT INTO t VALUES (1); PREPARE TRANSACTION 'p'");
  }
  EXPECT_EQ(Sql(server.conninfo()).value("SELECT count(*) FROM pg_database WHERE datname = " + quote_literal(name)),
            "0");
}

TEST(Support, process_tells_exit_code_signal_and_timeout) {
  const auto failed = run({.argv = {"sh", "-c", "echo out; echo err >&2; exit 3"}});
  EXPECT_EQ(failed.exit_code, 3);
  EXPECT_EQ(failed.out, "out\n");
  EXPECT_EQ(failed.err, "err\n");
  EXPECT_TRUE(run({.argv = {"sh", "-c", "kill -9 $$"}}).killed());
  EXPECT_TRUE(run({.argv = {"sleep", "100"}}, milliseconds(50)).timed_out);
  EXPECT_EQ(run({.argv = {"sh", "-c", "echo $A$HOME"}, .env = {{"A", "x"}, {"HOME", std::nullopt}}}).out, "x\n");
}

TEST(Support, sent_statement_ends_later) {
  Sql sql(PostgresServer::shared().conninfo());
  sql.send("SELECT pg_sleep(0.2)");
  EXPECT_TRUE(sql.busy());
  sql.finish();
  EXPECT_EQ(sql.value("SELECT 7"), "7");
  EXPECT_THROW(sql.exec("SELECT 1/0"), std::runtime_error);
}

}  // namespace
}  // namespace walbrook::test
