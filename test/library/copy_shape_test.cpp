// The shape of target tables if options ask for another shape than the source's: names, metadata columns, column
// overrides.
#include <gtest/gtest.h>

#include "test/library/fixture.h"

namespace walbrook::test {
namespace {

constexpr const char* columns_of_copy =
    "SELECT string_agg(column_name || ' ' || data_type, ', ' ORDER BY column_index) FROM duckdb_columns() WHERE "
    "schema_name = 'copy' AND table_name = '";

std::string columns_of(const Shop& shop, const std::string& table) {
  return shop.copied(columns_of_copy + table + "'");
}

TEST(Naming, in_snake_case_tables_and_columns_are_called_as_dlt_calls_them) {
  const Shop shop;
  shop.exec(
      "CREATE TABLE \"OrderItems\"(\"OrderId\" int PRIMARY KEY, \"Unit Price (EUR)\" numeric, \"aB\" text, a_b text);"
      "INSERT INTO \"OrderItems\" VALUES (1, 1.5, 'camel', 'snake'), (2, 2, 'gone', 'gone')");
  auto options = shop.options();
  options.naming = "snake_case";
  auto pipeline = walbrook::pipeline(options);
  const auto load = pipeline.run(init_replication(shop.init("OrderItems")));
  EXPECT_EQ(load.table("OrderItems")->target, "copy.order_items");
  EXPECT_EQ(columns_of(shop, "order_items"),
            "order_id INTEGER, unit_price_eurx DECIMAL(38,9), a_b VARCHAR, a_b_2 VARCHAR");
  shop.exec(
      "UPDATE \"OrderItems\" SET \"Unit Price (EUR)\" = 'NaN' WHERE \"OrderId\" = 1;"
      "DELETE FROM \"OrderItems\" WHERE \"OrderId\" = 2; INSERT INTO \"OrderItems\" VALUES (3, 3, 'c', 's')");
  pipeline.run(shop.changes());
  EXPECT_EQ(shop.copied("SELECT string_agg(concat_ws('|', order_id, unit_price_eurx__v_text, a_b, a_b_2), ';' ORDER BY "
                        "order_id) FROM copy.order_items"),
            "1|NaN|camel|snake;3|c|s");

  // With another naming, the table moves; nothing is left under the old name.
  auto exact = walbrook::pipeline(shop.options());
  EXPECT_TRUE(exact.run(shop.changes()).table("OrderItems")->copied);
  EXPECT_EQ(shop.differences(), "");
  EXPECT_EQ(shop.copied("SELECT string_agg(table_name) FROM duckdb_tables() WHERE schema_name = 'copy'"), "OrderItems");
  EXPECT_FALSE(exact.run(shop.changes()).table("OrderItems")->copied);
}

TEST(Naming, what_nobody_knows_is_refused) {
  const Shop shop;
  auto options = shop.options();
  options.naming = "camelCase";
  EXPECT_EQ(error_of([&] { static_cast<void>(walbrook::pipeline(options)); }).facts().setting, "naming");
  options.naming = "";
  options.metadata = "all";
  EXPECT_EQ(error_of([&] { static_cast<void>(walbrook::pipeline(options)); }).facts().setting, "metadata");
}

TEST(MetadataColumns, tell_of_every_row_which_commit_wrote_it) {
  const Shop shop;
  shop.exec(
      "CREATE TABLE a(id int PRIMARY KEY, big text, v int); ALTER TABLE a ALTER big SET STORAGE EXTERNAL;"
      "CREATE TABLE bag(v int); ALTER TABLE bag REPLICA IDENTITY FULL;"
      "INSERT INTO a SELECT g, repeat('x', 10000), 0 FROM generate_series(1, 3) g; INSERT INTO bag VALUES (1), (1)");
  auto options = shop.options();
  options.metadata = "walbrook";
  auto pipeline = walbrook::pipeline(options);
  const auto copied = pipeline.run(init_replication(shop.init({"a", "bag"})));
  EXPECT_EQ(columns_of(shop, "a"),
            "id INTEGER, big VARCHAR, v INTEGER, _lsn UBIGINT, _commit_ts TIMESTAMP WITH TIME ZONE");
  const auto at_copy = shop.copied("SELECT DISTINCT _lsn FROM copy.a WHERE _commit_ts IS NULL");
  EXPECT_FALSE(at_copy.empty());

  shop.exec("UPDATE a SET v = 1 WHERE id = 1");
  const auto between = shop.value("SELECT pg_current_wal_lsn() - '0/0'");
  shop.exec("UPDATE a SET v = 2 WHERE id = 2; DELETE FROM bag WHERE ctid = (SELECT min(ctid) FROM bag)");
  pipeline.run(shop.changes());
  EXPECT_EQ(shop.copied("SELECT string_agg(concat(id, ':', v, ':', _lsn < " + between + ", ':', _lsn > " + at_copy +
                        ", ':', _commit_ts > now() - INTERVAL 1 HOUR, ':', length(big)), ' ' ORDER BY id) FROM copy.a"),
            "1:1:true:true:true:10000 2:2:false:true:true:10000 3:0:true:false::10000");
  EXPECT_EQ(shop.copied("SELECT count(*) FROM copy.bag"), "1");

  // From now on without metadata columns.
  auto plain = walbrook::pipeline(shop.options());
  plain.run(shop.changes());
  EXPECT_EQ(shop.differences(), "");
}

TEST(MetadataColumns, by_dlts_names_lead_to_the_load_that_wrote_the_row) {
  const Shop shop;
  shop.exec("CREATE TABLE a(id int PRIMARY KEY, v int); INSERT INTO a VALUES (1, 0), (2, 0)");
  auto options = shop.options();
  options.metadata = "dlt";
  auto pipeline = walbrook::pipeline(options);
  const auto first = pipeline.run(init_replication(shop.init("a")));
  EXPECT_EQ(columns_of(shop, "a"),
            "id INTEGER, v INTEGER, lsn BIGINT, deleted_ts TIMESTAMP WITH TIME ZONE, _dlt_load_id VARCHAR");
  shop.exec("UPDATE a SET v = 1 WHERE id = 2");
  const auto second = pipeline.run(shop.changes());
  EXPECT_GT(first.load_id, 0);
  EXPECT_GT(second.load_id, first.load_id);
  EXPECT_EQ(shop.copied("SELECT string_agg(concat(id, ':', _dlt_load_id, ':', deleted_ts IS NULL), ' ' ORDER BY id) "
                        "FROM copy.a"),
            "1:" + std::to_string(first.load_id) + ":true 2:" + std::to_string(second.load_id) + ":true");
  EXPECT_EQ(shop.copied("SELECT string_agg(concat(load_id, ':', copied_rows, ':', transactions), ' ' ORDER BY load_id) "
                        "FROM _walbrook.loads"),
            std::to_string(first.load_id) + ":2:0 " + std::to_string(second.load_id) + ":0:1");
}

TEST(MetadataColumns, of_a_name_that_the_source_has_suspend_that_table) {
  const Shop shop;
  shop.exec(
      "CREATE TABLE a(id int PRIMARY KEY, lsn text); CREATE TABLE b(id int PRIMARY KEY); INSERT INTO b VALUES (1)");
  auto options = shop.options();
  options.metadata = "dlt";
  auto pipeline = walbrook::pipeline(options);
  const auto error = error_of([&] { pipeline.run(init_replication(shop.init({"a", "b"}))); });
  EXPECT_EQ(error.kind(), ErrorKind::data);
  EXPECT_NE(error.cause().find("table public.a has a column \"lsn\", which is also the name of a metadata column"),
            std::string::npos)
      << error.what();
  EXPECT_EQ(shop.copied("SELECT id FROM copy.b"), "1");
}

TEST(ColumnOverrides, name_widen_and_describe_columns_and_are_remembered) {
  const Shop shop;
  shop.exec(
      "CREATE TABLE a(id int PRIMARY KEY, small int2, price numeric(10,2), free numeric, r real, moment timestamptz, o "
      "oid);"
      "INSERT INTO a VALUES (1, 7, 1.25, 0.123, 0.1, '2026-01-01 00:00:00+00', 4000000000)");
  auto init = shop.init("a");
  init.columns = {{"a",
                   {{"id", {.data_type = "bigint", .primary_key = true, .name = "Order ID"}},
                    {"small", {.data_type = "decimal", .precision = 9, .scale = 2}},
                    {"price", {.precision = 20, .scale = 4, .description = "gross, in 'EUR'"}},
                    {"free", {.data_type = "decimal", .precision = 10, .scale = 3}},
                    {"r", {.data_type = "double"}},
                    {"moment", {.data_type = "text"}},
                    {"o", {.data_type = "bigint"}}}}};
  auto pipeline = walbrook::pipeline(shop.options());
  pipeline.run(init_replication(init));
  EXPECT_EQ(columns_of(shop, "a"),
            "Order ID BIGINT, small DECIMAL(9,2), price DECIMAL(20,4), free DECIMAL(10,3), r DOUBLE, moment VARCHAR, o "
            "BIGINT");
  EXPECT_EQ(shop.copied("SELECT comment FROM duckdb_columns() WHERE column_name = 'price'"), "gross, in 'EUR'");
  const std::string row =
      "SELECT concat_ws('|', \"Order ID\", small, price, free, round(r, 6), moment, o) FROM copy.a "
      "WHERE \"Order ID\" = ";
  EXPECT_EQ(shop.copied(row + "1"), "1|7.00|1.2500|0.123|0.1|2026-01-01 00:00:00+00|4000000000");

  // A run without overrides keeps the stored ones; the key's column is found under its other name.
  shop.exec(
      "INSERT INTO a VALUES (2, -3, 9.99, 5, 'NaN', 'infinity', 1); UPDATE a SET id = 3, free = 1e20 WHERE id = 1");
  const auto load = pipeline.run(shop.changes());
  EXPECT_FALSE(load.table("a")->copied);
  EXPECT_EQ(shop.copied(row + "2"), "2|-3.00|9.9900|5.000|nan|infinity|1");
  EXPECT_EQ(shop.copied("SELECT concat(free, free__v_text) FROM copy.a WHERE \"Order ID\" = 3"),
            "100000000000000000000");
  EXPECT_EQ(shop.copied("SELECT count(*) FROM copy.a"), "2");

  // A description alone requires no copy; a name does.
  auto following = shop.following();
  following.columns = {{"a", {{"price", {.description = "net"}}}}};
  EXPECT_FALSE(pipeline.run(replication_resource(following)).table("a")->copied);
  EXPECT_EQ(shop.copied("SELECT comment FROM duckdb_columns() WHERE column_name = 'price'"), "net");
  following.columns = {{"a", {{"id", {.name = "id"}}, {"moment", {.data_type = "timestamp"}}}}};
  EXPECT_TRUE(pipeline.run(replication_resource(following)).table("a")->copied);
  EXPECT_EQ(
      columns_of(shop, "a"),
      "id BIGINT, small DECIMAL(9,2), price DECIMAL(20,4), free DECIMAL(10,3), r DOUBLE, moment TIMESTAMP WITH TIME "
      "ZONE, o BIGINT, free__v_text VARCHAR");
}

TEST(ColumnOverrides, that_would_lose_values_or_meaning_are_refused_with_the_reason) {
  const Shop shop;
  shop.exec("CREATE TABLE a(id int PRIMARY KEY, price numeric(10,2), at timestamptz, v text)");
  auto pipeline = walbrook::pipeline(shop.options());
  pipeline.run(init_replication(shop.init("a")));
  const auto run_with = [&](const std::string& column, const ColumnOverride& asked_for) {
    auto options = shop.following();
    options.columns = {{"a", {{column, asked_for}}}};
    pipeline.run(replication_resource(options));
  };
  EXPECT_NO_THROW(run_with("price", {.data_type = "decimal", .precision = 10, .scale = 2}));
  EXPECT_NO_THROW(run_with("at", {.data_type = "timestamp", .timezone = true}));
  EXPECT_NO_THROW(run_with("v", {.data_type = "VARCHAR", .nullable = true}));
  const std::vector<std::pair<std::string, ColumnOverride>> refused = {{"id", {.data_type = "bigint", .precision = 16}},
                                                                       {"id", {.data_type = "decimal", .precision = 9}},
                                                                       {"id", {.data_type = "bool"}},
                                                                       {"id", {.name = "PRICE"}},
                                                                       {"price", {.precision = 8}},
                                                                       {"price", {.data_type = "double"}},
                                                                       {"price", {.primary_key = true}},
                                                                       {"at", {.timezone = false}},
                                                                       {"v", {.data_type = "bigint"}},
                                                                       {"v", {.nullable = false}},
                                                                       {"v", {.precision = 10}},
                                                                       {"nope", {}}};
  for (const auto& [column, asked_for] : refused) {
    const auto error = error_of([&, &column = column, &asked_for = asked_for] { run_with(column, asked_for); });
    EXPECT_EQ(error.kind(), ErrorKind::configuration);
    EXPECT_EQ(error.facts().setting, "columns") << error.what();
    EXPECT_EQ(error.facts().column, column) << error.what();
  }
  EXPECT_EQ(error_of([&] { run_with("price", {.precision = 8}); }).cause(),
            "columns: precision 8 of column \"price\" of public.a cannot be followed: the column is DECIMAL(10,2), and "
            "DECIMAL(8,2) does not hold all of its values: some have more digits before or after the point");
}

}  // namespace
}  // namespace walbrook::test
