// Publication and slot by init_replication: what it creates, what it adds, and what it leaves unchanged.
#include <gtest/gtest.h>

#include <thread>

#include "test/library/fixture.h"

namespace walbrook::test {
namespace {

TEST(InitReplication, makes_a_publication_and_a_slot_and_nothing_else) {
  const Shop shop;
  shop.exec("CREATE TABLE orders(id int PRIMARY KEY); CREATE TABLE customers(id int PRIMARY KEY)");
  const std::string objects = "SELECT (SELECT count(*) FROM pg_class) + (SELECT count(*) FROM pg_namespace)";
  const auto before = shop.value(objects);
  const auto snapshots = init_replication(shop.init({"orders", "customers"}));
  EXPECT_EQ(shop.value(objects), before);
  EXPECT_EQ(shop.published(), "customers,orders");
  EXPECT_EQ(shop.value("SELECT plugin || temporary FROM pg_replication_slots WHERE slot_name = '" + shop.slot() + "'"),
            "pgoutputfalse");
  ASSERT_EQ(snapshots.size(), 2U);
  EXPECT_EQ(snapshots[0].name(), "orders");
  EXPECT_EQ(snapshots[1].name(), "customers");
  EXPECT_TRUE(init_replication(shop.init("orders", false)).empty());
}

TEST(InitReplication, called_again_it_adds_tables_and_removes_none) {
  const Shop shop;
  shop.exec("CREATE TABLE a(id int PRIMARY KEY); CREATE TABLE b(id int PRIMARY KEY)");
  init_replication(shop.init("a"));
  const auto slot = shop.confirmed();
  EXPECT_EQ(init_replication(shop.init("b")).size(), 1U);
  EXPECT_EQ(shop.published(), "a,b");
  EXPECT_EQ(shop.confirmed(), slot) << "the slot was created again";
  auto fewer = shop.init("a");
  fewer.publish = "insert, delete";
  init_replication(fewer);
  EXPECT_EQ(shop.published(), "a,b");
  EXPECT_EQ(
      shop.value("SELECT pubinsert, pubdelete FROM pg_publication WHERE pubinsert AND pubdelete AND NOT pubupdate"),
      "t");
}

TEST(InitReplication, leaves_a_publication_alone_that_is_not_its_own) {
  const Shop shop;
  shop.exec(
      "CREATE TABLE a(id int PRIMARY KEY); CREATE TABLE b(id int PRIMARY KEY); CREATE PUBLICATION pub FOR TABLE a");
  EXPECT_EQ(init_replication(shop.init("a")).size(), 1U);
  const auto error = error_of([&] { init_replication(shop.init({"a", "b"})); });
  EXPECT_EQ(error.kind(), ErrorKind::source_not_ready);
  EXPECT_EQ(error.facts().table, "public.b");
  EXPECT_EQ(error.facts().publication, "pub");
  EXPECT_NE(error.hint().find("ALTER PUBLICATION \"pub\" ADD TABLE"), std::string::npos) << error.what();
  auto again = shop.init("a");
  again.reset = true;
  init_replication(again);
  EXPECT_EQ(shop.published(), "a") << "reset dropped a publication of somebody else";
}

TEST(InitReplication, a_whole_schema_takes_later_tables_in_with_the_next_run) {
  const Shop shop;
  shop.exec("CREATE TABLE a(id int PRIMARY KEY); CREATE TABLE b(id int PRIMARY KEY)");
  const auto changes = shop.changes();
  walbrook::pipeline(shop.options()).run(init_replication(shop.init({})));
  shop.exec("CREATE TABLE c(id int PRIMARY KEY); INSERT INTO c VALUES (1)");
  EXPECT_EQ(shop.published(), "a,b");
  walbrook::pipeline(shop.options()).run(changes);
  EXPECT_EQ(shop.published(), "a,b,c");
  EXPECT_EQ(shop.differences(), "") << "the row from before it was published is missing";
  EXPECT_EQ(init_replication(shop.init({})).size(), 3U);
}

TEST(InitReplication, leaves_out_a_table_without_replica_identity) {
  const Shop shop;
  shop.exec("CREATE TABLE a(id int PRIMARY KEY); CREATE TABLE log(line text); INSERT INTO log VALUES ('x')");
  EXPECT_EQ(init_replication(shop.init({})).size(), 1U);
  EXPECT_EQ(shop.published(), "a");
  shop.exec("DELETE FROM log");
  const auto error = error_of([&] { init_replication(shop.init({"a", "log"})); });
  EXPECT_EQ(error.kind(), ErrorKind::data);
  EXPECT_EQ(error.facts().table, "public.log");
  EXPECT_NE(error.hint().find("ALTER TABLE public.log REPLICA IDENTITY FULL;"), std::string::npos) << error.what();
  auto inserts = shop.init({"a", "log"});
  inserts.publish = "insert";
  inserts.reset = true;
  EXPECT_EQ(init_replication(inserts).size(), 2U) << "an insert-only publication needs no identity";
  shop.exec("INSERT INTO log VALUES ('y'); DELETE FROM log");
}

TEST(InitReplication, calling_again_adds_the_tables_of_a_role_without_more_rights) {
  const Shop shop;
  const auto role = "owner_" + shop.name();
  shop.exec("CREATE ROLE " + role + " LOGIN REPLICATION; GRANT CREATE ON DATABASE " + shop.name() + " TO " + role +
            "; GRANT CREATE ON SCHEMA public TO " + role + "; SET ROLE " + role +
            "; CREATE TABLE a(id int PRIMARY KEY)");
  auto options = shop.init({});
  options.credentials = shop.conninfo(role);
  EXPECT_EQ(init_replication(options).size(), 1U);
  shop.exec("SET ROLE " + role + "; CREATE TABLE b(id int PRIMARY KEY)");
  EXPECT_EQ(shop.published(), "a");
  EXPECT_EQ(init_replication(options).size(), 2U);
  EXPECT_EQ(shop.published(), "a,b");
  shop.exec("SELECT pg_drop_replication_slot('" + shop.slot() + "'); DROP OWNED BY " + role + " CASCADE; DROP ROLE " +
            role);
}

TEST(InitReplication, reset_makes_slot_and_publication_again) {
  const Shop shop;
  shop.exec("CREATE TABLE a(id int PRIMARY KEY); CREATE TABLE b(id int PRIMARY KEY)");
  init_replication(shop.init({"a", "b"}));
  shop.exec("INSERT INTO a VALUES (1)");
  auto options = shop.init("a");
  options.reset = true;
  init_replication(options);
  EXPECT_EQ(shop.published(), "a");
  EXPECT_EQ(shop.value("SELECT count(*) FROM pg_logical_slot_peek_binary_changes('" + shop.slot() +
                       "', NULL, NULL, 'proto_version', '1', 'publication_names', 'pub')"),
            "0");
}

TEST(InitReplication, says_what_is_wrong_with_its_options) {
  const Shop shop;
  shop.exec("CREATE TABLE a(id int PRIMARY KEY, n int, note text)");
  const auto missing = error_of([&] { init_replication(shop.init("nothing")); });
  EXPECT_EQ(missing.kind(), ErrorKind::source_not_ready);
  EXPECT_NE(missing.cause().find("nothing"), std::string::npos);
  auto keyless = shop.init("a");
  keyless.include_columns = {{"a", {"n"}}};
  const auto error = error_of([&] { init_replication(keyless); });
  EXPECT_EQ(error.kind(), ErrorKind::configuration);
  EXPECT_EQ(error.facts().column, "id");
  EXPECT_EQ(error.facts().setting, "include_columns");
  auto unknown = shop.init("a");
  unknown.include_columns = {{"public.a", {"id", "nope"}}};
  EXPECT_EQ(error_of([&] { init_replication(unknown); }).facts().column, "nope");
  auto other = shop.init("a");
  other.include_columns = {{"b", {"id"}}};
  EXPECT_EQ(error_of([&] { init_replication(other); }).facts().table, "public.b");
  auto override = shop.init("a");
  override.columns = {{"b", {{"id", {.data_type = "bigint"}}}}};
  EXPECT_EQ(error_of([&] { init_replication(override); }).facts().table, "b");
  override.table_names = {};  // the whole schema
  EXPECT_EQ(error_of([&] { init_replication(override); }).facts().table, "b");
  override = shop.init("a", false);
  override.columns = {{"a", {{"id", {.data_type = "bigint"}}}}};
  const auto unused = error_of([&] { init_replication(override); });
  EXPECT_EQ(unused.kind(), ErrorKind::configuration);
  EXPECT_EQ(unused.facts().setting, "columns");
  auto operation = shop.init("a");
  operation.publish = "insert, upsert";
  EXPECT_EQ(error_of([&] { init_replication(operation); }).facts().setting, "publish");
  EXPECT_EQ(shop.value("SELECT count(*) FROM pg_publication"), "0") << "something was made before all was checked";
}

TEST(InitReplication, a_stop_ends_the_wait_for_an_open_transaction) {
  const Shop shop;
  shop.exec("CREATE TABLE a(id int PRIMARY KEY)");
  Sql writer(shop.conninfo());
  writer.exec("BEGIN; INSERT INTO a VALUES (1)");
  std::stop_source stop;
  auto options = shop.init("a");
  options.stop = stop.get_token();
  std::jthread stopper([&stop] {
    std::this_thread::sleep_for(milliseconds(500));
    stop.request_stop();
  });
  EXPECT_EQ(error_of([&] { init_replication(options); }).kind(), ErrorKind::source_not_ready);
  writer.exec("COMMIT");
  EXPECT_EQ(init_replication(shop.init("a")).size(), 1U);
}

}  // namespace
}  // namespace walbrook::test
