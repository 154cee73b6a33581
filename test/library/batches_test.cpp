// Iterated batches, read by DuckDB as any consumer would, applied as the header documents, and compared with the
// source.
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <thread>

#include "test/library/fixture.h"

namespace walbrook::test {
namespace {

// Applies batches to its own tables, row by row, with nothing but the rules of change_batches.h.
class Consumer {
 public:
  Consumer() : folder_("consumer"), duck_(folder_ / "consumer.duckdb", DuckReader::Access::read_write) {}

  // Takes the batch as table "batch", with its rows numbered from 1 in _n.
  void take(const ChangeBatch& batch) {
    ArrowArrayStream stream;
    batch.export_to(&stream);
    duck_.scan_arrow("arriving", &stream);
    duck_.exec("CREATE OR REPLACE TABLE batch AS SELECT row_number() OVER () AS _n, * FROM arriving");
    if (stream.release != nullptr) stream.release(&stream);
    EXPECT_EQ(duck_.value("SELECT count(*) FROM batch"), std::to_string(batch.rows()));
  }
  void apply(const ChangeBatch& batch) {
    take(batch);
    const auto table = quote_name(batch.table_name());
    duck_.exec("CREATE TABLE IF NOT EXISTS " + table + " AS SELECT " + own_columns + " FROM batch LIMIT 0");
    columns_.clear();
    for (const auto& row : duck_.query("SELECT column_name FROM duckdb_columns() WHERE table_name = " +
                                       quote_literal(batch.table_name()))) {
      columns_.push_back(*row[0]);
    }
    std::string same = "true";
    for (const auto& column : batch.key_columns().empty() ? columns_ : batch.key_columns()) {
      same += " AND t." + quote_name(column) + " IS NOT DISTINCT FROM b." + quote_name(column);
    }
    for (const auto& row : duck_.query("SELECT _n, _walbrook_operation, array_to_string(_walbrook_unchanged, ',') "
                                       "FROM batch ORDER BY _n")) {
      apply(table, same, *row[0], *row[1], row[2].value_or(""));
    }
  }
  [[nodiscard]] std::string value(const std::string& sql) { return duck_.value(sql); }
  void exec(const std::string& sql) { duck_.exec(sql); }

 private:
  static constexpr auto own_columns = "COLUMNS(c -> c NOT LIKE '\\_%' ESCAPE '\\')";

  void apply(const std::string& table, const std::string& same, const std::string& n, const std::string& operation,
             const std::string& unchanged) {
    if (operation == "truncate") return duck_.exec("DELETE FROM " + table);
    if (operation != "insert") {
      const auto found = "b._n = " + n + " AND " + same;
      duck_.exec("CREATE OR REPLACE TABLE former AS SELECT t.* FROM " + table + " t, batch b WHERE " + found);
      EXPECT_EQ(duck_.value("SELECT count(*) FROM former"), "1") << operation << " of a row that is not there";
      duck_.exec("DELETE FROM " + table + " t USING batch b WHERE " + found);
    }
    if (operation == "delete") return;
    std::string values;
    for (const auto& name : columns_) {
      const bool kept = ("," + unchanged + ",").find("," + name + ",") != std::string::npos;
      values += (values.empty() ? "" : ", ") + std::string(kept ? "former." : "batch.") + quote_name(name);
    }
    duck_.exec("INSERT INTO " + table + " SELECT " + values + " FROM batch" + (unchanged.empty() ? "" : ", former") +
               " WHERE _n = " + n);
  }

