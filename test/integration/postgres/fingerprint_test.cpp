// The traces of statements in the catalog, on every server, and what the comparison concludes from them.
#include "postgres/catalog/fingerprint.h"

#include <gtest/gtest.h>

#include "test/integration/postgres/source_case.h"

namespace walbrook::postgres::test {
namespace {

using walbrook::test::installed_bin_dir;
using Kind = Difference::Kind;

constexpr int default_server = 0;
constexpr const char* by_name = "CREATE PUBLICATION p FOR TABLE t";
constexpr const char* by_schema = "CREATE PUBLICATION p FOR TABLES IN SCHEMA s";
constexpr const char* all_tables = "CREATE PUBLICATION p FOR ALL TABLES";
constexpr const char* via_root = "CREATE PUBLICATION p FOR TABLE t WITH (publish_via_partition_root = true)";
constexpr const char* by_leaf = "CREATE PUBLICATION p FOR TABLE t WITH (publish_via_partition_root = false)";

// Every case starts in a new schema s. Table t has columns id, v, n (with a default), w, and m, which was added with a
// default; or it is partitioned, with leaves t1 and t2.
struct Case {
  const char* publication;
  std::vector<std::string> statements;
  Kind kind;
  int least_server = 14;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      // Statements that do not change rows.
      {by_name, {"ANALYZE t", "VACUUM t", "REINDEX TABLE t"}, Kind::none},
      {by_name, {"ALTER TABLE t ALTER v SET STATISTICS 50"}, Kind::none},
      {by_name, {"ALTER TABLE t ALTER v SET STORAGE EXTERNAL"}, Kind::none},
      {by_name, {"ALTER TABLE t ALTER v SET NOT NULL"}, Kind::none},
      {by_name, {"ALTER TABLE t ALTER v SET (n_distinct = 5)"}, Kind::none},
      {by_name, {"GRANT SELECT ON t TO PUBLIC", "GRANT SELECT (v) ON t TO PUBLIC"}, Kind::none},
      {by_name, {"COMMENT ON COLUMN t.v IS 'x'", "CREATE INDEX ON t(v)"}, Kind::none},
      {by_name, {"ALTER TABLE t ALTER n SET DEFAULT 7", "ALTER TABLE t ALTER m DROP DEFAULT"}, Kind::none},
      {by_name, {"ALTER TABLE t DROP COLUMN v"}, Kind::none},
      {by_name, {"ALTER TABLE t ALTER n TYPE int USING n"}, Kind::none},
      {by_name, {"ALTER TABLE t REPLICA IDENTITY FULL"}, Kind::none},
      {by_name,
       {"CREATE TABLE q(id int, v text)", "ALTER TABLE t INHERIT q", "ALTER TABLE t NO INHERIT q"},
       Kind::none},
      {by_name, {"CREATE SCHEMA x", "ALTER TABLE t SET SCHEMA x", "ALTER TABLE x.t SET SCHEMA s"}, Kind::none},
      {all_tables, {"CREATE SCHEMA x", "ALTER TABLE t SET SCHEMA x", "ALTER TABLE x.t SET SCHEMA s"}, Kind::none},
      {all_tables, {"GRANT SELECT ON t TO PUBLIC", "ANALYZE t", "ALTER TABLE t ALTER v SET STATISTICS 50"}, Kind::none},
      // The file is new, and a table that is listed by name cannot have been unlogged in between.
      {by_name, {"VACUUM FULL t"}, Kind::none},
      {by_name, {"CLUSTER t USING t_pkey"}, Kind::none},
      {by_name, {"TRUNCATE t"}, Kind::none},
      {by_name, {"VACUUM FULL t", "VACUUM FREEZE pg_attribute", "VACUUM FULL pg_attribute"}, Kind::none},
      {by_name, {"ALTER TABLE t ALTER m SET STATISTICS 5", "VACUUM FULL t"}, Kind::none},
      // Other tables can.
      {all_tables, {"VACUUM FULL t"}, Kind::ambiguous},
      {all_tables, {"TRUNCATE t"}, Kind::ambiguous},
      {all_tables,
       {"ALTER TABLE t SET UNLOGGED", "INSERT INTO t VALUES (9)", "ALTER TABLE t SET LOGGED"},
       Kind::ambiguous},
      {by_schema, {"VACUUM FULL t"}, Kind::ambiguous, 15},
      // VACUUM FULL and an alteration between two polls.
      {by_name, {"ALTER TABLE t ALTER v SET STATISTICS 50", "VACUUM FULL t"}, Kind::ambiguous},
      {by_name, {"ALTER TABLE t ALTER m DROP DEFAULT", "VACUUM FULL t"}, Kind::ambiguous},
      // Rewrites.
      {by_name, {"ALTER TABLE t ALTER v TYPE text USING lower(v)"}, Kind::missed},
      {by_name, {"ALTER TABLE t ALTER n TYPE int USING n * 10"}, Kind::missed},
      {by_name, {"ALTER TABLE t ALTER m TYPE text USING lower(m)"}, Kind::missed},
      {by_name, {"ALTER TABLE t ALTER v TYPE text USING lower(v)", "VACUUM FULL t"}, Kind::missed},
      {by_name, {"ALTER TABLE t ALTER g SET EXPRESSION AS (id * 3)"}, Kind::missed, 17},
      {all_tables, {"ALTER TABLE t ALTER v TYPE text USING lower(v)"}, Kind::missed},
      // Columns.
      {by_name, {"ALTER TABLE t DROP COLUMN w", "ALTER TABLE t ADD COLUMN w varchar(10)"}, Kind::reshaped},
      {by_name, {"ALTER TABLE t DROP COLUMN m", "ALTER TABLE t ADD COLUMN m text DEFAULT 'x'"}, Kind::reshaped},
      {by_name, {"ALTER TABLE t ADD COLUMN z float DEFAULT random()"}, Kind::reshaped},
      {by_name, {"ALTER TABLE t RENAME COLUMN v TO vv"}, Kind::reshaped},
      {by_name, {"ALTER TABLE t DROP COLUMN v", "ALTER TABLE t RENAME COLUMN m TO v"}, Kind::reshaped},
      {by_name, {"ALTER TABLE t ALTER n TYPE bigint"}, Kind::reshaped},
      {by_name, {"ALTER TABLE t ALTER w TYPE varchar(20)"}, Kind::reshaped},
      {by_name, {"ALTER TABLE t ALTER g DROP EXPRESSION"}, Kind::none},  // its values stay; that it is published is new
      // The publication.
      {by_name, {"ALTER PUBLICATION p DROP TABLE t", "ALTER PUBLICATION p ADD TABLE t"}, Kind::missed},
      {by_name,
       {"ALTER PUBLICATION p SET (publish = 'insert')",
        "ALTER PUBLICATION p SET (publish = 'insert, update, delete, truncate')"},
       Kind::missed},
      {by_name,
       {"DROP TABLE t", "CREATE TABLE t(id int PRIMARY KEY)", "ALTER PUBLICATION p ADD TABLE t"},
       Kind::reshaped},
      {by_schema, {"CREATE SCHEMA x", "ALTER TABLE t SET SCHEMA x", "ALTER TABLE x.t SET SCHEMA s"}, Kind::missed, 15},
      // Types.
      {by_name, {"ALTER TYPE mood ADD VALUE 'bored' BEFORE 'calm'"}, Kind::none},
      {by_name, {"ALTER TYPE mood RENAME VALUE 'calm' TO 'quiet'"}, Kind::missed},
      {by_name, {"ALTER TYPE inner_mood RENAME VALUE 'calm' TO 'quiet'"}, Kind::missed},
      {by_name, {"ALTER TYPE range_mood RENAME VALUE 'calm' TO 'quiet'"}, Kind::missed},
      {by_name, {"ALTER TYPE pair ADD ATTRIBUTE z int"}, Kind::reshaped},
      // Partitions.
      {via_root, {"ANALYZE t", "VACUUM t1", "ALTER TABLE t ALTER v SET STATISTICS 5"}, Kind::none},
      {via_root, {"CREATE TABLE t3 PARTITION OF t FOR VALUES FROM (20) TO (30)"}, Kind::none},
      {by_leaf, {"CREATE TABLE t3 PARTITION OF t FOR VALUES FROM (20) TO (30)"}, Kind::missed},
      {via_root,
       {"BEGIN; CREATE TABLE t3 (LIKE t); INSERT INTO t3 VALUES (21); ALTER TABLE t ATTACH PARTITION t3 FOR VALUES "
        "FROM (20) TO (30); COMMIT"},
       Kind::missed},
      {via_root,
       {"CREATE TABLE t3 (LIKE t)", "ALTER TABLE t ATTACH PARTITION t3 FOR VALUES FROM (20) TO (30)"},
       Kind::missed},
      {via_root, {"ALTER TABLE t DETACH PARTITION t1"}, Kind::missed},
      {via_root, {"DROP TABLE t1"}, Kind::missed},
      {via_root,
       {"ALTER TABLE t DETACH PARTITION t1", "ALTER TABLE t ATTACH PARTITION t1 FOR VALUES FROM (0) TO (10)"},
       Kind::missed},
      {by_leaf,
       {"ALTER TABLE t DETACH PARTITION t1", "ALTER TABLE t ATTACH PARTITION t1 FOR VALUES FROM (0) TO (10)"},
       Kind::missed},
      {via_root, {"TRUNCATE t1"}, Kind::ambiguous},
      {via_root, {"VACUUM FULL t2"}, Kind::ambiguous},
      {via_root, {"ALTER TABLE t1 SET UNLOGGED", "ALTER TABLE t1 SET LOGGED"}, Kind::ambiguous},
      {by_leaf, {"ALTER TABLE t1 SET UNLOGGED", "ALTER TABLE t1 SET LOGGED"}, Kind::ambiguous},
      {via_root, {"ALTER TABLE t ALTER v TYPE text USING lower(v)"}, Kind::missed},
      {via_root, {"ALTER TABLE t DROP COLUMN v", "ALTER TABLE t ADD COLUMN v text"}, Kind::reshaped},
  };
  return all;
}

class FingerprintOn : public SourceCase, public testing::WithParamInterface<int> {
 protected:
  FingerprintOn() : SourceCase(PostgresServer::shared(bin_dir())) {}
  static std::string bin_dir() { return GetParam() == default_server ? "" : installed_bin_dir(GetParam()); }

