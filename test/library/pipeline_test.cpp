// Initial loads and changes by a pipeline, with the source as the oracle.
#include <gtest/gtest.h>

#include <atomic>
#include <sstream>
#include <thread>

#include "test/library/fixture.h"

namespace walbrook::test {
namespace {

TEST(Pipeline, an_initial_load_and_the_changes_since_equal_the_source) {
  const Shop shop;
  shop.exec(
      "CREATE TABLE orders(id int PRIMARY KEY, v text, n numeric); CREATE TABLE notes(t text); ALTER TABLE notes "
      "REPLICA IDENTITY FULL;"
      "INSERT INTO orders SELECT g, 'v' || g, g * 1.5 FROM generate_series(1, 1000) g; INSERT INTO notes VALUES ('a')");
  auto pipeline = walbrook::pipeline(shop.options());
  EXPECT_FALSE(pipeline.last_load());
  const auto loaded = pipeline.run(init_replication(shop.init({"orders", "notes"})));
  EXPECT_EQ(shop.differences(), "");
  EXPECT_EQ(loaded.copied_rows(), 1001U);
  EXPECT_EQ(loaded.changes(), 0U);
  EXPECT_EQ(loaded.first_lsn, "");
  EXPECT_EQ(loaded.schema_changes.size(), 2U);
  EXPECT_TRUE(loaded.table("orders")->copied);

  shop.exec(
      "UPDATE orders SET v = 'new' WHERE id <= 10; DELETE FROM orders WHERE id > 990; INSERT INTO notes VALUES ('b');"
      "TRUNCATE notes; INSERT INTO notes VALUES ('c')");
  const auto changes = shop.changes();
  const auto applied = pipeline.run(changes);
  EXPECT_EQ(shop.differences(), "");
  EXPECT_EQ(applied.table("public.orders")->updates, 10U);
  EXPECT_EQ(applied.table("orders")->deletes, 10U);
  EXPECT_FALSE(applied.table("orders")->copied);
  EXPECT_EQ(applied.copied_rows(), 0U);
  EXPECT_EQ(applied.truncates, 1U);
  EXPECT_EQ(applied.first_lsn, loaded.last_lsn);
  EXPECT_GT(applied.load_id, 0);
  EXPECT_TRUE(applied.schema_changes.empty());
  EXPECT_EQ(pipeline.last_load()->load_id, applied.load_id);
  std::ostringstream text;
  text << applied;
  EXPECT_NE(text.str().find("pipeline shop → shop.duckdb, dataset copy: 0 rows copied, 22 changes"), std::string::npos)
      << text.str();
  EXPECT_EQ(pipeline.run(changes).changes(), 0U);
}

TEST(Pipeline, a_bare_word_is_a_kind_of_destination_and_its_password_is_never_shown) {
  const auto thrown = [](const std::string& destination) {
    try {
      auto pipeline = walbrook::pipeline({.pipeline_name = "shop", .destination = destination});
      static_cast<void>(pipeline.query("SELECT 1"));
    } catch (const Error& error) {
      return error;
    }
    return Error(ErrorKind::internal, "nothing was thrown");
  };
  for (const std::string kind : {"postgres", "snowflake"}) {
    const auto error = thrown(kind);
    EXPECT_EQ(error.kind(), ErrorKind::configuration) << error.what();
    EXPECT_NE(error.cause().find("\"" + kind + "\" is not a known destination"), std::string::npos) << error.what();
    EXPECT_EQ(error.facts().setting, "destination");
  }
  for (const std::string url :
       {"mysql://joe:secret@host/db", "clickhouse://joe:secret@host/db", "md:?motherduck_token=secret",
        "duckdb:///shop.duckdb?password=secret", "ducklake:postgres:host=db password=secret?data_path="}) {
    const auto error = thrown(url);
    EXPECT_EQ(error.kind(), ErrorKind::configuration) << error.what();
    EXPECT_EQ((std::string(error.what()) + error.facts().destination).find("secret"), std::string::npos)
        << error.what() << "\n"
        << error.facts().destination;
  }
}

TEST(Pipeline, without_an_initial_load_the_changes_alone_flow) {
  const Shop shop;
  shop.exec("CREATE TABLE a(id int PRIMARY KEY, v text); INSERT INTO a VALUES (1, 'old'), (2, 'old'), (3, 'old')");
  init_replication(shop.init("a", false));
  shop.exec("INSERT INTO a VALUES (4, 'new'); UPDATE a SET v = 'changed' WHERE id = 2; DELETE FROM a WHERE id = 3");
  auto pipeline = walbrook::pipeline(shop.options());
  const auto load = pipeline.run(shop.changes());
  EXPECT_FALSE(load.table("a")->copied);
  EXPECT_EQ(load.changes(), 3U);
  EXPECT_EQ(shop.copied("SELECT string_agg(id || v, ',' ORDER BY id) FROM copy.a"), "2changed,4new");
  shop.exec("UPDATE a SET v = 'again' WHERE id = 4");
  pipeline.run(shop.changes());
  EXPECT_EQ(shop.copied("SELECT string_agg(id || v, ',' ORDER BY id) FROM copy.a"), "2changed,4again");
  pipeline.run(init_replication(shop.init("a")));  // the earlier rows come later
  EXPECT_EQ(shop.differences(), "");
}

TEST(Pipeline, a_table_that_comes_later_begins_with_its_changes_or_with_its_snapshot) {
  const Shop shop;
  shop.exec(
      "CREATE TABLE a(id int PRIMARY KEY); CREATE TABLE b(id int PRIMARY KEY); CREATE TABLE c(id int PRIMARY KEY);"
      "INSERT INTO a VALUES (1); INSERT INTO b VALUES (1); INSERT INTO c VALUES (1)");
  auto pipeline = walbrook::pipeline(shop.options());
  pipeline.run(init_replication(shop.init("a")));
  init_replication(shop.init("b", false));
  shop.exec("INSERT INTO b VALUES (2); INSERT INTO a VALUES (2)");
  pipeline.run(shop.changes());
  EXPECT_EQ(shop.copied("SELECT string_agg(id::text, ',') FROM copy.b"), "2");
  const auto snapshot = init_replication(shop.init("c"));
  shop.exec("INSERT INTO c VALUES (2)");
  const auto load = pipeline.run(snapshot.front());
  EXPECT_FALSE(load.table("a")->copied);
  EXPECT_EQ(shop.differences({"public.a", "public.c"}), "");
}

TEST(Pipeline, an_altered_table_keeps_its_rows_when_only_changes_are_run) {
  const Shop shop;
  shop.exec("CREATE TABLE a(id int PRIMARY KEY); INSERT INTO a VALUES (1), (2)");
  auto pipeline = walbrook::pipeline(shop.options());
  pipeline.run(init_replication(shop.init("a")));
  shop.exec("ALTER TABLE a ADD COLUMN v text DEFAULT 'x'; INSERT INTO a VALUES (3, 'y')");
  const auto load = pipeline.run(shop.changes());
  EXPECT_EQ(shop.differences(), "");
  ASSERT_EQ(load.schema_changes.size(), 1U);
  EXPECT_EQ(load.schema_changes[0].kind, SchemaChange::Kind::column_added);
  EXPECT_EQ(load.schema_changes[0].column, "v");
  EXPECT_EQ(load.schema_changes[0].type, "VARCHAR");
}

TEST(Pipeline, reset_can_be_done_any_number_of_times_with_loads_between) {
  const Shop shop;
  shop.exec("CREATE TABLE a(id int PRIMARY KEY, v int); CREATE TABLE b(id int PRIMARY KEY)");
  auto pipeline = walbrook::pipeline(shop.options());
  auto options = shop.init({"a", "b"});
  options.reset = true;
  for (int round = 1; round <= 3; ++round) {
    const auto snapshots = init_replication(options);
    shop.exec("INSERT INTO a VALUES (" + std::to_string(round) + ", 0); DELETE FROM b; INSERT INTO b VALUES (" +
              std::to_string(round) + ")");
    pipeline.run(snapshots);
    EXPECT_EQ(shop.differences(), "") << round;
    shop.exec("UPDATE a SET v = v + 1");
    pipeline.run(shop.changes());
    EXPECT_EQ(shop.differences(), "") << round;
    shop.exec("UPDATE a SET v = v + 1");  // lost with the slot of the next reset, and present in the next copy
  }
  // Only one table is selected: the others would have a gap, so they are copied again as well.
  shop.exec("INSERT INTO b VALUES (77)");
  auto snapshots = init_replication(options);
  pipeline.run(snapshots.front());
  EXPECT_EQ(shop.differences(), "");
}

TEST(Pipeline, changes_behind_a_reset_are_refused_until_a_snapshot_was_run) {
  const Shop shop;
  shop.exec("CREATE TABLE a(id int PRIMARY KEY)");
  auto pipeline = walbrook::pipeline(shop.options());
  pipeline.run(init_replication(shop.init("a")));
  auto options = shop.init("a");
  options.reset = true;
  shop.exec("INSERT INTO a VALUES (1)");
  const auto snapshots = init_replication(options);
  const auto error = error_of([&] { pipeline.run(shop.changes()); });
  EXPECT_EQ(error.kind(), ErrorKind::source_not_ready);
  EXPECT_EQ(error.facts().slot, shop.slot());
  EXPECT_EQ(error.facts().pipeline, "shop");
  EXPECT_EQ(error.facts().lsn, pipeline.last_load()->last_lsn) << "the position of the target tables";
  pipeline.run(snapshots);
  EXPECT_EQ(shop.differences(), "");
}

TEST(Pipeline, former_copies_stay_until_all_new_ones_are_there) {
  const Shop shop;
  shop.exec("CREATE TABLE quick(id int PRIMARY KEY, v text); CREATE TABLE slow(id int PRIMARY KEY, v text)");
  const auto snapshots = init_replication(shop.init({"quick", "slow"}));
  walbrook::pipeline(shop.options()).run(snapshots);
  // Each is more than is gathered before a write, so that each is finished separately.
  shop.exec(
      "INSERT INTO quick SELECT g, repeat('x', 100) FROM generate_series(1, 45000) g;"
      "INSERT INTO slow SELECT g, repeat('x', 100) FROM generate_series(1, 300000) g");
  std::stop_source stop;
  std::atomic<bool> quick_is_there = false;
  auto options = shop.options();
  options.progress = [&](const Progress& progress) {
    if (progress.event == Progress::Event::copy_finished && progress.table == "public.quick") quick_is_there = true;
    if (progress.event != Progress::Event::copy_advanced || progress.table != "public.slow" || !quick_is_there) return;
    std::this_thread::sleep_for(milliseconds(1500));  // enough for the loader to swap in what it has
    stop.request_stop();
  };
  const auto load = walbrook::pipeline(std::move(options)).run(snapshots, {.stop = stop.get_token()});
  EXPECT_TRUE(load.stopped);
  EXPECT_EQ(shop.copied("SELECT count(*) FROM copy.quick"), "0");
  EXPECT_EQ(shop.copied("SELECT count(*) FROM copy.slow"), "0");
  walbrook::pipeline(shop.options()).run(shop.changes());  // the ordered copy is still made
  EXPECT_EQ(shop.differences(), "");
}

TEST(Pipeline, a_slot_that_is_not_flushed_stays_and_nothing_is_applied_twice) {
  const Shop shop;
  shop.exec("CREATE TABLE log(line text); ALTER TABLE log REPLICA IDENTITY FULL");  // without a key, a second
                                                                                    // application would show
  auto pipeline = walbrook::pipeline(shop.options());
  pipeline.run(init_replication(shop.init("log")));
  auto options = shop.following();
  options.flush_slot = false;
  const auto keeping = replication_resource(options);
  const auto before = shop.confirmed();
  for (const char* line : {"a", "b"}) {
    shop.exec(std::string("INSERT INTO log VALUES ('") + line + "')");
    EXPECT_EQ(pipeline.run(keeping).changes(), 1U);
    EXPECT_EQ(shop.confirmed(), before);
    EXPECT_EQ(shop.differences(), "");
  }
  EXPECT_EQ(pipeline.run(shop.changes()).changes(), 0U);
  // The server records it once the connection has ended.
  EXPECT_TRUE(eventually([&] { return shop.confirmed() != before; }, milliseconds(10'000)));
  EXPECT_EQ(shop.differences(), "");
}

TEST(Pipeline, selected_columns_by_the_publication) {
  const Shop shop;
  shop.exec("CREATE TABLE a(id int PRIMARY KEY, n int, secret text); INSERT INTO a VALUES (1, 10, 's')");
  auto options = shop.init("a");
  options.include_columns = {{"a", {"id", "n"}}};
  auto pipeline = walbrook::pipeline(shop.options());
  pipeline.run(init_replication(options));
  shop.exec("INSERT INTO a VALUES (2, 20, 't'); UPDATE a SET n = 11 WHERE id = 1");
  pipeline.run(shop.changes());
  EXPECT_EQ(shop.differences(), "");
  EXPECT_EQ(shop.copied("SELECT string_agg(column_name, ',') FROM duckdb_columns() WHERE table_name = 'a'"), "id,n");
}

TEST(Pipeline, selected_columns_where_the_publication_has_them_all) {
  const Shop shop;
  shop.exec(
      "CREATE TABLE a(id int PRIMARY KEY, big text, n int, secret text);"
      "ALTER TABLE a ALTER COLUMN big SET STORAGE EXTERNAL;"
      "INSERT INTO a VALUES (1, repeat('x', 9000), 10, 's'); CREATE PUBLICATION pub FOR TABLE a");
  const IncludeColumns some = {{"a", {"id", "big", "n"}}};
  auto options = shop.init("a");
  options.include_columns = some;
  auto following = shop.following();
  following.include_columns = some;
  auto pipeline = walbrook::pipeline(shop.options());
  pipeline.run(init_replication(options));
  shop.exec(
      "INSERT INTO a VALUES (2, 'y', 20, 't'); UPDATE a SET n = 11, secret = 'u' WHERE id = 1;"
      "UPDATE a SET id = 3 WHERE id = 2");
  const auto load = pipeline.run(replication_resource(following));
  EXPECT_FALSE(load.table("a")->copied);
  EXPECT_EQ(shop.copied("SELECT string_agg(id || ':' || length(big) || ':' || n, ',' ORDER BY id) FROM copy.a"),
            "1:9000:11,3:1:20");
  EXPECT_EQ(shop.copied("SELECT string_agg(column_name, ',') FROM duckdb_columns() WHERE table_name = 'a'"),
            "id,big,n");
  // No longer requested: the column is new to the target table, which is created again.
  pipeline.run(shop.changes());
  EXPECT_EQ(shop.differences(), "");
  auto keyless = shop.following();
  keyless.include_columns = {{"public.a", {"n"}}};
  const auto error = error_of([&] { pipeline.run(replication_resource(keyless)); });
  EXPECT_EQ(error.kind(), ErrorKind::configuration);
  EXPECT_EQ(error.facts().column, "id");
}

TEST(Pipeline, selected_columns_on_a_server_without_column_lists) {
  const auto bin_dir = installed_bin_dir(14);
  if (bin_dir.empty()) GTEST_SKIP() << "PostgreSQL 14 is not installed (tools/install-servers)";
  const Shop shop(PostgresServer::shared(bin_dir));
  shop.exec("CREATE TABLE a(id int PRIMARY KEY, n int, secret text); INSERT INTO a VALUES (1, 10, 's')");
  const IncludeColumns some = {{"a", {"id", "n"}}};
  auto options = shop.init({});
  options.include_columns = some;
  auto following = shop.following();
  following.include_columns = some;
  auto pipeline = walbrook::pipeline(shop.options());
  pipeline.run(init_replication(options));
  shop.exec("INSERT INTO a VALUES (2, 20, 't'); UPDATE a SET n = 11 WHERE id = 1");
  EXPECT_FALSE(pipeline.run(replication_resource(following)).table("a")->copied);
  EXPECT_EQ(shop.copied("SELECT string_agg(a::VARCHAR, ' ' ORDER BY id) FROM copy.a"),
            "{'id': 1, 'n': 11} {'id': 2, 'n': 20}");
}

TEST(Pipeline, takes_only_the_tables_that_are_asked_for) {
  const Shop shop;
  shop.exec("CREATE TABLE a(id int PRIMARY KEY); CREATE TABLE b(id int PRIMARY KEY)");
  init_replication(shop.init({"a", "b"}, false));
  shop.exec("INSERT INTO a VALUES (1); INSERT INTO b VALUES (1)");
  auto options = shop.following();
  options.table_names = "a";
  auto pipeline = walbrook::pipeline(shop.options());
  pipeline.run(replication_resource(options));
  EXPECT_EQ(shop.copied("SELECT string_agg(table_name, ',') FROM duckdb_tables() WHERE schema_name = 'copy'"), "a");
  options.table_names = "nothing";
  EXPECT_EQ(error_of([&] { pipeline.run(replication_resource(options)); }).facts().table, "nothing");
}

TEST(Pipeline, names_with_quotes_in_them) {
  const Shop shop;
  shop.exec("CREATE TABLE \"we\"\"ird.one\"(id int PRIMARY KEY); INSERT INTO \"we\"\"ird.one\" VALUES (1)");
  auto options = shop.init(R"("we""ird.one")");
  options.columns = {{R"("we""ird.one")", {{"nope", {.data_type = "text"}}}}};
  EXPECT_EQ(error_of([&] { walbrook::pipeline(shop.options()).run(init_replication(options)); }).facts().setting,
            "columns");
  options.columns.clear();
  walbrook::pipeline(shop.options()).run(init_replication(options));
  EXPECT_EQ(shop.differences(), "");
}

TEST(Pipeline, a_suspended_table_names_the_commit) {
  const Shop shop;
  shop.exec(
      "CREATE TABLE a(id int PRIMARY KEY, n int, body text); CREATE TABLE b(id int PRIMARY KEY);"
      "ALTER TABLE a ALTER body SET STORAGE EXTERNAL; INSERT INTO a VALUES (1, 1, repeat('x', 10000))");
  auto pipeline = walbrook::pipeline(shop.options());
  pipeline.run(init_replication(shop.init({"a", "b"})));
  // Somebody deletes a row of the target table: an update that does not send the large value finds no row to take it
  // from.
  DuckReader(shop.file(), DuckReader::Access::read_write).exec("DELETE FROM copy.a");
  const auto before = shop.value("SELECT pg_current_wal_insert_lsn()");
  shop.exec("UPDATE a SET n = 2");
  const auto after = shop.value("SELECT pg_current_wal_insert_lsn()");
  shop.exec("INSERT INTO b VALUES (1)");
  const auto error = error_of([&] { pipeline.run(shop.changes()); });
  EXPECT_EQ(error.kind(), ErrorKind::data) << error.what();
  EXPECT_EQ(error.facts().table, "public.a");
  const auto& lsn = error.facts().lsn;
  EXPECT_EQ(shop.value("SELECT '" + lsn + "'::pg_lsn BETWEEN '" + before + "' AND '" + after + "'"), "t") << lsn;
  EXPECT_EQ(shop.differences({"public.b"}), "");
  pipeline.run(shop.changes());
  EXPECT_EQ(shop.differences(), "") << "the next run copies it again";
}

}  // namespace
}  // namespace walbrook::test