  std::vector<std::string> columns_;  // of the current table
  TempFolder folder_;
  DuckReader duck_;
};

std::vector<ChangeBatch> all(ChangeBatches batches) {
  std::vector<ChangeBatch> out;
  for (const auto& batch : batches) out.push_back(batch);
  return out;
}

std::size_t rows_in(const std::vector<ChangeBatch>& batches) {
  std::size_t rows = 0;
  for (const auto& batch : batches) rows += batch.rows();
  return rows;
}

TEST(ChangeBatches, applied_as_the_header_says_are_the_source) {
  const Shop shop;
  shop.exec(
      "CREATE TABLE a(id int PRIMARY KEY, v text, big text); ALTER TABLE a ALTER big SET STORAGE EXTERNAL;"
      "CREATE TABLE f(x int, y text); ALTER TABLE f REPLICA IDENTITY FULL");
  init_replication(shop.init({"a", "f"}, false));
  shop.exec("INSERT INTO a SELECT g, 'v' || g, repeat('b' || g, 3000) FROM generate_series(1, 40) g");
  shop.exec("UPDATE a SET v = 'new' WHERE id % 3 = 0");      // `big` is not sent
  shop.exec("UPDATE a SET id = id + 100 WHERE id % 4 = 0");  // nor here, and the key changes
  shop.exec(
      "UPDATE a SET id = 1000 - id WHERE id > 100; DELETE FROM a WHERE id = 7; UPDATE a SET big = NULL WHERE id = 9");
  shop.exec("INSERT INTO f VALUES (1, 'a'), (2, 'b'), (3, NULL); TRUNCATE f; INSERT INTO f VALUES (4, 'c'), (5, NULL)");
  shop.exec("UPDATE f SET y = 'changed' WHERE x = 5; DELETE FROM f WHERE x = 4");
  auto options = shop.following();
  options.target_batch_size = 3;
  Consumer consumer;
  std::string complete;
  for (const auto& batch : replication_resource(options).batches()) {
    EXPECT_LE(batch.rows(), 3U);
    EXPECT_EQ(batch.schema_name(), "public");
    consumer.apply(batch);
    if (!batch.complete_lsn().empty()) complete = batch.complete_lsn();
    EXPECT_EQ(batch.key_columns(),
              batch.table_name() == "a" ? std::vector<std::string>{"id"} : std::vector<std::string>());
  }
  EXPECT_FALSE(complete.empty());
  const std::string of_a = "SELECT string_agg(concat_ws('|', id::text, v, md5(big)), ' ' ORDER BY id) FROM a";
  EXPECT_EQ(consumer.value(of_a), shop.value(of_a));
  const std::string of_f = "SELECT string_agg(concat_ws('|', x::text, y), ' ' ORDER BY x) FROM f";
  EXPECT_EQ(consumer.value(of_f), shop.value(of_f));
  EXPECT_EQ(consumer.value(of_f), "5|changed");
}

TEST(ChangeBatches, hold_at_most_as_many_rows_as_asked_for_and_their_transactions) {
  const Shop shop;
  shop.exec("CREATE TABLE a(id int PRIMARY KEY); CREATE TABLE b(id int PRIMARY KEY)");
  init_replication(shop.init({"a", "b"}, false));
  shop.exec("INSERT INTO a SELECT generate_series(1, 2500); INSERT INTO b VALUES (1)");
  shop.exec("INSERT INTO a VALUES (0)");
  const auto changes = shop.changes();
  const auto batches = all(changes.batches());
  ASSERT_GE(batches.size(), 4U);
  EXPECT_EQ(batches[0].rows(), 1000U);
  EXPECT_EQ(rows_in(batches), 2502U);
  EXPECT_FALSE(batches.back().complete_lsn().empty());
  Consumer consumer;
  consumer.take(batches[0]);
  EXPECT_EQ(consumer.value("SELECT count(DISTINCT _walbrook_lsn) || min(_walbrook_operation) FROM batch"), "1insert");
  const auto age = consumer.value("SELECT epoch(now()::TIMESTAMPTZ - min(_walbrook_commit_time)) FROM batch");
  EXPECT_LT(std::abs(std::stod(age)), 600);
  EXPECT_TRUE(all(changes.batches()).empty()) << "confirmed behind the end";
  auto options = shop.following();
  options.table_names = "b";
  shop.exec("INSERT INTO a VALUES (-1); INSERT INTO b VALUES (2)");
  const auto of_b = all(replication_resource(options).batches());
  ASSERT_EQ(of_b.size(), 1U);
  EXPECT_EQ(of_b[0].table_name(), "b");
}

TEST(ChangeBatches, are_confirmed_once_more_is_asked_for_and_not_before) {
  const Shop shop;
  shop.exec("CREATE TABLE a(id int PRIMARY KEY)");
  init_replication(shop.init("a", false));
  const auto start = shop.confirmed();
  for (int i = 1; i <= 3; ++i) shop.exec("INSERT INTO a VALUES (" + std::to_string(i) + ")");
  auto kept = shop.following();
  kept.flush_slot = false;
  for (int round = 0; round < 2; ++round) EXPECT_EQ(rows_in(all(replication_resource(kept).batches())), 3U);
  EXPECT_EQ(shop.confirmed(), start);
  // A position before the first commit may be confirmed; it confirms nothing.
  std::string first;
  const auto behind_first = [&] {
    return shop.value("SELECT confirmed_flush_lsn - '0/0' > " + first +
                      " FROM pg_replication_slots WHERE slot_name = '" + shop.slot() + "'");
  };
  {
    auto batches = shop.changes().batches();
    const auto batch = batches.next();
    ASSERT_TRUE(batch);
    Consumer consumer;
    consumer.take(*batch);
    first = consumer.value("SELECT min(_walbrook_lsn) FROM batch");
    std::this_thread::sleep_for(std::chrono::milliseconds(1500));  // longer than the interval between two feedbacks
    EXPECT_EQ(behind_first(), "f") << "the first batch was not asked beyond";
  }
  EXPECT_EQ(behind_first(), "f");
  EXPECT_EQ(rows_in(all(shop.changes().batches())), 3U) << "what was not asked beyond comes again";
  EXPECT_EQ(behind_first(), "t");
  EXPECT_EQ(rows_in(all(shop.changes().batches())), 0U);
}

TEST(ChangeBatches, a_batch_that_was_asked_beyond_does_not_come_again) {
  const Shop shop;
  shop.exec("CREATE TABLE a(id int PRIMARY KEY, v text)");
  init_replication(shop.init("a", false));
  for (int i = 0; i < 2; ++i) {
    // Larger than a batch: its parts come as they are read, and are confirmed with its end.
    shop.exec("INSERT INTO a SELECT " + std::to_string(i) +
              " * 100000 + g, repeat('x', 1000) FROM "
              "generate_series(1, 50000) g");
  }
  std::size_t rows = 0;
  std::string seen;
  {
    auto batches = shop.changes().batches();
    while (seen.empty()) {
      const auto batch = batches.next();
      ASSERT_TRUE(batch);
      rows += batch->rows();
      seen = batch->complete_lsn();
    }
    EXPECT_EQ(rows % 50000, 0U) << "whole transactions";
    ASSERT_TRUE(batches.next());  // requests more than was confirmed
  }
  const auto second = all(shop.changes().batches());
  EXPECT_EQ(rows + rows_in(second), 100000U);
}

void break_connection(const Shop& shop) {
  shop.exec("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = '" + shop.slot() +
            "'");
}

TEST(ChangeBatches, go_on_where_a_connection_broke) {
  const Shop shop;
  shop.exec("CREATE TABLE a(id int PRIMARY KEY, v text)");
  init_replication(shop.init("a", false));
  // More than is read ahead.
  shop.exec(
      "DO $$ BEGIN FOR i IN 1..50 LOOP INSERT INTO a SELECT i * 1000 + g, repeat('x', 2000) FROM "
      "generate_series(1, 1000) g; COMMIT; END LOOP; END $$");
  std::size_t rows = 0;
  bool broken = false;
  testing::internal::CaptureStderr();
  for (const auto& batch : shop.changes().batches()) {
    rows += batch.rows();
    if (!std::exchange(broken, true)) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1000));  // it reads ahead
      break_connection(shop);
    }
  }
  EXPECT_NE(testing::internal::GetCapturedStderr().find("trying again"), std::string::npos);
  EXPECT_EQ(rows, 50000U);
  EXPECT_TRUE(all(shop.changes().batches()).empty());
}

