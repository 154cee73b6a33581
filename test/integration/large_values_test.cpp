// Values that are large compared with all limits, and the memory of an open transaction.
#include <gtest/gtest.h>

#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

// Each side computes its own digest: the values never pass through this process.
void expect_equal_bodies(const ReplicatedDatabase& db) {
  const std::string digests =
      "SELECT string_agg(id::text || ' ' || length(body)::text || ' ' || md5(body), ',' ORDER BY id) FROM ";
  EXPECT_EQ(db.copied_value(digests + "public.doc"), db.value(digests + "doc"));
}

TEST(LargeValues, a_value_of_200_mb_is_copied_streamed_and_left_unchanged) {
  const ReplicatedDatabase db;
  db.exec("CREATE TABLE doc(id int PRIMARY KEY, n int, body text)");
  db.exec("INSERT INTO doc SELECT 1, 0, repeat('0123456789', 20000000)");
  auto result = db.pipeline.run();
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  expect_equal_bodies(db);
  db.exec("INSERT INTO doc SELECT 2, 0, repeat('abcdefghij', 20000000)");
  db.exec("UPDATE doc SET n = 1");
  result = db.pipeline.run();
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  expect_equal_bodies(db);
  EXPECT_EQ(db.copied_value("SELECT sum(n)::VARCHAR FROM public.doc"), "2");
}

TEST(LargeValues, what_open_transactions_spool_has_a_limit_and_nothing_is_lost_at_it) {
  const ReplicatedDatabase db;
  db.exec("CREATE TABLE t(id int PRIMARY KEY, body text)");
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  db.exec("INSERT INTO t VALUES (0, 'before')");
  db.exec("INSERT INTO t SELECT g, md5(g::text) FROM generate_series(1, 5000) g");
  auto result = db.pipeline.run({"--batch-bytes", "16384", "--max-spool-size", "100000"});
  EXPECT_EQ(result.exit_code, 5) << result.describe();
  EXPECT_NE(result.err.find("100000 are allowed"), std::string::npos) << result.describe();
  EXPECT_NE(result.err.find("--max-spool-size"), std::string::npos) << result.describe();
  EXPECT_EQ(db.copied_value("SELECT count(*) FROM public.t"), "1");
  EXPECT_EQ(db.slot_past_checkpoint(), "");
  result = db.pipeline.run({"--batch-bytes", "16384"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(db.differences(), "");
}

}  // namespace
}  // namespace walbrook::test
