// Several publications on one slot: what is refused before the server ends the stream, and what is never altered or
// dropped. test/scenario/several_publications*.test show what is replicated.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

constexpr int column_lists_since = 15;
constexpr int missing_publications_since = 18;  // the server passes over them

int major_version(const ReplicatedDatabase& db) {
  return std::stoi(db.value("SELECT current_setting('server_version_num')::int / 10000"));
}

bool streams(const ReplicatedDatabase& db) {
  const auto status = db.pipeline.status_of("t");
  return !status.is_null() && status["state"] == "streaming";
}

std::string publications_of(const ReplicatedDatabase& db) {
  return db.value("SELECT coalesce(string_agg(pubname, ' ' ORDER BY pubname), '') FROM pg_publication");
}

std::string tables_of(const ReplicatedDatabase& db, const std::string& publication) {
  return db.value(
      "SELECT coalesce(string_agg(tablename, ' ' ORDER BY tablename), '') FROM pg_publication_tables WHERE pubname = " +
      quote_literal(publication));
}

ProcessResult run_with(const ReplicatedDatabase& db, const std::string& publications) {
  auto pipeline = db.pipeline;
  pipeline.publication = publications;
  return pipeline.run();
}

void expect_refusal(const ProcessResult& result, int exit_code, const std::vector<std::string>& words) {
  EXPECT_EQ(result.exit_code, exit_code) << result.describe();
  for (const auto& word : words) {
    EXPECT_NE((result.out + result.err).find(word), std::string::npos) << word << " is missing in\n"
                                                                       << result.describe();
  }
}

TEST(SeveralPublications, none_of_them_is_created) {
  ReplicatedDatabase db;
  db.exec("CREATE TABLE t(id int PRIMARY KEY); CREATE PUBLICATION a FOR TABLE t");
  db.pipeline.publication = "a,missing";
  const std::vector<std::string> words = {"publication missing does not exist, but several were named",
                                          "CREATE PUBLICATION \"missing\" FOR TABLE", "Publications of"};
  expect_refusal(db.pipeline.run(), 3, words);
  expect_refusal(run(db.pipeline.command("check")), 3, words);
  EXPECT_EQ(publications_of(db), "a");
  EXPECT_EQ(db.value("SELECT count(*) FROM pg_replication_slots WHERE database = current_database()"), "0");
}

TEST(SeveralPublications, different_columns_are_refused_before_the_stream_ends) {
  ReplicatedDatabase db;
  if (major_version(db) < column_lists_since) GTEST_SKIP() << "column lists are of PostgreSQL 15";
  db.exec(
      "CREATE TABLE t(id int PRIMARY KEY, v int, w int); CREATE TABLE u(id int PRIMARY KEY); INSERT INTO t VALUES (1, "
      "1, 1); CREATE PUBLICATION a FOR TABLE t (id, v), u; CREATE PUBLICATION b FOR TABLE t (id, w)");
  db.pipeline.publication = db.comparison.publication = "a,b";
  const std::vector<std::string> words = {"publications a, b publish different columns of public.t",
                                          "Publish the same columns in each of them"};
  expect_refusal(run(db.pipeline.command("check")), 3, words);
  expect_refusal(db.pipeline.run(), 3, words);
  EXPECT_EQ(db.value("SELECT count(*) FROM pg_replication_slots WHERE database = current_database()"), "0");

  db.exec("ALTER PUBLICATION b SET TABLE t (v, id)");
  auto result = db.pipeline.run();
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  db.exec("ALTER PUBLICATION b SET TABLE t; INSERT INTO t VALUES (2, 2, 2)");
  expect_refusal(db.pipeline.run(), 3, words);
  expect_refusal(run_with(db, "a"), 0, {});
  db.comparison.publication = "a";
  EXPECT_EQ(db.differences(), "");
}