TEST(ChangeBatches, a_connection_that_broke_within_a_large_transaction_is_an_error) {
  const Shop shop;
  shop.exec("CREATE TABLE a(id int PRIMARY KEY, v text)");
  init_replication(shop.init("a", false));
  shop.exec("INSERT INTO a SELECT g, repeat('x', 2000) FROM generate_series(1, 70000) g");
  auto batches = shop.changes().batches();
  EXPECT_TRUE(batches.next());
  break_connection(shop);
  const auto error = error_of([&] {
    while (batches.next()) {
    }
  });
  EXPECT_EQ(error.kind(), ErrorKind::connection) << error.what();
  EXPECT_EQ(error_of([&] { (void)batches.next(); }).kind(), ErrorKind::connection) << "it is over";
  EXPECT_EQ(rows_in(all(shop.changes().batches())), 70000U) << "it comes again, whole";
}

TEST(ChangeBatches, a_stop_ends_the_wait_and_the_rest_comes_later) {
  const Shop shop;
  shop.exec("CREATE TABLE a(id int PRIMARY KEY)");
  init_replication(shop.init("a", false));
  shop.exec("INSERT INTO a SELECT generate_series(1, 5000)");
  std::stop_source stop;
  auto batches = shop.changes().batches(stop.get_token());
  EXPECT_TRUE(batches.next());
  stop.request_stop();
  EXPECT_FALSE(batches.next());
  EXPECT_FALSE(batches.next());
  EXPECT_EQ(rows_in(all(shop.changes().batches())), 5000U);
}

