#include <gtest/gtest.h>

#include <thread>

#include "postgres/catalog/catalog_types.h"
#include "postgres/snapshot/snapshot_reader.h"
#include "test/integration/postgres/source_case.h"
#include "test/unit/postgres/batch_cells.h"

namespace walbrook::postgres::test {
namespace {

using std::chrono::steady_clock;
using Readiness = SnapshotReader::Readiness;

class Snapshots : public SourceCase {
 protected:
  Snapshots() : types(conninfo()) {}
  void publish(const std::string& ddl,
               const std::string& what = "FOR ALL TABLES WITH (publish_via_partition_root = true)") {
    sql.exec(ddl);
    sql.exec("CREATE PUBLICATION p " + what);
  }
  // Returns all rows of the prepared table.
  static std::vector<std::string> copied(SnapshotReader& reader, CopyOptions options = {}) {
    std::vector<std::string> rows;
    reader.copy(options,
                [&](const RowBatch& batch, std::size_t wire_bytes) {
                  EXPECT_GT(batch.rows(), 0U);
                  EXPECT_GT(wire_bytes, 0U);
                  for (auto& line : cells(batch)) rows.push_back(std::move(line));
                },
                {});
    return rows;
  }
  std::vector<std::string> copy_all(const std::string& name, CopyFormat format = CopyFormat::binary_where_possible) {
    const auto of = table(name);
    const SnapshotSource source(conninfo(), {}, {});
    SnapshotReader reader(conninfo(), source.name());
    EXPECT_EQ(reader.prepare(of, types, wide_limits), Readiness::ready);
    return copied(reader, {.format = format});
  }

