// Names with two meanings: a schema named like the file, tables and schemas that differ by case alone.
#include <gtest/gtest.h>

#include "test/support/duck_reader.h"
#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

// The file's name without its suffix is DuckDB's name for the catalog.
Pipeline in_file(const ReplicatedDatabase& db, const std::string& name) {
  auto pipeline = db.pipeline;
  pipeline.file = db.file().parent_path() / name;
  return pipeline;
}

std::string csv(const Pipeline& pipeline, const std::string& sql) {
  const auto result = run(pipeline.command("sql", {"--csv", sql}));
  return result.exit_code == 0 ? result.out : result.describe();
}

TEST(Names, a_schema_may_be_called_as_the_file) {
  const ReplicatedDatabase db;
  db.exec(
      "CREATE SCHEMA shop; CREATE TABLE shop.orders(id int PRIMARY KEY, v text); INSERT INTO shop.orders VALUES (1, "
      "'a'), (2, 'b'); CREATE TABLE shop.\"Odd \"\"one\"(id int PRIMARY KEY)");
  const auto pipeline = in_file(db, "shop.duckdb");
  const auto first = pipeline.run({"--schema", "shop"});
  ASSERT_EQ(first.exit_code, 0) << first.describe();
  DuckReader(pipeline.file, DuckReader::Access::read_write)
      .exec("CREATE MACRO shop.shop.twice(x) AS 2 * x; CREATE VIEW shop.shop.ids AS SELECT id FROM shop.shop.orders");
  db.exec("INSERT INTO shop.orders VALUES (3, 'c'); UPDATE shop.orders SET v = 'changed' WHERE id = 1");
  EXPECT_EQ(pipeline.run().exit_code, 0);
  for (const std::string from :
       {"shop.orders", "Shop.Orders", "\"shop\".\"orders\"", "shop . orders", "shop.shop.orders", "orders",
        "(SELECT * FROM shop.orders) AS q", "shop.orders AS o JOIN shop.ids USING (id)"}) {
    EXPECT_EQ(csv(pipeline, "SELECT count(*) AS n FROM " + from), "n\n3\n") << from;
  }
  EXPECT_EQ(
      csv(pipeline, "SELECT 'shop.orders ä' AS t, shop.orders.id FROM shop.orders WHERE shop.orders.v = 'changed'"),
      "t,id\nshop.orders ä,1\n");
  EXPECT_EQ(csv(pipeline, "SELECT shop.twice(4) AS n"), "n\n8\n");
  EXPECT_EQ(csv(pipeline, "WITH a AS (FROM shop.orders) SELECT count(*) AS n FROM a, shop.orders"), "n\n9\n");
  EXPECT_EQ(csv(pipeline, "SELECT count(*) AS n FROM shop.\"Odd \"\"one\""), "n\n0\n");
  EXPECT_NE(csv(pipeline, "DESCRIBE shop.orders").find("id,INTEGER"), std::string::npos);
  EXPECT_NE(csv(pipeline, "EXPLAIN SELECT * FROM shop.orders").find("orders"), std::string::npos);
  const auto status = run(pipeline.command("status"));
  EXPECT_NE(status.out.find("3"), std::string::npos) << status.describe();
  const auto info = run(pipeline.command("pipeline", {pipeline.slot}));
  EXPECT_EQ(info.exit_code, 0) << info.describe();
}

TEST(Names, decode_finds_the_slot_in_the_destination) {
  const ReplicatedDatabase db;
  db.exec("CREATE TABLE orders(id int PRIMARY KEY)");
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  db.exec("INSERT INTO orders VALUES (42)");
  const auto shown = run(walbrook_command({"decode", "--source", db.conninfo(), "--destination", db.file().string()}));
  EXPECT_EQ(shown.exit_code, 0) << shown.describe();
  EXPECT_NE(shown.out.find("42"), std::string::npos) << shown.describe();
}