TEST(ChangeBatches, have_every_type_as_the_copy_has_it) {
  const Shop shop;
  shop.exec(
      "CREATE EXTENSION hstore; CREATE TYPE pair AS (a int, b text);"
      "CREATE TABLE t(id int PRIMARY KEY, b bool, i2 int2, i8 int8, o oid, x xid8, f4 float4, f8 float8,"
      " n numeric(12,2), nn numeric, v text, j jsonb, raw bytea, u uuid, d date, ti time, tz timetz, ts timestamp,"
      " tstz timestamptz, iv interval, bi varbit, l int[], p pair, ps pair[], h hstore, dl date[])");
  auto pipeline = walbrook::pipeline(shop.options());
  pipeline.run(init_replication(shop.init("t")));
  init_replication(
      {.slot_name = shop.slot() + "_feed", .pub_name = "pub", .table_names = "t", .credentials = shop.conninfo()});
  shop.exec(
      "INSERT INTO t(id) VALUES (1);"
      "INSERT INTO t VALUES (2, true, -7, 9223372036854775807, 4294967295, '18446744073709551615', 'NaN', '-Infinity',"
      " -12345.67, 1.5, 'Grüße', '{\"a\": [1]}', '\\x00ff', '0af1b2c3-0000-4000-8000-00000000abcd', '0044-03-15 BC',"
      " '24:00', '12:30:00.5+05:30', 'infinity', '2026-01-02 03:04:05.678901+00', '1 mon -2 days 03:00:00.5',"
      " B'10110', '{1,NULL,3}', '(1,x)', '{\"(2,y)\",NULL}', 'a=>1, b=>NULL', '{infinity,2000-01-01}'),"
      "(3, false, 0, 0, 0, '0', 0.5, 1e300, 0, 'NaN', '', 'null', '', '00000000-0000-0000-0000-000000000000',"
      " '-infinity', '00:00', '00:00-15:59', '0001-01-01', '-infinity', '-178 years', B'1', '{}', '(,)', '{}', '',"
      " '{}'), (4, false, 0, 0, 0, '0', 0, 0, 0, 1e40, 'z', '1', 'z', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,"
      " '{{1,2},{3,4}}', NULL, NULL, NULL, NULL)");
  pipeline.run(shop.changes());
  ASSERT_EQ(shop.differences(), "");
  auto options = shop.following();
  options.slot_name += "_feed";
  const auto batches = all(replication_resource(options).batches());
  ASSERT_EQ(batches.size(), 1U);
  Consumer consumer;
  consumer.take(batches[0]);
  consumer.exec("ATTACH '" + shop.file() + "' AS shop (READ_ONLY)");
  const std::map<std::string, std::string> as_copied = {
      {"tz", "tz::VARCHAR"},  // compared as text below
      {"iv", "to_months(iv.months) + to_days(iv.days) + to_microseconds(iv.microseconds)"},
      {"bi", "bi::BIT"}};
  for (const std::string column :
       {"id", "b", "i2", "i8", "o",    "x",  "f4", "f8", "n",         "nn", "nn__v_text", "v", "j", "raw",
        "u",  "d", "ti", "ts", "tstz", "iv", "bi", "l",  "l__v_text", "p",  "ps",         "h", "dl"}) {
    const auto special = as_copied.find(column);
    const auto here = special == as_copied.end() ? column : special->second;
    EXPECT_EQ(consumer.value("SELECT string_agg(id || ':' || coalesce((" + here +
                             ")::VARCHAR, 'NULL'), ' ' ORDER BY id) FROM batch"),
              consumer.value("SELECT string_agg(id || ':' || coalesce(" + column +
                             "::VARCHAR, 'NULL'), ' ' ORDER BY id) FROM shop.copy.t"))
        << column;
    if (special != as_copied.end() || column.find("__") != std::string::npos) continue;
    EXPECT_EQ(consumer.value("SELECT DISTINCT typeof(" + column + ") FROM batch"),
              consumer.value("SELECT DISTINCT typeof(" + column + ") FROM shop.copy.t"))
        << column;
  }
  EXPECT_EQ(consumer.value("SELECT string_agg(tz.time || ' ' || tz.offset_seconds, ',' ORDER BY id) FROM batch"),
            "12:30:00.5 19800,00:00:00 -57540");
}

