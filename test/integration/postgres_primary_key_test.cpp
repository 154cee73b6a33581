// Target tables in a PostgreSQL database with a primary key (--primary-key), which the real command keeps on the
// columns of the source's replica identity.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

class PostgresPrimaryKeyTest : public ::testing::Test {
 protected:
  PostgresPrimaryKeyTest() { db.pipeline.flags = {"--primary-key"}; }

  [[nodiscard]] std::string copied(const std::string& sql) const { return Sql(db.comparison.copy_conninfo).value(sql); }
  // Returns the name and the columns of the target table's primary key: "item_pkey PRIMARY KEY (id)".
  [[nodiscard]] std::string primary_key(const std::string& table) const {
    return copied(fmt::format(
        "SELECT coalesce(string_agg(conname || ' ' || pg_get_constraintdef(oid), ''), '') FROM pg_constraint WHERE "
        "contype = 'p' AND conrelid = {}::regclass",
        quote_literal(table)));
  }
  [[nodiscard]] std::string indexes(const std::string& table) const {
    return copied("SELECT coalesce(string_agg(indexdef, ';'), '') FROM pg_indexes WHERE tablename = " +
                  quote_literal(table));
  }
  void applies(const std::string& changes) const {
    db.exec(changes);
    const auto run = db.pipeline.run();
    EXPECT_EQ(run.exit_code, 0) << changes << "\n" << run.describe();
    EXPECT_EQ(db.differences(), "") << changes << "\n" << run.describe();
  }

  ReplicatedDatabase db{PostgresServer::shared(), CopiedTo::database};
};

TEST_F(PostgresPrimaryKeyTest, a_key_may_change_in_any_order_that_the_source_allows) {
  applies(
      "CREATE TABLE item(id int PRIMARY KEY, body text); INSERT INTO item SELECT g, repeat(md5(g::text), 200) FROM "
      "generate_series(1, 100) g; CREATE TABLE pair(a int, b text, c int, UNIQUE (a, b)); ALTER TABLE pair ALTER a SET "
      "NOT NULL, ALTER b SET NOT NULL, REPLICA IDENTITY USING INDEX pair_a_b_key; INSERT INTO pair VALUES (1, 'x', 1)");
  EXPECT_EQ(primary_key("item"), "item_pkey PRIMARY KEY (id)");
  EXPECT_EQ(primary_key("pair"), "pair_pkey PRIMARY KEY (a, b)");
  applies(
      "BEGIN; UPDATE item SET id = -1 WHERE id = 1; UPDATE item SET id = 1 WHERE id = 2; UPDATE item SET id = 2 WHERE "
      "id = -1; COMMIT; UPDATE item SET id = id + 1000; BEGIN; DELETE FROM item WHERE id = 1003; INSERT INTO item "
      "VALUES (1003, 'again'); COMMIT; UPDATE pair SET b = 'y'; INSERT INTO pair VALUES (1, 'x', 2)");
  applies("TRUNCATE item; INSERT INTO item VALUES (1, 'new')");
  EXPECT_EQ(primary_key("item"), "item_pkey PRIMARY KEY (id)");
}

TEST_F(PostgresPrimaryKeyTest, the_target_table_can_be_published) {
  applies("CREATE TABLE item(id int PRIMARY KEY, n int); INSERT INTO item VALUES (1, 1)");
  Sql(db.comparison.copy_conninfo).exec("CREATE PUBLICATION onwards FOR TABLE item");
  applies("UPDATE item SET n = 2; INSERT INTO item VALUES (2, 2); DELETE FROM item WHERE id = 1");
}

TEST_F(PostgresPrimaryKeyTest, it_follows_the_sources_key) {
  applies("CREATE TABLE item(id int PRIMARY KEY, n int, m int); INSERT INTO item VALUES (1, 10, 0), (2, 20, 0)");
  applies("ALTER TABLE item DROP CONSTRAINT item_pkey, ADD PRIMARY KEY (n, m); INSERT INTO item VALUES (1, 11, 0)");
  EXPECT_NE(primary_key("item").find("PRIMARY KEY (n, m)"), std::string::npos) << primary_key("item");
  db.comparison.gone_columns["public.item"] = {"m"};
  applies("ALTER TABLE item DROP COLUMN m, ADD PRIMARY KEY (n); INSERT INTO item(id, n) VALUES (3, 30)");
  EXPECT_NE(primary_key("item").find("PRIMARY KEY (n)"), std::string::npos) << primary_key("item");
  applies(
      "ALTER TABLE item DROP CONSTRAINT item_pkey, ALTER n DROP NOT NULL, REPLICA IDENTITY FULL; INSERT INTO item(id, "
      "n) VALUES (3, 30), (4, NULL)");
  EXPECT_EQ(primary_key("item"), "");
}

TEST_F(PostgresPrimaryKeyTest, a_value_that_its_column_cannot_hold_takes_an_index) {
  applies("CREATE TABLE at(t timestamp PRIMARY KEY, n int); INSERT INTO at VALUES ('2020-01-01', 1)");
  EXPECT_EQ(primary_key("at"), "at_pkey PRIMARY KEY (t)");
  applies("INSERT INTO at VALUES ('294276-12-31 23:59:59', 2), ('294276-12-30', 3)");
  EXPECT_EQ(primary_key("at"), "");
  EXPECT_NE(indexes("at").find("(t)"), std::string::npos) << indexes("at");
  applies("UPDATE at SET n = 4 WHERE n = 2; DELETE FROM at WHERE n = 3");
  const auto resync = run(db.pipeline.command("resync", {"public.at"}));
  ASSERT_EQ(resync.exit_code, 0) << resync.describe();
  applies("UPDATE at SET n = 5 WHERE n = 4");
  EXPECT_EQ(primary_key("at"), "");
  EXPECT_NE(indexes("at").find("at_key_idx"), std::string::npos) << indexes("at");
}

TEST_F(PostgresPrimaryKeyTest, it_is_made_only_if_it_is_asked_for) {
  db.pipeline.flags.clear();
  applies("CREATE TABLE item(id int PRIMARY KEY, n int); INSERT INTO item VALUES (1, 1)");
  EXPECT_EQ(primary_key("item"), "");
  db.pipeline.flags = {"--primary-key"};
  const auto resync = run(db.pipeline.command("resync", {"public.item"}));
  ASSERT_EQ(resync.exit_code, 0) << resync.describe();
  applies("UPDATE item SET id = 2");
  EXPECT_EQ(primary_key("item"), "item_pkey PRIMARY KEY (id)");
}

}  // namespace
}  // namespace walbrook::test
