// P7 if a table in the DuckDB file has the name that a target table needs.
#include <gtest/gtest.h>

#include "test/support/duck_reader.h"
#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

void as_user(const ReplicatedDatabase& db, const std::string& sql) {
  DuckReader(db.file(), DuckReader::Access::read_write).exec(sql);
}

void expect_suspended(const ProcessResult& result, const std::string& table, const std::string& why) {
  EXPECT_EQ(result.exit_code, 5) << result.describe();
  for (const auto& text : {"table " + table + " is suspended", table + " already exists in copy.duckdb and " + why,
                           std::string("--dataset NAME")}) {
    EXPECT_NE(result.err.find(text), std::string::npos) << text << "\n" << result.describe();
  }
}

TEST(NameConflicts, p7_a_table_of_the_users_own_suspends_one_table) {
  const ReplicatedDatabase db;
  db.exec(
      "CREATE TABLE orders(id int PRIMARY KEY, v text); INSERT INTO orders VALUES (1, 'a');"
      "CREATE TABLE items(id int PRIMARY KEY, v text); INSERT INTO items SELECT g, 'i' FROM generate_series(1, 9) g");
  as_user(db, "CREATE SCHEMA public; CREATE TABLE public.\"Orders\" AS SELECT 42 AS mine");
  expect_suspended(db.pipeline.run(), "public.orders", "was not created by walbrook");
  const std::string items = "SELECT string_agg(id || v, ' ' ORDER BY id) FROM public.items";
  EXPECT_EQ(db.copied_value(items), db.value(items));
  EXPECT_EQ(db.copied_value("SELECT state || ' ' || (reason LIKE '%Rename it%') FROM _walbrook.outputs WHERE "
                            "source_name = 'orders'"),
            "suspended true");

  db.exec(
      "UPDATE items SET v = 'changed' WHERE id < 3; INSERT INTO orders VALUES (2, 'b'); DELETE FROM items WHERE id = "
      "9");
  expect_suspended(db.pipeline.run(), "public.orders", "was not created by walbrook");
  EXPECT_EQ(db.copied_value(items), db.value(items)) << "the others flow";
  EXPECT_EQ(db.copied_value("SELECT string_agg(mine, ',') FROM public.\"Orders\""), "42");

  as_user(db, "CREATE SCHEMA own; CREATE TABLE own.orders AS FROM public.\"Orders\"; DROP TABLE public.\"Orders\"");
  const auto freed = db.pipeline.run();
  EXPECT_EQ(freed.exit_code, 0) << freed.describe();
  EXPECT_EQ(db.copied_value("SELECT mine FROM own.orders"), "42");
  as_user(db, "DROP SCHEMA own CASCADE");
  EXPECT_EQ(db.differences(), "");
}

TEST(NameConflicts, a_slot_that_ran_ahead_of_a_copy_that_holds_nothing_yet_harms_nothing) {
  const ReplicatedDatabase db;
  db.exec("CREATE TABLE orders(id int PRIMARY KEY, v text); INSERT INTO orders VALUES (1, 'a')");
  as_user(db, "CREATE SCHEMA public; CREATE TABLE public.orders AS SELECT 42 AS mine");
  expect_suspended(db.pipeline.run(), "public.orders", "was not created by walbrook");
  db.exec("INSERT INTO orders VALUES (2, 'b'); CHECKPOINT");
  db.exec("SELECT pg_replication_slot_advance('" + db.pipeline.slot + "', pg_current_wal_lsn())");
  as_user(db, "DROP TABLE public.orders");
  const auto copied = db.pipeline.run();
  EXPECT_EQ(copied.exit_code, 0) << copied.describe();
  EXPECT_EQ(db.differences(), "");

  // The target has rows now, so a change that the slot skips would be missing in it.
  db.exec("INSERT INTO orders VALUES (3, 'c')");
  db.exec("SELECT pg_replication_slot_advance('" + db.pipeline.slot + "', pg_current_wal_lsn())");
  EXPECT_EQ(db.pipeline.run().exit_code, 3);
}

TEST(NameConflicts, p7_a_table_of_another_pipeline_suspends_one_table) {
  const ReplicatedDatabase db;
  db.exec(
      "CREATE TABLE orders(id int PRIMARY KEY); INSERT INTO orders VALUES (1);"
      "CREATE TABLE items(id int PRIMARY KEY); INSERT INTO items VALUES (1)");
  auto first = db.pipeline;
  first.slot += "_first";
  first.publication = "first";
  ASSERT_EQ(first.run({"--table", "orders"}).exit_code, 0);
  db.exec("INSERT INTO orders VALUES (2); INSERT INTO items VALUES (2)");
  expect_suspended(db.pipeline.run(), "public.orders", "belongs to pipeline \"" + first.slot + "\"");
  EXPECT_EQ(
      db.copied_value("SELECT (SELECT count(*) FROM public.orders) || ' ' || (SELECT count(*) FROM public.items)"),
      "1 2");
  EXPECT_EQ(first.run().exit_code, 0);
  EXPECT_EQ(db.copied_value("SELECT count(*) FROM public.orders"), "2");
  const auto elsewhere = db.pipeline.run({"--dataset", "own"});
  EXPECT_EQ(elsewhere.exit_code, 0) << elsewhere.describe();
  EXPECT_EQ(db.copied_value("SELECT (SELECT count(*) FROM own.orders) || ' ' || (SELECT count(*) FROM own.items)"),
            "2 2");
  db.exec("SELECT pg_drop_replication_slot('" + first.slot + "')");
}

}  // namespace
}  // namespace walbrook::test