// The server cannot send a large value that an update leaves unchanged while it brings the row into the row filter.
TEST(ChangeBatches, of_other_tables_do_not_end_the_iteration_even_if_those_have_left_the_publication) {
  const Shop shop;
  shop.exec(
      "CREATE TABLE a(id int PRIMARY KEY);"
      "CREATE TABLE b(id int, n int, note text, PRIMARY KEY (id, n)); ALTER TABLE b ALTER note SET STORAGE EXTERNAL;"
      "INSERT INTO b VALUES (1, 0, repeat('x', 10000)); CREATE PUBLICATION pub FOR TABLE a, b WHERE (n > 0)");
  init_replication(shop.init("a", false));
  shop.exec("INSERT INTO a VALUES (1); UPDATE b SET n = 1; INSERT INTO a VALUES (2)");
  auto options = shop.following();
  options.flush_slot = false;
  EXPECT_EQ(error_of([&] { (void)all(replication_resource(options).batches()); }).facts().table, "public.b");
  options.table_names = "a";
  EXPECT_EQ(rows_in(all(replication_resource(options).batches())), 2U);
  shop.exec("ALTER PUBLICATION pub DROP TABLE b");
  EXPECT_EQ(rows_in(all(replication_resource(options).batches())), 2U);
}

// Event triggers that a pipeline of the database has created send messages into every stream.
TEST(ChangeBatches, go_on_where_event_triggers_describe_tables) {
  const Shop shop;
  shop.exec("CREATE TABLE a(id int PRIMARY KEY, v int)");
  init_replication(shop.init("a", false));
  shop.exec(
      "BEGIN; INSERT INTO a VALUES (1, 1); SELECT pg_logical_emit_message(true, 'walbrook.ddl', "
      "json_build_object('rewritten', 'a'::regclass::oid::bigint, 'schema', 'public', 'name', 'a')::text); "
      "INSERT INTO a VALUES (2, 2); COMMIT");
  EXPECT_EQ(rows_in(all(shop.changes().batches())), 2U);
}

TEST(ChangeBatches, report_what_prevents_them) {
  const Shop shop;
  shop.exec("CREATE TABLE a(id int PRIMARY KEY, v int)");
  EXPECT_EQ(error_of([&] { (void)shop.changes().batches(); }).kind(), ErrorKind::source_not_ready);
  init_replication(shop.init("a", false));
  const auto refused = [&](auto change) {
    auto options = shop.following();
    change(options);
    const auto error = error_of([&] { (void)replication_resource(options).batches(); });
    EXPECT_EQ(error.facts().slot, shop.slot());
    return error.facts().setting;
  };
  EXPECT_EQ(refused([](auto& options) { options.target_batch_size = 0; }), "target_batch_size");
  EXPECT_EQ(refused([](auto& options) { options.table_names = "nope"; }), "table_names");
  EXPECT_EQ(refused([](auto& options) { options.include_columns = {{"a", {"v"}}}; }), "include_columns");
  EXPECT_EQ(refused([](auto& options) { options.columns = {{"a", {{"nope", {.data_type = "text"}}}}}; }), "columns");
  shop.exec("INSERT INTO a VALUES (1, 2)");
  auto options = shop.following();
  options.flush_slot = false;
  options.columns = {{"a", {{"id", {.data_type = "text", .name = "key"}}}}};
  for (const auto& overridden : replication_resource(options).batches()) {
    EXPECT_EQ(overridden.key_columns(), std::vector<std::string>{"key"});
    Consumer consumer;
    consumer.take(overridden);
    EXPECT_EQ(consumer.value("SELECT key || typeof(key) FROM batch"), "1VARCHAR");
  }
  options.columns.clear();
  options.include_columns = {{"a", {"id"}}};
  const auto batches = all(replication_resource(options).batches());
  ASSERT_EQ(batches.size(), 1U);
  Consumer consumer;
  consumer.take(batches[0]);
  EXPECT_EQ(consumer.value("SELECT string_agg(column_name, ',') FROM duckdb_columns() WHERE table_name = 'batch'"),
            "_n,_walbrook_operation,_walbrook_lsn,_walbrook_commit_time,_walbrook_unchanged,id");
}

TEST(ChangeBatches, are_not_read_from_a_slot_that_has_two_phase) {
  const Shop shop;
  shop.exec("CREATE TABLE a(id int PRIMARY KEY); CREATE PUBLICATION pub FOR TABLE a");
  shop.exec("SELECT pg_create_logical_replication_slot('" + shop.slot() + "', 'pgoutput', false, true)");
  const auto error = error_of([&] { (void)shop.changes().batches(); });
  EXPECT_EQ(error.kind(), ErrorKind::source_not_ready);
  EXPECT_NE(error.cause().find("sends prepared transactions"), std::string::npos) << error.what();
}

}  // namespace
}  // namespace walbrook::test
