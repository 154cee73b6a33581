// What the library's types return and refuse: credentials, names, errors, progress, datasets, sync and drop.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <regex>
#include <sstream>

#include "test/library/fixture.h"

namespace walbrook::test {
namespace {

std::string printed(const auto& value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

TEST(Credentials, print_masked) {
  const Credentials url = "postgresql://loader:secret@db:5432/shop";
  EXPECT_EQ(printed(url), "postgresql://loader:***@db:5432/shop");
  EXPECT_EQ(printed(Credentials(std::string("host=db password=secret"))), "host=db password=***");
  EXPECT_EQ(url.reveal(), "postgresql://loader:secret@db:5432/shop");
  EXPECT_FALSE(Credentials().given());
}

TEST(Credentials, come_from_the_environment_where_none_are_given) {
  const Shop shop;
  shop.exec("CREATE TABLE a(id int PRIMARY KEY)");
  auto url = PostgresServer::shared().url(shop.name());
  url.replace(0, url.find("://"), "postgresql+psycopg2");
  setenv("SOURCES__PG_REPLICATION__CREDENTIALS", url.c_str(), 1);
  auto options = shop.init("a");
  options.credentials = {};
  EXPECT_EQ(init_replication(options).size(), 1U);
  unsetenv("SOURCES__PG_REPLICATION__CREDENTIALS");
}

TEST(Credentials, no_error_holds_a_password) {
  for (const char* text : {"postgresql://u:hidden@127.0.0.1:1/x", "host=127.0.0.1 port=1 password=hidden",
                           "postgresql://u:hidden@[bad", "host= 'x password=hidden"}) {
    const auto error = error_of(
        [&] { init_replication({.slot_name = "s", .pub_name = "p", .table_names = "t", .credentials = text}); });
    EXPECT_EQ(std::string(error.what()).find("hidden"), std::string::npos) << error.what();
    EXPECT_EQ(error.facts().slot, "s");
  }
  EXPECT_EQ(
      error_of([] { replication_resource({.slot_name = "s", .pub_name = "p", .credentials = "nonsense=1"}); }).kind(),
      ErrorKind::configuration);
}

TEST(TableNames, are_one_or_several) {
  const auto count = [](const TableNames& names) { return names.end() - names.begin(); };
  EXPECT_EQ(count("a"), 1);
  EXPECT_EQ(count(std::string("a")), 1);
  EXPECT_EQ(count({"a", "b"}), 2);
  EXPECT_EQ(count({"a", "b", "c"}), 3);
  EXPECT_EQ(count(std::vector<std::string>{"a", "b"}), 2);
  EXPECT_TRUE(TableNames().empty());
  for (const char* odd : {"a.b.c", "", ".a", "\"a"}) {
    EXPECT_EQ(error_of([&] { replication_resource({.slot_name = "s", .pub_name = "p", .table_names = odd}); })
                  .facts()
                  .setting,
              "table_names")
        << odd;
  }
}

TEST(TableNames, are_exact) {
  const Shop shop;
  shop.exec(
      "CREATE TABLE \"Odd.Name\"(id int PRIMARY KEY); CREATE SCHEMA sales; CREATE TABLE sales.orders(id int PRIMARY "
      "KEY)");
  EXPECT_EQ(init_replication(shop.init({"public.\"Odd.Name\"", "sales.orders"})).size(), 2U);
  EXPECT_EQ(shop.published(), "Odd.Name,orders");
}

TEST(PipelineSurface, a_dataset_is_no_schema_that_duckdb_has_itself) {
  for (const char* name : {"information_schema", "PG_CATALOG", "temp", "system", "_Walbrook"}) {
    const auto error =
        error_of([&] { static_cast<void>(walbrook::pipeline({.pipeline_name = "shop", .dataset_name = name})); });
    EXPECT_EQ(error.kind(), ErrorKind::configuration) << name;
    EXPECT_EQ(error.facts().setting, "dataset_name") << name;
  }
}

TEST(PipelineSurface, dev_mode_starts_from_nothing_in_a_dataset_of_its_own) {
  const Shop shop;
  shop.exec("CREATE TABLE a(id int PRIMARY KEY); INSERT INTO a VALUES (1)");
  auto options = shop.options();
  options.dev_mode = true;
  const auto snapshots = init_replication(shop.init("a"));
  auto first = walbrook::pipeline(options);
  EXPECT_TRUE(std::regex_match(first.dataset_name(), std::regex("copy_[0-9]{14}"))) << first.dataset_name();
  EXPECT_EQ(first.pipeline_name(), "shop");
  first.run(snapshots);
  auto another = walbrook::pipeline(options);  // created in the same second
  EXPECT_NE(another.dataset_name(), first.dataset_name());
  EXPECT_EQ(another.run(snapshots).copied_rows(), 1U);
  EXPECT_TRUE(another.sync());
  auto second = walbrook::pipeline(shop.options());
  EXPECT_EQ(second.run(snapshots).copied_rows(), 1U);
  EXPECT_EQ(shop.copied("SELECT count(*) FROM " + first.dataset_name() + ".a"), "1");
  EXPECT_EQ(shop.copied("SELECT count(*) FROM copy.a"), "1");
}

TEST(PipelineSurface, a_dataset_does_not_change_in_silence) {
  const Shop shop;
  shop.exec("CREATE TABLE a(id int PRIMARY KEY)");
  const auto snapshots = init_replication(shop.init("a"));
  walbrook::pipeline(shop.options()).run(snapshots);
  auto options = shop.options();
  options.dataset_name = "other";
  auto moved = walbrook::pipeline(options);
  EXPECT_EQ(error_of([&] { moved.run(shop.changes()); }).facts().setting, "dataset_name");
}

TEST(PipelineSurface, sync_tells_what_another_object_has_done_and_drop_removes_it) {
  const Shop shop;
  shop.exec("CREATE TABLE a(id int PRIMARY KEY)");
  {
    auto pipeline = walbrook::pipeline(shop.options());
    EXPECT_FALSE(pipeline.sync());
    EXPECT_NO_THROW(pipeline.drop());
    pipeline.run(init_replication(shop.init("a")));
    shop.exec("INSERT INTO a VALUES (1), (2)");
    pipeline.run(shop.changes());
  }
  auto pipeline = walbrook::pipeline(shop.options());
  const auto load = pipeline.sync();
  ASSERT_TRUE(load);
  EXPECT_GT(load->load_id, 0);
  EXPECT_EQ(load->transactions, 1U);
  EXPECT_EQ(load->table("a")->changes, 2U);
  EXPECT_EQ(load->table("a")->state, "streaming");
  EXPECT_EQ(load->last_lsn, shop.copied("SELECT lsn FROM _walbrook.checkpoint"));
  pipeline.drop();
  EXPECT_FALSE(pipeline.last_load());
  EXPECT_FALSE(pipeline.sync());
  EXPECT_EQ(shop.copied("SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'copy'"), "0");
}

TEST(PipelineSurface, progress_tells_rows_and_bytes_and_what_it_throws_comes_out) {
  const Shop shop;
  shop.exec("CREATE TABLE a(id int PRIMARY KEY); INSERT INTO a SELECT generate_series(1, 500)");
  const auto snapshots = init_replication(shop.init("a"));
  auto options = shop.options();
  std::map<Progress::Event, Progress> last;
  options.progress = [&last](const Progress& progress) { last[progress.event] = progress; };
  auto pipeline = walbrook::pipeline(options);
  pipeline.run(snapshots);
  EXPECT_EQ(last[Progress::Event::copy_advanced].table, "public.a");
  EXPECT_GT(last[Progress::Event::copy_advanced].bytes, 500U);
  EXPECT_EQ(last[Progress::Event::copy_finished].rows, 500U);
  shop.exec("DELETE FROM a WHERE id <= 7");
  pipeline.run(shop.changes());
  EXPECT_EQ(last[Progress::Event::applied].rows, 7U);
  options.progress = [](const Progress&) { throw std::runtime_error("enough"); };
  EXPECT_THROW(walbrook::pipeline(options).run(snapshots), std::runtime_error);
}

TEST(PipelineSurface, says_what_is_wrong_with_its_options) {
  const Shop shop;
  shop.exec("CREATE TABLE a(id int PRIMARY KEY)");
  EXPECT_EQ(error_of([] { (void)walbrook::pipeline({.pipeline_name = "a/b"}); }).facts().setting, "pipeline_name");
  auto pipeline = walbrook::pipeline(shop.options());
  const auto unready = error_of([&] { pipeline.run(shop.changes()); });
  EXPECT_EQ(unready.kind(), ErrorKind::source_not_ready);
  EXPECT_NE(unready.hint().find("init_replication"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(shop.file())) << "a file was made for nothing";
  const auto snapshots = init_replication(shop.init("a"));
  EXPECT_EQ(error_of([&] { pipeline.run(snapshots, {.write_disposition = "append"}); }).facts().setting,
            "write_disposition");
  EXPECT_EQ(error_of([&] { pipeline.run(std::vector<SnapshotResource>()); }).kind(), ErrorKind::configuration);
  auto nowhere = shop.options();
  nowhere.destination = "/nowhere/at/all.duckdb";
  EXPECT_EQ(error_of([&] { walbrook::pipeline(nowhere).run(snapshots); }).kind(), ErrorKind::destination);
  EXPECT_EQ(version(), "0.1.0");
}

}  // namespace
}  // namespace walbrook::test