// Names of files that have another meaning in DuckDB or in walbrook.
TEST(Names, a_file_may_be_called_as_anything_else) {
  for (const std::string name : {"public", "_walbrook", "main", "my file.v2"}) {
    const ReplicatedDatabase db;
    db.exec("CREATE TABLE orders(id int PRIMARY KEY, v text); INSERT INTO orders VALUES (1, 'a')");
    const auto pipeline = in_file(db, name + ".duckdb");
    const auto first = pipeline.run();
    ASSERT_EQ(first.exit_code, 0) << first.describe();
    db.exec("INSERT INTO orders VALUES (2, 'b'); UPDATE orders SET v = 'c'");
    const auto second = pipeline.run();
    EXPECT_EQ(second.exit_code, 0) << second.describe();
    EXPECT_EQ(csv(pipeline, "SELECT string_agg(id || v, ',' ORDER BY id) AS s FROM public.orders"), "s\n\"1c,2c\"\n")
        << name;
    EXPECT_EQ(csv(pipeline, "SELECT state FROM _walbrook.outputs"), "state\nstreaming\n") << name;
    db.exec("SELECT pg_drop_replication_slot('" + pipeline.slot + "')");
  }
}

struct TwoCases : ReplicatedDatabase {
  TwoCases() {
    exec(
        "CREATE SCHEMA \"Public\"; CREATE TABLE orders(id int PRIMARY KEY); CREATE TABLE \"Public\".orders(id int "
        "PRIMARY "
        "KEY); CREATE TABLE \"Items\"(id int PRIMARY KEY); INSERT INTO orders VALUES (1); INSERT INTO "
        "\"Public\".orders "
        "VALUES (2); CREATE PUBLICATION walbrook FOR ALL TABLES");
  }
};

TEST(Names, commands_find_the_table_that_is_written_like_that) {
  const TwoCases db;
  const auto first = db.pipeline.run();
  ASSERT_EQ(first.exit_code, 0) << first.describe();
  EXPECT_EQ(db.copied_value(
                "SELECT string_agg(target_name, ' ' ORDER BY target_name) FROM _walbrook.outputs WHERE source_name "
                "= 'orders'"),
            "orders orders_2")
      << "DuckDB takes both schemas for one";
  const auto resync = run(db.pipeline.command("resync", {"Public.orders", "items"}));
  EXPECT_EQ(resync.exit_code, 0) << resync.describe();
  EXPECT_EQ(db.copied_value(
                "SELECT string_agg(source_schema || '.' || source_name, ' ' ORDER BY source_schema, source_name) FROM "
                "_walbrook.outputs WHERE state = 'pending'"),
            "Public.orders public.Items");
  const auto unclear = run(db.pipeline.command("resync", {"PUBLIC.orders"}));
  EXPECT_EQ(unclear.exit_code, 2) << unclear.describe();
  EXPECT_NE(unclear.err.find("\"Public\".orders"), std::string::npos) << unclear.describe();
  const auto dropped = run(db.pipeline.command("pipeline", {db.pipeline.slot, "drop", "Public.orders", "--yes"}));
  EXPECT_EQ(dropped.exit_code, 0) << dropped.describe();
  EXPECT_NE(dropped.out.find("dropped Public.orders"), std::string::npos) << dropped.describe();
}

TEST(Names, a_run_copies_the_table_that_is_written_like_that) {
  const TwoCases db;
  const auto checked = run(db.pipeline.command("check", {"--table", "PUBLIC.orders"}));
  EXPECT_EQ(checked.exit_code, 2) << checked.describe();
  const auto result = db.pipeline.run({"--table", "Public.orders", "--table", "items"});
  EXPECT_EQ(result.exit_code, 3) << result.describe();  // no capitals: as SQL reads it, it does not exist
  const auto copied = db.pipeline.run({"--table", "Public.orders", "--table", "Items"});
  EXPECT_EQ(copied.exit_code, 0) << copied.describe();
  EXPECT_EQ(db.copied_value("SELECT id FROM \"Public\".orders"), "2");
}

}  // namespace
}  // namespace walbrook::test
