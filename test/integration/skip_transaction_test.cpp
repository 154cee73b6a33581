// A transaction that the server cannot send ends each run at the same place, until the user has it skipped.
#include <gtest/gtest.h>

#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

// Prints fail only in the middle of this transaction: the row of pg_enum is missing when the server decodes the UPDATE,
// and is back when the transaction commits.
constexpr const char* cannot_be_sent =
    "BEGIN; INSERT INTO other SELECT coalesce(max(id), 0) + 1 FROM other;"
    "CREATE TEMP TABLE kept AS SELECT * FROM pg_enum WHERE enumlabel = 'calm';"
    "DELETE FROM pg_enum WHERE enumlabel = 'calm';"
    "UPDATE t SET n = n + 1;"
    "INSERT INTO pg_enum(oid, enumtypid, enumsortorder, enumlabel)"
    " SELECT oid, enumtypid, enumsortorder, enumlabel FROM kept;"
    "COMMIT; DROP TABLE kept";

std::string lsn_in(const ProcessResult& result) {
  const std::string words = "walbrook run --skip-transaction ";
  const auto at = result.err.find(words);
  if (at == std::string::npos) return {};
  const auto begin = at + words.size();
  return result.err.substr(begin, result.err.find(' ', begin) - begin);
}

class SkipTransaction : public ::testing::Test {
 protected:
  SkipTransaction() {
    db.exec(
        "CREATE TYPE mood AS ENUM ('calm', 'glad'); CREATE TABLE t(id int PRIMARY KEY, m mood, n int);"
        "CREATE TABLE other(id int PRIMARY KEY); CREATE TABLE third(id int PRIMARY KEY);"
        "INSERT INTO t VALUES (1, 'calm', 0); INSERT INTO third VALUES (1)");
    EXPECT_EQ(db.pipeline.run().exit_code, 0);
    db.exec("INSERT INTO other VALUES (1)");
    db.exec(cannot_be_sent);
    db.exec("INSERT INTO other VALUES (3)");
  }
  // Returns the LSN that the failed run names.
  std::string fail() {
    const auto result = db.pipeline.run();
    EXPECT_EQ(result.exit_code, 5) << result.describe();
    EXPECT_NE(result.err.find("invalid internal value for enum"), std::string::npos) << result.describe();
    EXPECT_EQ(db.copied_value("SELECT count(*)::VARCHAR FROM public.other"), "1") << "what came before is applied";
    EXPECT_EQ(db.slot_past_checkpoint(), "");
    return lsn_in(result);
  }

  ReplicatedDatabase db;
};

TEST_F(SkipTransaction, every_table_is_resynced_and_the_run_continues) {
  const auto lsn = fail();
  ASSERT_FALSE(lsn.empty());
  EXPECT_EQ(fail(), lsn) << "it is the same transaction each time";
  auto result = db.pipeline.run({"--skip-transaction", lsn});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  for (const auto* table : {"public.t", "public.other", "public.third"}) {
    EXPECT_NE(result.err.find(std::string(table) + ": transaction " + lsn + " was skipped"), std::string::npos)
        << result.describe();
  }
  EXPECT_EQ(db.differences(), "");
  EXPECT_EQ(db.slot_past_checkpoint(), "");
  db.exec("INSERT INTO other VALUES (4)");
  result = db.pipeline.run({"--skip-transaction", lsn});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_NE(result.err.find("the checkpoint is past it"), std::string::npos) << result.describe();
  EXPECT_EQ(result.err.find("resynced"), std::string::npos) << result.describe();
  EXPECT_EQ(db.differences(), "");
}

