// --origin none: changes that were themselves replicated into the source are not sent (PostgreSQL 16 and later).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

// Executes `statements` as a subscriber does that applies another server's transaction.
void exec_as_replicated(const ReplicatedDatabase& db, const std::string& statements) {
  const auto origin = quote_literal("elsewhere_" + db.name());
  Sql session(db.conninfo());
  session.exec("SELECT pg_replication_origin_create(" + origin + ") WHERE pg_replication_origin_oid(" + origin +
               ") IS NULL");
  session.exec("SELECT pg_replication_origin_session_setup(" + origin + ")");
  session.exec(statements);
  session.exec("SELECT pg_replication_origin_session_reset()");
}

TEST(Origin, none_leaves_out_what_was_replicated_into_the_source) {
  const auto bin = installed_bin_dir(16);
  if (bin.empty()) GTEST_SKIP() << "PostgreSQL 16 is not installed";
  const ReplicatedDatabase db(PostgresServer::shared(bin));
  const auto rows = [&db] { return db.copied_value("SELECT string_agg(id || v, ',' ORDER BY id) FROM public.t"); };
  db.exec("CREATE TABLE t(id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'own')");
  exec_as_replicated(db, "INSERT INTO t VALUES (2, 'replicated')");
  auto result = db.pipeline.run({"--origin", "none"});
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(rows(), "1own,2replicated") << "a copy has all rows";

  exec_as_replicated(db, "INSERT INTO t VALUES (3, 'replicated'); UPDATE t SET v = 'replicated' WHERE id = 1");
  db.exec("INSERT INTO t VALUES (4, 'own')");
  exec_as_replicated(db, "DELETE FROM t WHERE id = 2");
  result = db.pipeline.run({"--origin", "none"});
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(rows(), "1own,2replicated,4own");

  // The default sends everything from then on.
  exec_as_replicated(db, "INSERT INTO t VALUES (5, 'replicated')");
  result = db.pipeline.run();
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(rows(), "1own,2replicated,4own,5replicated");
  db.exec(fmt::format("SELECT pg_replication_origin_drop({})", quote_literal("elsewhere_" + db.name())));
}

TEST(Origin, none_is_refused_by_an_older_server) {
  if (PostgresServer::shared().major() >= 16) GTEST_SKIP() << "it is " << PostgresServer::shared().major();
  const ReplicatedDatabase db;
  db.exec("CREATE TABLE t(id int PRIMARY KEY)");
  const auto result = db.pipeline.run({"--origin", "none"});
  EXPECT_EQ(result.exit_code, 2) << result.describe();
  EXPECT_NE(result.err.find("--origin none needs PostgreSQL 16"), std::string::npos) << result.describe();
  EXPECT_EQ(db.value("SELECT count(*) FROM pg_replication_slots WHERE slot_name = " + quote_literal(db.pipeline.slot)),
            "0");
}

}  // namespace
}  // namespace walbrook::test