// Altered while the stream is open, the server's own error comes first. It has the same advice.
TEST(SeveralPublications, columns_that_differ_during_a_run_end_it_with_advice) {
  ReplicatedDatabase db;
  if (major_version(db) < column_lists_since) GTEST_SKIP() << "column lists are of PostgreSQL 15";
  db.exec(
      "CREATE TABLE t(id int PRIMARY KEY, v int); CREATE PUBLICATION a FOR TABLE t; CREATE PUBLICATION b FOR TABLE t");
  db.pipeline.publication = "a,b";
  Process running(db.pipeline.command("run", {"--follow", "--catalog-poll-interval", "60000"}));
  ASSERT_TRUE(eventually([&] { return !running.running() || streams(db); }, milliseconds(30'000)));
  db.exec("ALTER PUBLICATION b SET TABLE t (id); INSERT INTO t VALUES (1, 1)");
  expect_refusal(running.wait(milliseconds(30'000)), 3, {"Publish the same columns in each publication"});
}

TEST(SeveralPublications, one_that_is_younger_than_the_slot_is_found_before_the_stream_ends) {
  ReplicatedDatabase db;
  db.exec("CREATE TABLE t(id int PRIMARY KEY); CREATE TABLE u(id int PRIMARY KEY); CREATE PUBLICATION a FOR TABLE t");
  db.pipeline.publication = "a";
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  db.exec("INSERT INTO t VALUES (1); INSERT INTO u VALUES (1)");
  db.exec("CREATE PUBLICATION b FOR TABLE u");
  db.exec("INSERT INTO t VALUES (2); INSERT INTO u VALUES (2)");
  db.pipeline.publication = db.comparison.publication = "a,b";
  if (major_version(db) < missing_publications_since) {
    const std::vector<std::string> words = {"publication b was created after changes that slot",
                                            "Run once with --publication a", "then with --publication a,b"};
    expect_refusal(db.pipeline.run(), 3, words);
    expect_refusal(run(db.pipeline.command("check")), 3, words);
    EXPECT_EQ(run_with(db, "a").exit_code, 0);
  }
  const auto result = db.pipeline.run();
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(db.differences(), "");
  EXPECT_EQ(db.copied_value("SELECT string_agg(DISTINCT publication, ' ') FROM _walbrook.checkpoint"), "a,b");
  db.exec("INSERT INTO t VALUES (3); INSERT INTO u VALUES (3)");
  EXPECT_EQ(db.pipeline.run().exit_code, 0);
  EXPECT_EQ(db.differences(), "");
}

// walbrook's own publication keeps getting the tables of its schema, and drop takes it alone.
TEST(SeveralPublications, only_walbrooks_own_is_altered_and_dropped) {
  ReplicatedDatabase db;
  db.exec("CREATE SCHEMA s; CREATE TABLE t(id int PRIMARY KEY); CREATE TABLE s.u(id int PRIMARY KEY)");
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  db.exec("CREATE TABLE later(id int PRIMARY KEY); CREATE TABLE keyless(id int); CREATE TABLE in_other(id int)");
  db.exec(
      "CREATE PUBLICATION other FOR TABLE s.u, in_other WITH (publish = 'insert'); ALTER TABLE t DROP CONSTRAINT "
      "t_pkey; ALTER TABLE t REPLICA IDENTITY FULL; INSERT INTO in_other VALUES (1)");
  const auto other = db.value("SELECT xmin::text || p::text FROM pg_publication p WHERE pubname = 'other'");
  ASSERT_EQ(db.pipeline.run().exit_code, 0);  // with walbrook alone, which brings the slot past the creation of other
  db.pipeline.publication = db.comparison.publication = "other,walbrook";
  auto result = db.pipeline.run();
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_NE(result.err.find("publication walbrook leaves out table public.keyless"), std::string::npos)
      << result.describe();
  EXPECT_EQ(tables_of(db, "walbrook"), "later t");
  EXPECT_EQ(tables_of(db, "other"), "in_other u");
  EXPECT_EQ(db.value("SELECT xmin::text || p::text FROM pg_publication p WHERE pubname = 'other'"), other);
  EXPECT_EQ(db.differences(), "");

  result = db.pipeline.run({"--reset"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(publications_of(db), "other walbrook") << "several stay in a reset, because none is created again";
  EXPECT_EQ(db.differences(), "");

  result = run(walbrook_command({"pipeline", db.pipeline.slot, "drop", "--yes", "--source", db.conninfo(),
                                 "--destination", db.pipeline.destination()}));
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_NE(result.out.find("publication other is kept: walbrook did not create it"), std::string::npos)
      << result.describe();
  EXPECT_EQ(publications_of(db), "other");
}

TEST(SeveralPublications, check_names_what_the_publications_leave_out) {
  ReplicatedDatabase db;
  db.exec(
      "CREATE TABLE t(id int PRIMARY KEY); CREATE TABLE log(id int); CREATE TABLE bad(id int); CREATE PUBLICATION a "
      "FOR "
      "TABLE t, log WITH (publish = 'insert, truncate'); CREATE PUBLICATION b FOR TABLE t, bad WITH (publish = "
      "'update, "
      "delete, insert, truncate')");
  db.pipeline.publication = "a,b";
  const auto result = run(db.pipeline.command("check"));
  expect_refusal(result, 0,
                 {"publications a and b have 3 tables", "publications a and b leave out UPDATE, DELETE of public.log",
                  "UPDATE and DELETE of public.bad will fail AT THE SOURCE"});
  EXPECT_EQ(result.out.find("public.log will fail"), std::string::npos) << result.describe();
}

TEST(SeveralPublications, decode_reads_all) {
  ReplicatedDatabase db;
  db.exec(
      "CREATE TABLE t(id int PRIMARY KEY); CREATE TABLE u(id int PRIMARY KEY); CREATE PUBLICATION a FOR TABLE t; "
      "CREATE "
      "PUBLICATION \"B,c\" FOR TABLE u");
  db.exec("SELECT pg_create_logical_replication_slot(" + quote_literal(db.pipeline.slot) + ", 'pgoutput')");
  db.exec("INSERT INTO t VALUES (1); INSERT INTO u VALUES (1)");
  const auto result = run(walbrook_command(
      {"decode", "--source", db.conninfo(), "--slot", db.pipeline.slot, "--publication", "a,\"B,c\""}));
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_NE(result.out.find("public.t"), std::string::npos) << result.describe();
  EXPECT_NE(result.out.find("public.u"), std::string::npos) << result.describe();
  db.exec("SELECT pg_drop_replication_slot(" + quote_literal(db.pipeline.slot) + ")");
}

}  // namespace
}  // namespace walbrook::test