TEST_F(SkipTransaction, with_only_the_other_tables_stream_on) {
  const auto lsn = fail();
  const std::string copied_at = "SELECT snapshot_lsn FROM _walbrook.outputs WHERE source_name = 'third'";
  const auto before = db.copied_value(copied_at);
  const auto result = db.pipeline.run({"--skip-transaction", lsn, "--only", "public.t", "--only", "public.other"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(result.err.find("public.third"), std::string::npos) << result.describe();
  EXPECT_EQ(db.copied_value(copied_at), before);
  EXPECT_EQ(db.differences(), "");
}

// The commit of a transaction that was streamed while it was still running is known only once the whole transaction is
// requested; the parts that had arrived are discarded.
TEST_F(SkipTransaction, one_that_is_streamed_is_named_and_skipped_as_well) {
  EXPECT_EQ(db.pipeline.run({"--skip-transaction", fail()}).exit_code, 0);
  db.exec("INSERT INTO third VALUES (2)");
  db.exec("BEGIN; INSERT INTO other SELECT g FROM generate_series(10, 3000) g; " + std::string(cannot_be_sent + 6));
  const std::vector<std::string> small = {"--logical-decoding-work-mem", "64kB", "--batch-rows", "500"};
  auto result = db.pipeline.run(small);
  EXPECT_EQ(result.exit_code, 5) << result.describe();
  const auto lsn = lsn_in(result);
  EXPECT_EQ(db.copied_value("SELECT count(*)::VARCHAR FROM public.third"), "2");
  auto skipping = small;
  skipping.insert(skipping.end(), {"--skip-transaction", lsn});
  result = db.pipeline.run(skipping);
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(db.differences(), "");
}

TEST_F(SkipTransaction, nothing_is_skipped_where_no_transaction_commits) {
  const auto lsn = fail();
  auto result = db.pipeline.run({"--skip-transaction", lsn, "--only", "public.nothing"});
  EXPECT_EQ(result.exit_code, 2) << result.describe();
  EXPECT_NE(result.err.find("no table public.nothing"), std::string::npos) << result.describe();
  const auto earlier = db.value("SELECT " + quote_literal(lsn) + "::pg_lsn - 1");
  result = db.pipeline.run({"--skip-transaction", earlier});
  EXPECT_EQ(result.exit_code, 2) << result.describe();
  EXPECT_NE(result.err.find("no transaction commits at " + earlier), std::string::npos) << result.describe();
  EXPECT_NE(result.err.find("The next one commits at " + lsn), std::string::npos) << result.describe();
  EXPECT_EQ(fail(), lsn);
}

// During a copy, the failure concerns the table.
TEST(UnprintableRow, the_copy_suspends_its_table_alone) {
  const ReplicatedDatabase db;
  db.exec(
      "CREATE TYPE mood AS ENUM ('calm', 'glad'); CREATE TABLE t(id int PRIMARY KEY, m mood);"
      "CREATE TABLE other(id int PRIMARY KEY); INSERT INTO t VALUES (1, 'calm'); INSERT INTO other VALUES (1)");
  db.exec(
      "CREATE TABLE kept AS SELECT * FROM pg_enum WHERE enumlabel = 'calm';"
      "DELETE FROM pg_enum WHERE enumlabel = 'calm'");
  const std::vector<std::string> tables = {"--table", "t", "--table", "other"};
  auto result = db.pipeline.run(tables);
  EXPECT_EQ(result.exit_code, 5) << result.describe();
  EXPECT_NE(result.err.find("copying table public.t"), std::string::npos) << result.describe();
  EXPECT_EQ(db.copied_value("SELECT count(*)::VARCHAR FROM public.other"), "1");
  db.exec(
      "INSERT INTO pg_enum(oid, enumtypid, enumsortorder, enumlabel)"
      " SELECT oid, enumtypid, enumsortorder, enumlabel FROM kept");
  result = db.pipeline.run(tables);
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(db.copied_value("SELECT m FROM public.t"), "calm");
}

// A bytea of 540 MB has more than 1 GB as text, where the server fails, and not in binary. `plain` has a type whose
// binary form walbrook does not read, so that the stream is first requested as text.
TEST(LongLargeRow, a_row_that_fails_as_text_is_sent_in_binary) {
  const ReplicatedDatabase db;
  db.exec(
      "CREATE TABLE big(id int PRIMARY KEY, b bytea); CREATE TABLE plain(id int PRIMARY KEY, r int4range);"
      "ALTER TABLE big ALTER b SET STORAGE EXTERNAL");
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  db.exec("INSERT INTO plain VALUES (1, '[1,5)')");
  db.exec("INSERT INTO big SELECT 1, convert_to(repeat('x', 540000000), 'UTF8')");
  db.exec("INSERT INTO plain VALUES (2, '[1,6)')");
  const auto result = db.pipeline.run({}, {}, milliseconds(120'000));
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_NE(result.err.find("the stream is asked for in binary"), std::string::npos) << result.describe();
  EXPECT_EQ(db.copied_value("SELECT octet_length(b)::VARCHAR FROM public.big"), "540000000");
  EXPECT_EQ(db.copied_value("SELECT count(*)::VARCHAR FROM public.plain"), "2");
}

}  // namespace
}  // namespace walbrook::test
