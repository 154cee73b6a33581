#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "postgres/catalog/catalog_types.h"
#include "postgres/catalog/fingerprint.h"
#include "postgres/catalog/table_schema.h"
#include "test/integration/postgres/source_case.h"

namespace walbrook::postgres::test {
namespace {

class Catalog : public SourceCase {
 protected:
  // Returns whether `statements` may have changed rows of a table without a message, according to its fingerprints.
  bool may_hide_rows(const std::string& name, const std::vector<std::string>& statements) {
    const auto before = parse_fingerprint(table(name).fingerprint);
    for (const auto& statement : statements) sql.exec(statement);
    const auto now = table(name);
    return compare(before, parse_fingerprint(now.fingerprint), now.columns, {}).kind != Difference::Kind::none;
  }
  std::vector<std::string> names(const std::string& of = "p") {
    std::vector<std::string> found;
    for (const auto& each : publication(of).tables) found.push_back(each.schema + "." + each.name);
    return found;
  }
  Oid oid(const std::string& name) {
    return static_cast<Oid>(std::stoul(sql.value("SELECT '" + name + "'::regclass::oid")));
  }
  TableSchema schema(const SourceTable& of) {
    CatalogTypes types(conninfo());
    return read_table_schema(catalog, of, types, wide_limits);
  }
};

TEST_F(Catalog, no_publication_is_no_error) {
  EXPECT_FALSE(read_publication(catalog, "p").has_value());
}

TEST_F(Catalog, an_empty_publication_has_no_tables) {
  sql.exec("CREATE PUBLICATION p WITH (publish = 'insert, delete')");
  const auto found = publication();
  EXPECT_TRUE(found.tables.empty());
  EXPECT_TRUE(found.inserts && found.deletes);
  EXPECT_FALSE(found.updates || found.truncates || found.all_tables || found.via_partition_root);
}

TEST_F(Catalog, tables_come_with_identity_key_columns_and_filter) {
  sql.exec("CREATE TABLE a(id int PRIMARY KEY, v text, w int)");
  sql.exec("CREATE TABLE b(v text); ALTER TABLE b REPLICA IDENTITY FULL");
  sql.exec("CREATE TABLE c(id int NOT NULL UNIQUE); ALTER TABLE c REPLICA IDENTITY USING INDEX c_id_key");
  sql.exec("CREATE TABLE d(id int PRIMARY KEY DEFERRABLE)");
  sql.exec("CREATE PUBLICATION p FOR TABLE a (v, id) WHERE (id > 5 AND v <> 'it''s'), b, c, d");
  const auto a = table("a");
  EXPECT_EQ(a.oid, oid("a"));
  EXPECT_EQ(a.members, std::vector<Oid>{oid("a")});
  EXPECT_EQ(a.identity, ReplicaIdentity::key);
  EXPECT_TRUE(a.has_identity_key);
  EXPECT_EQ(a.published_columns, (std::vector<std::string>{"id", "v"}));
  EXPECT_NE(a.row_filter.find("id > 5"), std::string::npos) << a.row_filter;
  EXPECT_EQ(table("b").identity, ReplicaIdentity::full);
  EXPECT_TRUE(table("b").published_columns.empty());
  EXPECT_EQ(table("b").row_filter, "");
  EXPECT_EQ(table("c").identity, ReplicaIdentity::index);
  EXPECT_TRUE(table("c").has_identity_key);
  EXPECT_FALSE(table("d").has_identity_key);
  EXPECT_EQ(table("a").estimated_rows, -1);
  sql.exec("INSERT INTO a SELECT g, 'x' FROM generate_series(1, 1000) g");
  sql.exec("ANALYZE a");
  EXPECT_EQ(table("a").estimated_rows, 1000);
  EXPECT_GT(table("a").bytes, 30'000);
}

TEST_F(Catalog, all_tables_and_schemas) {
  sql.exec(
      "CREATE SCHEMA s; CREATE TABLE s.a(i int); CREATE TABLE b(i int); CREATE UNLOGGED TABLE s.u(i int);"
      "CREATE VIEW s.v AS SELECT 1; CREATE SCHEMA empty");
  sql.exec(
      "CREATE PUBLICATION p FOR ALL TABLES; CREATE PUBLICATION q FOR TABLES IN SCHEMA s; CREATE PUBLICATION e FOR "
      "TABLES IN SCHEMA empty");
  EXPECT_EQ(names("p"), (std::vector<std::string>{"public.b", "s.a"}));
  EXPECT_EQ(names("q"), (std::vector<std::string>{"s.a"}));
  EXPECT_TRUE(names("e").empty());
  EXPECT_TRUE(publication("p").all_tables);
}

TEST_F(Catalog, several_publications_are_read_as_one) {
  sql.exec(
      "CREATE SCHEMA s; CREATE TABLE a(id int PRIMARY KEY, v int, w int); CREATE TABLE b(id int PRIMARY KEY, v int);"
      "CREATE TABLE s.c(id int PRIMARY KEY); CREATE TABLE log(v int);"
      "CREATE PUBLICATION p FOR TABLE a (id, v) WHERE (v > 1), b WHERE (id > 1), s.c WHERE (id > 1), log WITH (publish "
      "= "
      "'insert');"
      "CREATE PUBLICATION \"q,\"\"1\" FOR TABLE a (v, id) WHERE (v IS NULL), b (id, v) WITH (publish = 'update, "
      "delete');"
      "CREATE PUBLICATION r FOR TABLES IN SCHEMA s; CREATE PUBLICATION u FOR TABLE a (id, w)");
  const std::string both = R"(p,"q,""1")";
  const auto united = publication(both);
  EXPECT_EQ(united.name, both);
  EXPECT_TRUE(united.inserts && united.updates && united.deletes);
  EXPECT_FALSE(united.truncates);
  EXPECT_EQ(names(both), (std::vector<std::string>{"public.a", "public.b", "public.log", "s.c"}));
  const auto a = table("a", both);
  EXPECT_EQ(a.row_filter, "(v > 1) OR (v IS NULL)");
  EXPECT_EQ(a.published_columns, (std::vector<std::string>{"id", "v"}));
  EXPECT_EQ(a.disagreement, "");
  EXPECT_EQ(a.operations, (PublishedOperations{true, true, true, false}));
  EXPECT_EQ(table("b", both).row_filter, "");
  EXPECT_EQ(table("b", both).disagreement, "") << "a list of all columns is no other list";
  EXPECT_EQ(table("log", both).operations, (PublishedOperations{true, false, false, false}));
  EXPECT_EQ(table("log", both).row_identity.lack, "");
  EXPECT_EQ(table("c", both).row_filter, "(id > 1)");
  EXPECT_EQ(table("c", "p,r").row_filter, "") << "a schema has no filter";
  EXPECT_EQ(table("a", "p,u").disagreement, "p, u");
  EXPECT_NE(table("a", "p,u").unfit.reason.find("publish different columns of public.a"), std::string::npos);
  EXPECT_FALSE(read_publication(catalog, "p,missing").has_value());
  EXPECT_EQ(missing_publications(catalog, {"p", "q,\"1", "x,y", "missing"}),
            (std::vector<std::string>{"x,y", "missing"}));
}

TEST_F(Catalog, several_publications_fingerprint_their_own_tables) {
  sql.exec(
      "CREATE TABLE a(id int PRIMARY KEY); CREATE TABLE b(id int PRIMARY KEY); CREATE TABLE both_(id int PRIMARY KEY);"
      "CREATE PUBLICATION p FOR TABLE a, both_; CREATE PUBLICATION q FOR TABLE b, both_");
  const auto a = table("a", "p,q").fingerprint;
  const auto b = table("b", "p,q").fingerprint;
  const auto both = table("both_", "p,q").fingerprint;
  EXPECT_EQ(table("both_", "q,p").fingerprint, both) << "the order of the names does not matter";
  EXPECT_EQ(table("a", "p").fingerprint, a) << "nor does a publication without the table";
  sql.exec("ALTER PUBLICATION q SET (publish = 'insert')");
  EXPECT_EQ(table("a", "p,q").fingerprint, a);
  EXPECT_NE(table("b", "p,q").fingerprint, b);
  EXPECT_NE(table("both_", "p,q").fingerprint, both);
}

TEST_F(Catalog, several_publications_decide_how_partitions_are_sent) {
  sql.exec(
      "CREATE TABLE r(id int, k int, PRIMARY KEY (id, k)) PARTITION BY RANGE (id);"
      "CREATE TABLE r1 PARTITION OF r FOR VALUES FROM (0) TO (10) PARTITION BY LIST (k);"
      "CREATE TABLE r1a PARTITION OF r1 FOR VALUES IN (1); CREATE TABLE r2 PARTITION OF r FOR VALUES FROM (10) TO (20);"
      "CREATE PUBLICATION root FOR TABLE r WHERE (id > 1) WITH (publish_via_partition_root = true, publish = 'insert');"
      "CREATE PUBLICATION by_leaf FOR TABLE r; CREATE PUBLICATION leaf FOR TABLE r2 WITH (publish = 'update');"
      "CREATE PUBLICATION middle FOR TABLE r1 WITH (publish_via_partition_root = true)");
  EXPECT_EQ(names("root,leaf,middle"), std::vector<std::string>{"public.r"});
  EXPECT_TRUE(table("r", "root,by_leaf").via_root);
  EXPECT_EQ(table("r", "root,by_leaf").row_filter, "(id > 1)") << "the other listing is not the one that is sent";
  EXPECT_EQ(table("r", "root,leaf").operations, (PublishedOperations{true, true, false, false}));
  EXPECT_FALSE(table("r", "by_leaf,leaf").via_root);
  EXPECT_EQ(table("r", "root,middle").unfit.reason, "");
  EXPECT_NE(table("r", "by_leaf,middle").unfit.reason.find("send some partitions of public.r one by one"),
            std::string::npos);
}

TEST_F(Catalog, partitions_map_to_their_published_ancestor) {
  sql.exec(
      "CREATE TABLE r(id int, k int, PRIMARY KEY (id, k)) PARTITION BY RANGE (id);"
      "CREATE TABLE r1 PARTITION OF r FOR VALUES FROM (0) TO (10);"
      "CREATE TABLE r2 PARTITION OF r FOR VALUES FROM (10) TO (20) PARTITION BY LIST (k);"
      "CREATE TABLE r2a PARTITION OF r2 FOR VALUES IN (1); CREATE TABLE r2b PARTITION OF r2 FOR VALUES IN (2)");
  for (const auto* root : {"true", "false"}) {
    const auto with = std::string(" WITH (publish_via_partition_root = ") + root + ")";
    sql.exec("DROP PUBLICATION IF EXISTS p; CREATE PUBLICATION p FOR TABLE r" + with);
    ASSERT_EQ(names(), std::vector<std::string>{"public.r"}) << with;
    auto members = table("r").members;
    EXPECT_EQ(members.front(), oid("r"));
    std::ranges::sort(members);
    EXPECT_EQ(members, (std::vector<Oid>{oid("r"), oid("r1"), oid("r2a"), oid("r2b")}));
    EXPECT_TRUE(table("r").partitioned);
    EXPECT_TRUE(table("r").has_identity_key);

    sql.exec("DROP PUBLICATION p; CREATE PUBLICATION p FOR ALL TABLES" + with);
    EXPECT_EQ(names(), std::vector<std::string>{"public.r"}) << with;
    sql.exec("DROP PUBLICATION p; CREATE PUBLICATION p FOR TABLE r2, r1" + with);
    EXPECT_EQ(names(), (std::vector<std::string>{"public.r1", "public.r2"})) << with;
    EXPECT_FALSE(table("r1").partitioned);
    sql.exec("DROP PUBLICATION p; CREATE PUBLICATION p FOR TABLE r2a, r2b" + with);
    EXPECT_EQ(names(), (std::vector<std::string>{"public.r2a", "public.r2b"})) << with;
  }
}

TEST_F(Catalog, a_partition_of_a_published_schema_elsewhere) {
  sql.exec(
      "CREATE SCHEMA s; CREATE SCHEMA t; CREATE TABLE s.r(id int) PARTITION BY RANGE (id);"
      "CREATE TABLE t.r1 PARTITION OF s.r FOR VALUES FROM (0) TO (10);"
      "CREATE PUBLICATION p FOR TABLES IN SCHEMA s; CREATE PUBLICATION q FOR TABLES IN SCHEMA t");
  EXPECT_EQ(names("p"), std::vector<std::string>{"s.r"});
  EXPECT_EQ(table("r").members, (std::vector<Oid>{oid("s.r"), oid("t.r1")}));
  EXPECT_EQ(names("q"), std::vector<std::string>{"t.r1"});
}

TEST_F(Catalog, fingerprints_tell_of_every_possible_hole) {
  sql.exec("CREATE TABLE a(id int PRIMARY KEY, v int); CREATE TABLE b(id int PRIMARY KEY); CREATE TABLE other(id int)");
  sql.exec("CREATE PUBLICATION p FOR TABLE a, b");
  EXPECT_TRUE(may_hide_rows("a", {"ALTER PUBLICATION p DROP TABLE a", "ALTER PUBLICATION p ADD TABLE a"}));
  EXPECT_TRUE(may_hide_rows("a", {"ALTER PUBLICATION p SET (publish = 'insert')",
                                  "ALTER PUBLICATION p SET (publish = 'insert, update, delete, truncate')"}));
  EXPECT_TRUE(may_hide_rows("a", {"DROP PUBLICATION p", "CREATE PUBLICATION p FOR TABLE a, b"}));
  EXPECT_TRUE(may_hide_rows(
      "a", {"DROP TABLE a", "CREATE TABLE a(id int PRIMARY KEY, v int)", "ALTER PUBLICATION p ADD TABLE a"}));
  EXPECT_TRUE(may_hide_rows("a", {"ALTER PUBLICATION p SET TABLE b", "ALTER PUBLICATION p SET TABLE a, b"}));
  EXPECT_TRUE(may_hide_rows("a", {"ALTER PUBLICATION p SET TABLE a WHERE (id > 1), b"}));
  EXPECT_TRUE(may_hide_rows("a", {"ALTER PUBLICATION p SET TABLE a (id), b"}));
}

TEST_F(Catalog, fingerprints_agree_otherwise) {
  sql.exec("CREATE TABLE a(id int PRIMARY KEY, v int); CREATE TABLE b(id int PRIMARY KEY); CREATE TABLE other(id int)");
  sql.exec("CREATE PUBLICATION p FOR TABLE a, b");
  EXPECT_FALSE(may_hide_rows("a", {"ALTER PUBLICATION p ADD TABLE other"}));
  EXPECT_FALSE(may_hide_rows("a", {"ALTER PUBLICATION p DROP TABLE other"}));
  EXPECT_FALSE(may_hide_rows("a", {"ALTER PUBLICATION p DROP TABLE b", "ALTER PUBLICATION p ADD TABLE b"}));
  EXPECT_FALSE(may_hide_rows("a", {"ALTER PUBLICATION p SET TABLE a, b, other"}));
  EXPECT_FALSE(may_hide_rows(
      "a", {"INSERT INTO a VALUES (1, 1), (2, 2)", "ANALYZE a", "VACUUM a", "TRUNCATE a", "VACUUM FULL a"}));
  EXPECT_FALSE(
      may_hide_rows("a", {"CREATE INDEX ON a(v)", "GRANT SELECT ON a TO PUBLIC", "COMMENT ON PUBLICATION p IS 'x'"}));
  EXPECT_FALSE(may_hide_rows("a", {"VACUUM FULL pg_publication", "VACUUM FREEZE pg_publication_rel"}));
}

TEST_F(Catalog, fingerprints_of_schemas_and_all_tables) {
  sql.exec("CREATE SCHEMA s; CREATE TABLE s.a(id int); CREATE SCHEMA u");
  sql.exec("CREATE PUBLICATION p FOR TABLES IN SCHEMA s");
  EXPECT_TRUE(may_hide_rows(
      "a", {"ALTER PUBLICATION p DROP TABLES IN SCHEMA s", "ALTER PUBLICATION p ADD TABLES IN SCHEMA s"}));
  EXPECT_FALSE(may_hide_rows("a", {"CREATE TABLE s.b(i int)", "ALTER PUBLICATION p ADD TABLES IN SCHEMA u"}));
  sql.exec("DROP PUBLICATION p; CREATE PUBLICATION p FOR ALL TABLES");
  EXPECT_FALSE(may_hide_rows("a", {"CREATE TABLE s.c(i int)"}));
  EXPECT_TRUE(may_hide_rows("a", {"DROP TABLE s.a", "CREATE TABLE s.a(id int)"}));
}

TEST_F(Catalog, fingerprints_of_partitions_tell_what_is_not_in_the_stream) {
  sql.exec(
      "CREATE TABLE r(id int PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE r1 PARTITION OF r FOR VALUES FROM (0) "
      "TO (10);"
      "CREATE TABLE r2 PARTITION OF r FOR VALUES FROM (10) TO (20);"
      "CREATE PUBLICATION p FOR TABLE r WITH (publish_via_partition_root = true)");
  EXPECT_FALSE(may_hide_rows("r", {"INSERT INTO r VALUES (1), (11)", "VACUUM r1", "ANALYZE r"}));
  EXPECT_TRUE(may_hide_rows("r", {"TRUNCATE r1"}));
  EXPECT_TRUE(may_hide_rows("r", {"ALTER TABLE r DETACH PARTITION r2"}));
  EXPECT_TRUE(may_hide_rows("r", {"ALTER TABLE r ATTACH PARTITION r2 FOR VALUES FROM (10) TO (20)"}));
  EXPECT_TRUE(may_hide_rows("r", {"DROP TABLE r2"}));
}

TEST_F(Catalog, sizes_never_wait_for_a_lock) {
  sql.exec("CREATE TABLE a(id int PRIMARY KEY); CREATE PUBLICATION p FOR TABLE a");
  Sql holder(conninfo());
  holder.exec("BEGIN; LOCK TABLE a IN ACCESS EXCLUSIVE MODE");
  catalog.execute("SET statement_timeout = '2s'", "limiting");
  EXPECT_EQ(table("a").bytes, 0);
  holder.exec("ROLLBACK");
}

TEST_F(Catalog, columns_as_a_relation_message_tells_them) {
  sql.exec(
      "CREATE TYPE mood AS ENUM ('calm'); CREATE DOMAIN money2 AS numeric(9,2); CREATE DOMAIN price AS money2 CHECK "
      "(VALUE > 0);"
      "CREATE TABLE a(gone int, id int, k2 text, v varchar(10), m mood, p price, j jsonb, tags text[], g int GENERATED "
      "ALWAYS AS (id * 2) STORED,"
      " \"Über \"\"x\" date, PRIMARY KEY (k2, id) INCLUDE (v)); ALTER TABLE a DROP COLUMN gone; CREATE PUBLICATION p "
      "FOR TABLE a");
  const auto found = schema(table("a"));
  std::vector<std::string> columns;
  for (const auto& column : found.columns)
    columns.push_back(column.name + (column.in_key ? "*" : "") + ":" + to_string(column.type) +
                      (column.binary ? "" : " text"));
  EXPECT_EQ(columns, (std::vector<std::string>{"id*:int32", "k2*:utf8", "v:utf8", "m:utf8", "p:decimal(9,2)", "j:json",
                                               "tags:list(utf8)", "Über \"x:date"}));
  EXPECT_EQ(found.columns[2].typmod, 14);
  EXPECT_EQ(found.identity, ReplicaIdentity::key);
  sql.exec("ALTER TABLE a REPLICA IDENTITY FULL");
  const auto full = schema(table("a"));
  EXPECT_TRUE(std::ranges::all_of(full.columns, &ColumnSchema::in_key));
  sql.exec("ALTER TABLE a REPLICA IDENTITY NOTHING; ALTER PUBLICATION p SET TABLE a (id, v)");
  const auto listed = schema(table("a"));
  EXPECT_EQ(listed.columns.size(), 2U);
  EXPECT_TRUE(std::ranges::none_of(listed.columns, &ColumnSchema::in_key));
  sql.exec("CREATE TABLE none(); ALTER PUBLICATION p ADD TABLE none");
  EXPECT_TRUE(schema(table("none")).columns.empty());
}

TEST_F(Catalog, the_fingerprint_tells_of_composites_at_any_depth) {
  sql.exec(
      "CREATE TYPE pair AS (a int, b text); CREATE DOMAIN any_pair AS pair; CREATE TYPE outer_pair AS (ps any_pair[]);"
      "CREATE TYPE other AS (x int); CREATE TABLE a(v outer_pair[]); CREATE TABLE b(v other); CREATE TABLE c(v int[]);"
      "CREATE PUBLICATION p FOR TABLE a, b, c");
  EXPECT_TRUE(may_hide_rows("a", {"ALTER TYPE pair ADD ATTRIBUTE c int"}));
  EXPECT_TRUE(may_hide_rows("a", {"ALTER TYPE pair RENAME ATTRIBUTE c TO d"}));
  EXPECT_TRUE(may_hide_rows("a", {"ALTER TYPE pair DROP ATTRIBUTE d"}));
  EXPECT_TRUE(may_hide_rows("a", {"ALTER TYPE pair DROP ATTRIBUTE b, ADD ATTRIBUTE b text"}));
  EXPECT_FALSE(may_hide_rows("a", {"ALTER TYPE other ADD ATTRIBUTE y int"}));
  EXPECT_FALSE(may_hide_rows("b", {"ALTER TYPE pair ADD ATTRIBUTE e int"}));
  EXPECT_FALSE(may_hide_rows("c", {"ALTER TYPE pair ADD ATTRIBUTE f int"}));
  EXPECT_TRUE(may_hide_rows("b", {"ALTER TABLE b ADD w pair"})) << "pair may have been altered since";
  EXPECT_FALSE(may_hide_rows("b", {"ALTER TABLE b DROP v"}));
  EXPECT_FALSE(may_hide_rows("b", {"ALTER TABLE b DROP w"}));
}

TEST_F(Catalog, types_are_taken_apart) {
  sql.exec(
      "CREATE SCHEMA ext; CREATE EXTENSION hstore SCHEMA ext; CREATE DOMAIN price AS numeric(7,3); CREATE TYPE mood AS "
      "ENUM ('calm'); CREATE DOMAIN prices AS numeric(5,2)[];"
      "CREATE TYPE deep AS (p price, ps prices, ms mood[], h ext.hstore, r int4range, n numeric(4,1)[]);"
      "CREATE TYPE nothing AS (); CREATE TYPE hstore AS (not_the_extensions int); CREATE TYPE vector AS (nor_this "
      "int)");
  CatalogTypes types(conninfo());
  const auto type_of = [&](const std::string& name) {
    return types.find(static_cast<Oid>(std::stoul(sql.value("SELECT '" + name + "'::regtype::oid"))));
  };
  const auto shown = [&](const std::string& name) { return to_string(physical_type(type_of(name), -1, wide_limits)); };
  EXPECT_EQ(shown("deep[]"),
            "list(structure(\"p\" decimal(7,3), \"ps\" list(decimal(5,2)), \"ms\" list(utf8), \"h\" map(utf8, utf8), "
            "\"r\" utf8, \"n\" list(decimal(4,1))))");
  EXPECT_FALSE(has_binary_parser(type_of("deep"))) << "int4range has no binary parser";
  EXPECT_EQ(shown("nothing"), "utf8");
  EXPECT_EQ(shown("public.hstore"), "structure(\"not_the_extensions\" int32)");
  EXPECT_EQ(shown("public.vector"), "structure(\"nor_this\" int32)");

  sql.exec("ALTER TYPE deep DROP ATTRIBUTE r");
  EXPECT_FALSE(has_binary_parser(type_of("deep"))) << "answers are kept";
  const auto version = types.version();
  types.forget();
  EXPECT_NE(types.version(), version);
  EXPECT_TRUE(has_binary_parser(type_of("deep")));
}

TEST_F(Catalog, a_type_that_is_too_deep_or_too_large_stays_text) {
  sql.exec("CREATE TYPE t0 AS (a int, b int)");
  for (int i = 1; i <= 20; ++i) {
    sql.exec(fmt::format("CREATE TYPE t{0} AS (a t{1}, b t{1}); CREATE TYPE d{0} AS (a {2})", i, i - 1,
                         i == 1 ? "int" : fmt::format("d{}", i - 1)));
  }
  CatalogTypes types(conninfo());
  const auto kind_of = [&](const std::string& name) {
    return types.find(static_cast<Oid>(std::stoul(sql.value("SELECT '" + name + "'::regtype::oid")))).kind;
  };
  EXPECT_EQ(kind_of("t8"), SourceType::Kind::composite);
  EXPECT_EQ(kind_of("t12"), SourceType::Kind::scalar) << "8,191 parts";
  EXPECT_EQ(kind_of("t20"), SourceType::Kind::scalar) << "two million parts";
  EXPECT_EQ(kind_of("d15"), SourceType::Kind::composite);
  EXPECT_EQ(kind_of("d20"), SourceType::Kind::scalar);
}

TEST_F(Catalog, types_are_looked_through) {
  sql.exec(
      "CREATE TYPE mood AS ENUM ('calm'); CREATE DOMAIN d1 AS numeric(9,2); CREATE DOMAIN d2 AS d1; CREATE DOMAIN d3 "
      "AS d2;"
      "CREATE DOMAIN dm AS mood; CREATE DOMAIN da AS int[]; CREATE TYPE pair AS (a int, b text)");
  CatalogTypes types(conninfo());
  const auto find = [&](const std::string& name) {
    return types.find(static_cast<Oid>(std::stoul(sql.value("SELECT '" + name + "'::regtype::oid"))));
  };
  const auto d3 = find("d3");
  EXPECT_EQ(d3.base_oid, type_oid::numeric);
  EXPECT_EQ(d3.base_typmod, ((9 << 16) | 2) + 4);
  EXPECT_EQ(d3.name, "public.d3");
  EXPECT_TRUE(find("mood").is_enum);
  EXPECT_TRUE(find("dm").is_enum);
  EXPECT_EQ(find("dm").base_oid, find("mood").oid);
  EXPECT_FALSE(find("da").is_enum);
  EXPECT_EQ(find("da").base_oid, 1007U);
  const auto pair = find("pair");
  EXPECT_EQ(pair.base_oid, pair.oid);
  EXPECT_EQ(pair.name, "public.pair");
  EXPECT_EQ(find("int4").base_oid, type_oid::int4);
  EXPECT_EQ(types.find(4'000'000'000U).base_oid, 4'000'000'000U);
}

TEST(PageHeader, is_left_out_of_a_position_only_where_there_is_one) {
  constexpr std::uint64_t page = 3 * 8192;
  constexpr std::uint64_t segment = 16U << 20U;
  EXPECT_EQ(before_page_header({page + 24}), Lsn{page});
  EXPECT_EQ(before_page_header({segment + 40}), Lsn{segment});
  EXPECT_EQ(before_page_header({page + 40}), Lsn{page + 40}) << "the last 16 bytes of a record";
  EXPECT_EQ(before_page_header({page + 48}), Lsn{page + 48});
  EXPECT_EQ(before_page_header({page}), Lsn{page});
}

TEST_F(Catalog, the_server_tells_who_it_is) {
  auto replication = Connection::open(conninfo(), ConnectionUse::replication);
  const auto server = identify(replication);
  EXPECT_EQ(server.systemid, sql.value("SELECT system_identifier FROM pg_control_system()"));
  EXPECT_EQ(server.timeline, 1);
  EXPECT_TRUE(server.position.is_set());
}

}  // namespace
}  // namespace walbrook::postgres::test
