#include "postgres/publication/publication.h"

#include <gtest/gtest.h>

#include <thread>

#include "postgres/catalog/table_name.h"
#include "postgres/catalog/table_schema.h"
#include "postgres/publication/kept_publication.h"
#include "postgres/publication/keyless.h"
#include "test/integration/postgres/source_case.h"

namespace walbrook::postgres::test {
namespace {

class Publishing : public SourceCase {
 protected:
  std::vector<std::string> create(const std::string& schema, const std::vector<std::string>& tables = {}) {
    sql.exec("DROP PUBLICATION IF EXISTS p");
    std::vector<TableName> names;
    for (const auto& name : tables) names.push_back(parse_table_name(name));
    create_publication(catalog, "p", schema, names);
    std::vector<std::string> made;
    for (const auto& found : publication().tables) made.push_back(found.schema + "." + found.name);
    return made;
  }
  void expect_refused(const std::string& name, const std::vector<std::string>& words,
                      const std::string& schema = "public") {
    expect_says(thrown_by([&] { create(schema, {name}); }), ErrorKind::source_not_ready, words);
  }
};

TEST_F(Publishing, a_schema_without_what_cannot_be_published) {
  sql.exec(
      "CREATE TABLE a(i int PRIMARY KEY); CREATE UNLOGGED TABLE u(i int); CREATE VIEW v AS SELECT 1 AS x; CREATE "
      "MATERIALIZED VIEW "
      "m AS SELECT 1 AS x;"
      "CREATE TABLE r(i int PRIMARY KEY) PARTITION BY RANGE (i); CREATE TABLE r1 PARTITION OF r FOR VALUES FROM (0) TO "
      "(9);"
      "CREATE TABLE \"We\"\"ird. \"(i int PRIMARY KEY); CREATE SCHEMA s; CREATE TABLE s.child(PRIMARY KEY (i)) "
      "INHERITS (a)");
  EXPECT_EQ(create("public"), (std::vector<std::string>{"public.We\"ird. ", "public.a", "public.r"}));
  const auto made = publication();
  EXPECT_TRUE(made.inserts && made.updates && made.deletes && made.truncates && made.via_partition_root);
  EXPECT_EQ(create("s"), (std::vector<std::string>{"s.child"}));
  expect_says(thrown_by([&] { create("nosuch"); }), ErrorKind::source_not_ready, {"schema nosuch does not exist"});
  sql.exec("CREATE SCHEMA empty");
  expect_says(thrown_by([&] { create("empty"); }), ErrorKind::source_not_ready, {"schema empty", "holds no table"});
}

TEST_F(Publishing, named_tables_with_columns) {
  sql.exec(
      "CREATE TABLE a(id int PRIMARY KEY, \"V v\" text, w int); CREATE TABLE r(i int PRIMARY KEY, x int) PARTITION BY "
      "RANGE (i);"
      "CREATE TABLE r1 PARTITION OF r FOR VALUES FROM (0) TO (9)");
  EXPECT_EQ(create("public", {"a(\"V v\",id)", "r(i)"}), (std::vector<std::string>{"public.a", "public.r"}));
  EXPECT_EQ(table("a").published_columns, (std::vector<std::string>{"id", "V v"}));
  EXPECT_EQ(create("public", {"r1"}), (std::vector<std::string>{"public.r1"}));
  EXPECT_EQ(create("public", {"a", "public.a"}), (std::vector<std::string>{"public.a"}));
  expect_says(thrown_by([&] {
                create("public", {"a", "a(id)"});
              }),
              ErrorKind::configuration, {"public.a is requested twice"});
}

TEST_F(Publishing, what_cannot_be_published_is_named_with_its_reason) {
  sql.exec(
      "CREATE UNLOGGED TABLE u(i int); CREATE VIEW v AS SELECT 1 AS x; CREATE MATERIALIZED VIEW m AS SELECT 1 AS x;"
      "CREATE SEQUENCE q; CREATE FOREIGN DATA WRAPPER w; CREATE SERVER srv FOREIGN DATA WRAPPER w; CREATE FOREIGN "
      "TABLE f(i int) SERVER srv;"
      "CREATE TABLE \"Orders\"(i int); CREATE TABLE k(id int PRIMARY KEY, v int)");
  expect_refused("u", {"public.u is unlogged", "SET LOGGED"});
  expect_refused("v", {"public.v is a view"});
  expect_refused("m", {"materialized view"});
  expect_refused("f", {"foreign table"});
  expect_refused("q", {"is not a table"});
  expect_refused("pg_catalog.pg_class", {"system table"});
  expect_refused("nosuch", {"public.nosuch does not exist", database.name()});
  expect_refused("Orders", {"public.orders does not exist", "There is public.Orders", "\"public\".\"Orders\""});
  expect_refused("k(v)", {"public.k needs column \"id\"", "replica identity"});
  expect_refused("k(id,x)", {"public.k has no column \"x\""});
  sql.exec("ALTER TABLE k REPLICA IDENTITY FULL");
  expect_refused("k(id)", {"needs column \"v\""});
  EXPECT_FALSE(read_publication(catalog, "p").has_value());
}

TEST_F(Publishing, a_table_without_replica_identity_is_left_out) {
  sql.exec("CREATE TABLE a(id int PRIMARY KEY); CREATE TABLE log(line text)");
  EXPECT_EQ(create("public"), (std::vector<std::string>{"public.a"}));
  sql.exec("DELETE FROM log");
  EXPECT_EQ(sql.value("SELECT obj_description(oid, 'pg_publication') FROM pg_publication"),
            "created by walbrook for schema public");
  EXPECT_EQ(create("public", {"log"}), std::vector<std::string>{});
  EXPECT_EQ(read_own_mark(catalog, "p")->schema, "");
}

TEST_F(Publishing, an_own_publication_is_kept_as_it_must_be) {
  sql.exec("CREATE TABLE a(id int PRIMARY KEY); CREATE TABLE log(line text); CREATE TABLE out(id int PRIMARY KEY)");
  create("public");
  sql.exec("ALTER PUBLICATION p DROP TABLE out");
  KeptPublication kept("p", {},
                       {table("a").oid, static_cast<Oid>(std::stoul(sql.value("SELECT 'out'::regclass::oid")))});
  const auto names = [&] {
    const auto publication = kept.read(catalog);
    std::vector<std::string> found;
    for (const auto& each : publication->tables) found.push_back(each.name);
    return found;
  };
  EXPECT_EQ(names(), (std::vector<std::string>{"a"})) << "one that was taken out by hand stays out";
  EXPECT_EQ(kept.read(catalog)->left_out.front().name, "log");
  sql.exec("CREATE TABLE b(id int PRIMARY KEY); ALTER TABLE a DROP CONSTRAINT a_pkey");
  EXPECT_EQ(names(), (std::vector<std::string>{"b"}));
  sql.exec("DELETE FROM a; ALTER TABLE log REPLICA IDENTITY FULL; ALTER TABLE a ADD PRIMARY KEY (id)");
  EXPECT_EQ(names(), (std::vector<std::string>{"a", "b", "log"}));
  sql.exec("DROP PUBLICATION p; CREATE PUBLICATION p FOR TABLE b; ALTER TABLE b DROP CONSTRAINT b_pkey");
  EXPECT_EQ(names(), (std::vector<std::string>{"b"})) << "somebody else's is left as it is";
}

TEST_F(Publishing, a_stop_ends_what_reads_and_completes_a_publication) {
  sql.exec("CREATE TABLE a(id int PRIMARY KEY)");
  create("public");
  const auto published = publication();
  auto tables = published.tables;
  BuiltInTypes types;
  std::stop_source stop;
  const Endpoint endpoint(conninfo(), {.stop = stop.get_token()});
  auto stopped = Connection::open(endpoint, ConnectionUse::catalog);
  auto other = Connection::open(endpoint, ConnectionUse::catalog);  // a stop leaves a statement open
  stop.request_stop();
  EXPECT_THROW(static_cast<void>(find_gap(stopped, published, {.schema = "public"}, {})), Stopped);
  EXPECT_THROW(describe_new(other, tables, types, wide_limits, [](const SourceTable&) { return true; }), Stopped);
}

TEST_F(Publishing, a_stop_ends_a_change_of_a_publication_that_waits_for_a_lock) {
  sql.exec("CREATE TABLE a(id int PRIMARY KEY)");
  create("public");
  sql.exec("CREATE TABLE b(id int PRIMARY KEY)");
  sql.exec("BEGIN; LOCK TABLE b IN ACCESS EXCLUSIVE MODE");
  std::stop_source stop;
  auto stopped = Connection::open(Endpoint(conninfo(), {.stop = stop.get_token()}), ConnectionUse::catalog);
  const std::jthread end([&] {
    const auto waits = [this] {
      return catalog
          .query(
              "SELECT count(*) > 0 FROM pg_catalog.pg_stat_activity WHERE datname = current_database() AND "
              "wait_event_type = 'Lock'")
          .boolean(0, 0);
    };
    EXPECT_TRUE(eventually(waits, milliseconds(10'000)));
    stop.request_stop();
  });
  KeptPublication kept("p", {}, {});
  EXPECT_THROW(static_cast<void>(kept.read(stopped)), Stopped);
  sql.exec("ROLLBACK");
}

TEST_F(Publishing, a_role_that_may_not_gets_the_sql_for_the_owner) {
  sql.exec("CREATE TABLE a(id int PRIMARY KEY)");
  const auto user = role("");
  auto theirs = Connection::open(conninfo(user), ConnectionUse::catalog);
  expect_says(thrown_by([&] { create_publication(theirs, "p", "public", {}); }), ErrorKind::permission_denied,
              {"CREATE PUBLICATION \"p\" FOR TABLE ONLY \"public\".\"a\" WITH (", "owner"});
}

TEST(KeylessName, has_at_most_63_bytes_and_whole_characters) {
  EXPECT_EQ(keyless_name("walbrook_shop"), "walbrook_shop_keyless");
  EXPECT_EQ(keyless_name(std::string(63, 'x')), std::string(55, 'x') + "_keyless");
  EXPECT_EQ(keyless_name(std::string(54, 'x') + "\xC3\xA9y"), std::string(54, 'x') + "_keyless");
}

}  // namespace
}  // namespace walbrook::postgres::test