  CatalogTypes types;
};

TEST_F(Snapshots, text_and_binary_give_the_same_rows) {
  publish(
      "CREATE TYPE mood AS ENUM ('calm', 'gl\"ad\\'); CREATE DOMAIN price AS numeric(9,2);"
      "CREATE TABLE a(b bool, i2 int2, i4 int4, i8 int8, o oid, f4 float4, f8 float8, n numeric, n2 numeric(12,4), t "
      "text, vc varchar(20), bc char(5), na name, c \"char\","
      " by bytea, u uuid, d date, ti time, tz timetz, ts timestamp, tsz timestamptz, iv interval, j json, jb jsonb, m "
      "mood, p price, x8 xid8);"
      "INSERT INTO a SELECT NULL FROM generate_series(1, 3);"
      "INSERT INTO a VALUES (true, -32768, 2147483647, -9223372036854775808, 4294967295, '-0', 'NaN', '123.456', "
      "-12.5, E'a\\tb\\nc\\\\d\\re\\b\\f\\v\\\\N \\\\.', '', 'ab', 'nm', 'x',"
      " '\\x00ff5c0a', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '0044-03-15 BC', '24:00', '12:34:56.789+05:30:15', "
      "'infinity', '-infinity', '1 year -2 days 03:04:05.6',"
      " '{\"a\":  \"\\t\"}', '{\"b\": [1, null]}', 'gl\"ad\\', 1.5, '18446744073709551615');"
      "INSERT INTO a(n, n2, t, f4, f8, d) VALUES ('NaN', 'NaN', '\\.', '1e-40', '-inf', 'infinity'), "
      "('12345678901234567890123456789012345678901234567890.5', 0, '\\N', 3.4e38, 5e-324, '9999-12-31'),"
      " ('1e-30', 0.0001, 'größe 🐘', 1, 0.1, '2000-02-29')");
  const auto binary = copy_all("a");
  const auto text = copy_all("a", CopyFormat::text);
  ASSERT_EQ(binary.size(), 7U);
  EXPECT_EQ(binary, text);
}

TEST_F(Snapshots, types_without_a_binary_parser_come_as_text) {
  publish(
      "CREATE TABLE a(id int, net inet, p point, n information_schema.cardinal_number); INSERT INTO a VALUES (1, "
      "'10.0.0.1/8', '(1,2)', 7)");
  EXPECT_EQ(copy_all("a"), copy_all("a", CopyFormat::text));
  EXPECT_EQ(copy_all("a").at(0).substr(0, 8), "01000000");
}

// Rows delivered before cannot be kept: COPY may send the rows in another order the next time.
TEST_F(Snapshots, an_overflow_inside_an_array_needs_text) {
  publish(
      "CREATE TABLE a(v numeric[]); INSERT INTO a SELECT ARRAY[g] FROM generate_series(1, 3000) g;"
      "INSERT INTO a VALUES ('{NaN}'), ('{{1,2},{3,4}}'); INSERT INTO a SELECT ARRAY[g] FROM generate_series(1, 9) g");
  const auto of = table("a");
  const SnapshotSource source(conninfo(), {}, {});
  SnapshotReader reader(conninfo(), source.name());
  ASSERT_EQ(reader.prepare(of, types, wide_limits), Readiness::ready);
  const auto binary = thrown_by([&] { static_cast<void>(copied(reader, {.batch_rows = 100})); });
  expect_says(binary, ErrorKind::data, {"public.a", "\"v\"", "can be read only as text"});
  ASSERT_EQ(reader.prepare(of, types, wide_limits), Readiness::ready);
  std::size_t rows = 0;
  std::vector<std::string> texts;
  reader.copy({.format = CopyFormat::text},
              [&](const RowBatch& batch, std::size_t) {
                rows += batch.rows();
                for (const auto& overflow : batch.columns[0].overflow()) texts.push_back(overflow.text);
              },
              {});
  EXPECT_EQ(rows, 3011U);
  EXPECT_EQ(texts, (std::vector<std::string>{"{NaN}", "{{1,2},{3,4}}"}));
}

TEST_F(Snapshots, small_and_odd_tables) {
  publish(
      "CREATE TABLE empty(id int); CREATE TABLE nocolumns(); INSERT INTO nocolumns DEFAULT VALUES; INSERT INTO "
      "nocolumns DEFAULT VALUES;"
      "CREATE TABLE nulls(t text); INSERT INTO nulls VALUES (NULL), (''), (NULL);"
      "CREATE TABLE gen(id int, g int GENERATED ALWAYS AS (id * 2) STORED); INSERT INTO gen VALUES (1);"
      "CREATE TABLE parent(id int); CREATE TABLE child() INHERITS (parent); INSERT INTO parent VALUES (1); INSERT INTO "
      "child VALUES (2);"
      "CREATE TABLE \"We\"\"ird.\"(\"a b\" int, gone int, \"select\" text); INSERT INTO \"We\"\"ird.\" VALUES (1, 2, "
      "'x'); ALTER TABLE \"We\"\"ird.\" DROP gone");
  for (const auto format : {CopyFormat::binary_where_possible, CopyFormat::text}) {
    EXPECT_TRUE(copy_all("empty", format).empty());
    EXPECT_EQ(copy_all("nocolumns", format).size(), 2U);
    EXPECT_EQ(copy_all("nulls", format), (std::vector<std::string>{"NULL", "", "NULL"}));
    EXPECT_EQ(copy_all("gen", format), std::vector<std::string>{"01000000"});
    EXPECT_EQ(copy_all("parent", format), std::vector<std::string>{"01000000"});
    EXPECT_EQ(copy_all("child", format), std::vector<std::string>{"02000000"});
    EXPECT_EQ(copy_all("We\"ird.", format), std::vector<std::string>{"01000000|78"});
  }
}

TEST_F(Snapshots, column_lists_row_filters_and_partitions) {
  publish(
      "CREATE TABLE a(id int PRIMARY KEY, v text, w int); INSERT INTO a SELECT g, 'x', g FROM generate_series(1, 5) g;"
      "CREATE TABLE r(id int PRIMARY KEY, v int) PARTITION BY RANGE (id); CREATE TABLE r1 PARTITION OF r FOR VALUES "
      "FROM (0) TO (10);"
      "CREATE TABLE r2(v int, id int NOT NULL, PRIMARY KEY (id)); ALTER TABLE r ATTACH PARTITION r2 FOR VALUES FROM "
      "(10) TO (20);"
      "INSERT INTO r VALUES (1, 7), (11, 8), (12, NULL)",
      "FOR TABLE a (id, w) WHERE (id > 3), r WHERE (v > 0) WITH (publish_via_partition_root = true, publish = "
      "'insert')");
  for (const auto format : {CopyFormat::binary_where_possible, CopyFormat::text}) {
    EXPECT_EQ(copy_all("a", format), (std::vector<std::string>{"04000000|04000000", "05000000|05000000"}));
    EXPECT_EQ(copy_all("r", format), (std::vector<std::string>{"01000000|07000000", "0b000000|08000000"}));
  }
}

TEST_F(Snapshots, batches_are_bounded_and_several_tables_share_one_reader) {
  publish(
      "CREATE TABLE a(id int, v text); INSERT INTO a SELECT g, repeat('x', 100) FROM generate_series(1, 10000) g; "
      "CREATE TABLE b(id int); INSERT INTO b VALUES (1)");
  const SnapshotSource source(conninfo(), {}, {});
  SnapshotReader reader(conninfo(), source.name());
  ASSERT_EQ(reader.prepare(table("a"), types, wide_limits), Readiness::ready);
  std::size_t rows = 0;
  std::size_t bytes = 0;
  std::size_t batches = 0;
  reader.copy({.batch_bytes = 64 << 10},
              [&](const RowBatch& batch, std::size_t wire) {
                rows += batch.rows();
                bytes += wire;
                ++batches;
                EXPECT_TRUE(batch.only_inserts());
                EXPECT_LT(batch.bytes(), 128U << 10);
              },
              {});
  EXPECT_EQ(rows, 10'000U);
  EXPECT_GT(bytes, 1'000'000U);
  EXPECT_GE(batches, 10U);
  ASSERT_EQ(reader.prepare(table("a"), types, wide_limits), Readiness::ready);
  batches = 0;
  reader.copy({.batch_rows = 1'000},
              [&](const RowBatch& batch, std::size_t) {
                EXPECT_LE(batch.rows(), 1'064U);
                ++batches;
              },
              {});
  EXPECT_GE(batches, 9U);
  ASSERT_EQ(reader.prepare(table("b"), types, wide_limits), Readiness::ready);
  EXPECT_EQ(copied(reader), std::vector<std::string>{"01000000"});
}

class Staleness : public Snapshots {
 protected:
  // Returns the result of `prepare` for the table if `statement` ran after the snapshot was taken.
  Readiness after(const std::string& statement, const std::string& name = "a") {
    const auto of = table(name);
    const SnapshotSource source(conninfo(), {}, {});
    SnapshotReader reader(conninfo(), source.name());
    sql.exec(statement);
    const auto answer = reader.prepare(of, types, wide_limits);
    // Whatever the result, the reader serves other tables.
    EXPECT_EQ(reader.prepare(table("fine"), types, wide_limits), Readiness::ready);
    EXPECT_EQ(copied(reader), std::vector<std::string>{"07000000"});
    return answer;
  }
};

TEST_F(Staleness, rewrites_and_changes_behind_the_snapshot_are_found) {
  publish(
      "CREATE TABLE fine(id int); INSERT INTO fine VALUES (7);"
      "CREATE TABLE a(id int PRIMARY KEY, v int, w text); INSERT INTO a VALUES (1, 1, 'x')");
  EXPECT_EQ(after("INSERT INTO a VALUES (2, 2, 'y'); ANALYZE a; CREATE INDEX ON a(v)"), Readiness::ready);
  EXPECT_EQ(after("ALTER TABLE a ALTER v TYPE bigint"), Readiness::stale);
  EXPECT_EQ(after("TRUNCATE a"), Readiness::stale);
  EXPECT_EQ(after("VACUUM FULL a"), Readiness::stale);
  EXPECT_EQ(after("ALTER TABLE a RENAME w TO w2"), Readiness::stale);
  EXPECT_EQ(after("ALTER TABLE a RENAME v TO x; ALTER TABLE a RENAME w2 TO v; ALTER TABLE a RENAME x TO w2"),
            Readiness::stale);
  EXPECT_EQ(after("ALTER TABLE a ALTER v TYPE varchar(5000)"), Readiness::stale);
  EXPECT_EQ(after("ALTER TABLE a DROP v"), Readiness::stale);
  EXPECT_EQ(after("ALTER TABLE a ADD y int"), Readiness::ready);
  EXPECT_EQ(after("ALTER TABLE a RENAME TO b"), Readiness::stale);
  EXPECT_EQ(after("CREATE SCHEMA s; ALTER TABLE b SET SCHEMA s", "b"), Readiness::stale);
  EXPECT_EQ(after("DROP TABLE s.b", "b"), Readiness::gone);
  sql.exec("CREATE TABLE a(id int)");
  EXPECT_EQ(after("DROP TABLE a; CREATE TABLE a(id int)"), Readiness::gone);
}

TEST_F(Staleness, a_table_younger_than_the_snapshot_is_stale) {
  publish("CREATE TABLE fine(id int); INSERT INTO fine VALUES (7)");
  const SnapshotSource source(conninfo(), {}, {});
  SnapshotReader reader(conninfo(), source.name());
  sql.exec("CREATE TABLE young(id int)");
  EXPECT_EQ(reader.prepare(table("young"), types, wide_limits), Readiness::stale);
}

TEST_F(Staleness, partitions_that_come_go_or_are_rewritten) {
  publish(
      "CREATE TABLE fine(id int); INSERT INTO fine VALUES (7);"
      "CREATE TABLE r(id int) PARTITION BY RANGE (id); CREATE TABLE r1 PARTITION OF r FOR VALUES FROM (0) TO (10);"
      "CREATE TABLE r2 PARTITION OF r FOR VALUES FROM (10) TO (20); INSERT INTO r VALUES (1), (11)");
  EXPECT_EQ(after("INSERT INTO r VALUES (2)", "r"), Readiness::ready);
  EXPECT_EQ(after("TRUNCATE r1", "r"), Readiness::stale);
  EXPECT_EQ(after("ALTER TABLE r DETACH PARTITION r2", "r"), Readiness::stale);
  EXPECT_EQ(after("ALTER TABLE r ATTACH PARTITION r2 FOR VALUES FROM (10) TO (20)", "r"), Readiness::stale);
  EXPECT_EQ(after("SELECT 1", "r"), Readiness::ready);
}

// The lock is acquired after an ALTER in progress, and its effect is seen.
TEST_F(Staleness, a_rewrite_that_is_under_way_is_waited_for_and_found) {
  publish("CREATE TABLE fine(id int); INSERT INTO fine VALUES (7); CREATE TABLE a(id int); INSERT INTO a VALUES (1)");
  const auto of = table("a");
  const SnapshotSource source(conninfo(), {}, {});
  SnapshotReader reader(conninfo(), source.name());
  Sql altering(conninfo());
  altering.exec("BEGIN; ALTER TABLE a ALTER id TYPE bigint");
  std::jthread end([&] {
    std::this_thread::sleep_for(milliseconds(400));
    altering.exec("COMMIT");
  });
  EXPECT_EQ(reader.prepare(of, types, wide_limits), Readiness::stale);
}

TEST_F(Snapshots, the_lock_holds_until_the_next_table) {
  publish("CREATE TABLE a(id int); CREATE TABLE b(id int)");
  const SnapshotSource source(conninfo(), {}, {});
  SnapshotReader reader(conninfo(), source.name());
  ASSERT_EQ(reader.prepare(table("a"), types, wide_limits), Readiness::ready);
  EXPECT_THROW(sql.exec("SET lock_timeout = '100ms'; ALTER TABLE a ADD v int"), std::runtime_error);
  const auto b = table("b");
  ASSERT_EQ(reader.prepare(b, types, wide_limits), Readiness::ready);
  sql.exec("SET lock_timeout = '2s'; ALTER TABLE a ADD v int");
}

TEST_F(Snapshots, row_security_and_missing_rights_are_errors_with_their_hint) {
  publish(
      "CREATE TABLE secret(id int); ALTER TABLE secret ENABLE ROW LEVEL SECURITY; CREATE TABLE closed(id int); CREATE "
      "TABLE open(id int, hidden int);"
      "CREATE SCHEMA s; CREATE TABLE s.inner(id int); INSERT INTO open VALUES (1, 2)",
      "FOR TABLE secret, closed, open (id), s.inner WITH (publish = 'insert')");
  const auto user = role("REPLICATION");
  sql.exec("GRANT SELECT ON secret TO " + user + "; GRANT SELECT (id) ON open TO " + user +
           "; GRANT SELECT ON s.inner TO " + user);
  const SnapshotSource source(conninfo(), {}, {});
  SnapshotReader reader(conninfo(user), source.name());
  const auto refused = [&](const std::string& name) {
    return thrown_by([&] { reader.prepare(table(name), types, wide_limits); });
  };
  expect_says(refused("secret"), ErrorKind::permission_denied,
              {"public.secret", "row-level security", "ALTER ROLE \"" + user + "\" BYPASSRLS"});
  expect_says(refused("closed"), ErrorKind::permission_denied,
              {"closed", "GRANT SELECT ON \"public\".\"closed\" TO \"" + user + "\""});
  expect_says(refused("inner"), ErrorKind::permission_denied, {"GRANT USAGE ON SCHEMA \"s\" TO \"" + user + "\""});
  ASSERT_EQ(reader.prepare(table("open"), types, wide_limits), Readiness::ready)
      << "the right to the published column is enough";
  EXPECT_EQ(copied(reader), std::vector<std::string>{"01000000"});
}

TEST_F(Snapshots, stop_ends_a_copy_within_a_second) {
  publish(
      "CREATE TABLE a(id int, v text); INSERT INTO a SELECT g, repeat('x', 200) FROM generate_series(1, 200000) g; "
      "CREATE TABLE fine(id int); INSERT INTO fine VALUES (7)");
  const SnapshotSource source(conninfo(), {}, {});
  SnapshotReader reader(conninfo(), source.name());
  ASSERT_EQ(reader.prepare(table("a"), types, wide_limits), Readiness::ready);
  std::stop_source stop;
  steady_clock::time_point asked;
  std::size_t rows = 0;
  const auto ended = thrown_by([&] {
    reader.copy(
        {.batch_rows = 1'000},
        [&](const RowBatch& batch, std::size_t) {
          rows += batch.rows();
          if (!stop.stop_requested()) asked = steady_clock::now();
          stop.request_stop();
        },
        stop.get_token());
  });
  EXPECT_LT(steady_clock::now() - asked, std::chrono::seconds(10));
  expect_says(ended, ErrorKind::source_not_ready, {"public.a", "stopped"});
  EXPECT_LT(rows, 200'000U);
  ASSERT_EQ(reader.prepare(table("fine"), types, wide_limits), Readiness::ready);
  EXPECT_EQ(copied(reader), std::vector<std::string>{"07000000"});
}

TEST_F(Snapshots, an_error_of_the_sink_leaves_the_reader_usable) {
  publish("CREATE TABLE a(id int); INSERT INTO a SELECT generate_series(1, 100000)");
  const SnapshotSource source(conninfo(), {}, {});
  SnapshotReader reader(conninfo(), source.name());
  ASSERT_EQ(reader.prepare(table("a"), types, wide_limits), Readiness::ready);
  EXPECT_THROW(
      reader.copy({.batch_rows = 1'000}, [](const RowBatch&, std::size_t) { throw std::runtime_error("full"); }, {}),
      std::runtime_error);
  ASSERT_EQ(reader.prepare(table("a"), types, wide_limits), Readiness::ready);
  EXPECT_EQ(copied(reader).size(), 100'000U);
}

}  // namespace
}  // namespace walbrook::postgres::test
