// The claims of docs/coming-from-dlt.md about walbrook, with the tables and statements that dlt 1.31.0 was tried with.
// Tested elsewhere: reset and tables that are added later (Pipeline), the whole schema without a superuser
// (InitReplication), kill -9 (test/fault), and every value and change in depth (test/scenario).
#include <gtest/gtest.h>

#include <stdexcept>

#include "test/library/fixture.h"

namespace walbrook::test {
namespace {

TEST(ComingFromDlt, what_stops_dlt_or_is_lost_there_equals_the_source) {
  const Shop shop;
  shop.exec(
      "CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE DOMAIN price AS int; CREATE TYPE point2 AS (x int, y int);"
      "CREATE TABLE large(id int PRIMARY KEY, n int, body text); ALTER TABLE large ALTER body SET STORAGE EXTERNAL;"
      "CREATE TABLE key_changed(id int PRIMARY KEY, v text); CREATE TABLE truncated(id int PRIMARY KEY, v text);"
      "CREATE TABLE moods(id int PRIMARY KEY, m mood); CREATE TABLE prices(id int PRIMARY KEY, p price);"
      "CREATE TABLE points(id int PRIMARY KEY, p point2);"
      "CREATE TABLE full_alone(a int, b text); ALTER TABLE full_alone REPLICA IDENTITY FULL;"
      "CREATE TABLE full_keyed(a int PRIMARY KEY, b text); ALTER TABLE full_keyed REPLICA IDENTITY FULL;"
      "CREATE TABLE extremes(id int PRIMARY KEY, n numeric, f float8, d date, t timestamp);"
      "INSERT INTO large VALUES (1, 1, repeat('x', 9000)); INSERT INTO key_changed VALUES (1, 'a');"
      "INSERT INTO truncated VALUES (1, 'a'); INSERT INTO moods VALUES (1, 'ok');"
      "INSERT INTO full_alone VALUES (1, 'x'), (2, NULL), (3, 'z'), (4, 'w');"
      "INSERT INTO full_keyed VALUES (1, 'x'), (2, NULL), (3, 'z')");
  auto pipeline = walbrook::pipeline(shop.options());
  pipeline.run(init_replication(shop.init({})));
  shop.exec(
      "UPDATE large SET n = 2; UPDATE key_changed SET id = 2; TRUNCATE truncated; INSERT INTO truncated VALUES (2, "
      "NULL);"
      "INSERT INTO moods VALUES (2, 'sad'); INSERT INTO prices VALUES (2, 3); INSERT INTO points VALUES (2, '(1,2)');"
      "SELECT pg_logical_emit_message(true, 'a', 'b');"
      "UPDATE full_alone SET b = 'y' WHERE a = 1; DELETE FROM full_alone WHERE a IN (2, 3);"
      "UPDATE full_keyed SET b = 'y' WHERE a = 1; DELETE FROM full_keyed WHERE a = 2;"
      "INSERT INTO extremes VALUES (1, 'NaN', 'NaN', 'infinity', '-infinity'),"
      "  (2, 'Infinity', '-Infinity', '2020-01-01', '2020-01-01')");
  const auto load = pipeline.run(shop.changes());
  EXPECT_EQ(load.copied_rows(), 0U);
  EXPECT_EQ(shop.differences(), "");
  EXPECT_EQ(shop.copied("SELECT string_agg(id::text, ',') FROM copy.key_changed"), "2");
  EXPECT_EQ(shop.copied("SELECT length(body) || ':' || n FROM copy.large"), "9000:2");
}

TEST(ComingFromDlt, a_run_that_breaks_off_keeps_what_it_has_and_the_next_doubles_nothing) {
  const Shop shop;
  shop.exec("CREATE TABLE log(n int); ALTER TABLE log REPLICA IDENTITY FULL");  // without a key: a row that came
                                                                                // twice would stay twice
  const auto changes = shop.changes();
  walbrook::pipeline(shop.options()).run(init_replication(shop.init("log")));
  Sql writer(shop.conninfo());
  for (int i = 0; i < 400; ++i) writer.exec("INSERT INTO log SELECT generate_series(1, 300)");
  auto options = shop.options();
  options.progress = [](const Progress& progress) {
    if (progress.event == Progress::Event::applied) throw std::runtime_error("broken off");
  };
  EXPECT_THROW(walbrook::pipeline(options).run(changes), std::runtime_error);
  const auto kept = std::stoll(shop.copied("SELECT count(*) FROM copy.log"));
  EXPECT_GT(kept, 0) << "nothing is loaded before all is read";
  EXPECT_LT(kept, 120'000) << "all was loaded before it was broken off: this test shows nothing";
  EXPECT_EQ(kept % 300, 0) << "half a transaction";
  const auto load = walbrook::pipeline(shop.options()).run(changes);
  EXPECT_EQ(load.changes(), 120'000U - static_cast<unsigned long long>(kept));
  EXPECT_EQ(shop.differences(), "");
}

TEST(ComingFromDlt, an_idle_publication_holds_no_wal_and_nothing_is_made_in_the_source) {
  const Shop shop;
  shop.exec("CREATE TABLE quiet(id int PRIMARY KEY); CREATE TABLE noise(v text); INSERT INTO quiet VALUES (1)");
  const std::string relations = "SELECT count(*) FROM pg_class";
  const auto before = shop.value(relations);
  auto pipeline = walbrook::pipeline(shop.options());
  pipeline.run(init_replication(shop.init("quiet")));
  EXPECT_EQ(shop.value(relations), before);
  shop.exec("INSERT INTO noise SELECT repeat('x', 500) FROM generate_series(1, 20000)");
  const auto written = shop.value("SELECT pg_current_wal_lsn()");
  EXPECT_EQ(pipeline.run(shop.changes()).changes(), 0U);
  // The server records it once the connection has ended.
  EXPECT_TRUE(
      eventually([&] { return shop.value("SELECT '" + shop.confirmed() + "'::pg_lsn >= '" + written + "'") == "t"; },
                 milliseconds(10'000)))
      << shop.confirmed() << " is behind " << written;
}

}  // namespace
}  // namespace walbrook::test