  void make_table(bool partitioned) {
    const auto execute = [this](const std::string& statement) { sql.exec(statement); };
    execute("DROP PUBLICATION IF EXISTS p");
    execute("DROP SCHEMA IF EXISTS s CASCADE; DROP SCHEMA IF EXISTS x CASCADE; CREATE SCHEMA s");
    execute("SET search_path = s");
    if (partitioned) {
      execute("CREATE TABLE t(id int PRIMARY KEY, v text) PARTITION BY RANGE (id)");
      execute("CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (10)");
      execute("CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (10) TO (20)");
      execute("INSERT INTO t VALUES (1, 'A'), (11, 'B')");
      return;
    }
    execute("CREATE TYPE mood AS ENUM ('calm', 'glad'); CREATE TYPE inner_mood AS ENUM ('calm', 'glad')");
    execute("CREATE TYPE range_mood AS ENUM ('calm', 'glad'); CREATE TYPE span AS RANGE (subtype = range_mood)");
    execute("CREATE TYPE pair AS (a int, b inner_mood); CREATE DOMAIN pairs AS pair[]");
    execute(
        "CREATE TABLE t(id int PRIMARY KEY, v text, n int DEFAULT 5, w varchar(10), e mood, ps pairs, r span, g int "
        "GENERATED ALWAYS AS (id * 2) STORED)");
    execute("INSERT INTO t(id, v, w) VALUES (1, 'A', 'x')");
    execute("ALTER TABLE t ADD COLUMN m text DEFAULT 'Missing'");
  }
};

TEST_P(FingerprintOn, each_command_is_seen_as_what_it_is) {
  if (GetParam() != default_server && bin_dir().empty()) GTEST_SKIP() << "PostgreSQL " << GetParam() << " is not there";
  const int major = catalog.server_version() / 10'000;
  for (const auto& each : cases()) {
    if (major < each.least_server) continue;
    SCOPED_TRACE(each.publication + std::string(": ") + each.statements.front() + " …");
    make_table(each.publication == std::string(via_root) || each.publication == std::string(by_leaf));
    sql.exec(each.publication);
    const auto before = table("t");
    for (const auto& statement : each.statements) sql.exec(statement);
    const auto now = table("t");
    // All columns of the table are copied, and no TRUNCATE explains a new file.
    const auto found =
        compare(parse_fingerprint(before.fingerprint), parse_fingerprint(now.fingerprint), now.columns, {});
    EXPECT_EQ(found.kind, each.kind) << found.reason << "\n" << before.fingerprint << "\n" << now.fingerprint;
    EXPECT_EQ(found.reason.empty(), found.kind == Kind::none);
  }
}

TEST_P(FingerprintOn, a_truncate_that_the_stream_brought_explains_the_new_file) {
  if (GetParam() != default_server && bin_dir().empty()) GTEST_SKIP() << "PostgreSQL " << GetParam() << " is not there";
  for (const bool partitioned : {false, true}) {
    make_table(partitioned);
    sql.exec(all_tables + std::string(" WITH (publish_via_partition_root = true)"));
    const auto before = parse_fingerprint(table("t").fingerprint);
    const auto difference = [&](RowVersion truncate) {
      const auto now = table("t");
      return compare(before, parse_fingerprint(now.fingerprint), now.columns, {&truncate, 1});
    };
    sql.exec("BEGIN");
    const auto xid = static_cast<RowVersion>(std::stoul(sql.value("SELECT pg_current_xact_id()")));
    sql.exec("TRUNCATE t; COMMIT");
    EXPECT_EQ(difference(xid).kind, Kind::none);
    EXPECT_EQ(difference(xid + 1).kind, Kind::ambiguous);
    EXPECT_TRUE(difference(xid + 1).may_be_truncate);
    sql.exec("GRANT SELECT ON t TO PUBLIC");  // the TOAST table's row still shows it
    EXPECT_EQ(difference(xid).kind, Kind::none);
    sql.exec(partitioned ? "VACUUM FULL t1" : "VACUUM FULL t");
    EXPECT_EQ(difference(xid).kind, Kind::ambiguous);

    const auto again = parse_fingerprint(table("t").fingerprint);
    sql.exec("BEGIN");
    const auto other = static_cast<RowVersion>(std::stoul(sql.value("SELECT pg_current_xact_id()")));
    sql.exec("TRUNCATE t; INSERT INTO t VALUES (1, 'A'); ALTER TABLE t ALTER v TYPE text USING lower(v); COMMIT");
    const auto now = table("t");
    EXPECT_EQ(compare(again, parse_fingerprint(now.fingerprint), now.columns, {&other, 1}).kind, Kind::missed)
        << "a rewrite in the same transaction";
  }
}

INSTANTIATE_TEST_SUITE_P(Servers, FingerprintOn, testing::Values(default_server, 14, 16, 17, 18),
                         [](const auto& tested) {
                           return tested.param == 0 ? "Default" : std::to_string(tested.param);
                         });

TEST(FingerprintText, is_refused_where_it_is_none) {
  expect_says(thrown_by([] { static_cast<void>(parse_fingerprint("p1.2/t3")); }), ErrorKind::destination,
              {"fingerprint", "cannot be read"});
  expect_says(thrown_by([] { static_cast<void>(parse_fingerprint("{}")); }), ErrorKind::destination, {"fingerprint"});
}

}  // namespace
}  // namespace walbrook::postgres::test
