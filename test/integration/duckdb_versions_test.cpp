// Files that walbrook wrote, read and written by DuckDB's Python module of two versions, and files of a newer format.
// tools/install-duckdb-versions fetches the versions; without them the tests are skipped.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

namespace fs = std::filesystem;

const fs::path fetched = fs::path(WALBROOK_SOURCE_DIR) / "build/duckdb-versions";
constexpr const char* own_version = "1.5.5";
constexpr const char* newest_version = "2.0.1";

// Runs statements in DuckDB of that version, and prints the rows of the last one.
ProcessResult in_duckdb(const std::string& version, const std::string& statements) {
  constexpr const char* script =
      "import sys, duckdb\n"
      "assert duckdb.__version__ == sys.argv[1], duckdb.__version__\n"
      "for row in duckdb.connect().execute(sys.argv[2]).fetchall(): print(row)\n";
  return run({.argv = {"python3", "-c", script, version, "SET TimeZone = 'UTC'; " + statements},
              .env = {{"PYTHONPATH", (fetched / "python" / version).string()}, {"PYTHONDONTWRITEBYTECODE", "1"}}});
}

// Each type of docs/types.md, with NULLs, edges, and values that go to overflow columns.
constexpr const char* every_type = R"(
  CREATE EXTENSION hstore;
  CREATE TYPE mood AS ENUM ('calm', 'it''s');
  CREATE DOMAIN price AS numeric(7,3);
  CREATE TYPE pair AS (a int, b text);
  CREATE TABLE everything(id int PRIMARY KEY, bo bool, i2 int2, i8 int8, o oid, x xid8, r float4, d float8, n
  numeric(10,2), m numeric, w numeric(38,10), t text, v varchar(20), c char(5), j json, jb jsonb, y bytea, u uuid,
  dt date, tm time, tz timetz, ts timestamp, tstz timestamptz, iv interval, e mood, p price, bt bit(5), vb varbit,
  a int[], ta text[], s pair, sa pair[], h hstore, ra int4range, ip inet, xm xml);
  INSERT INTO everything VALUES (1, true, -32768, 9223372036854775807, 4294967295, '18446744073709551615', 1.5,
  0.1, 12345678.90, 1.000000001, -9999999999999999999999999999.0123456789, E'Gr\u00fc\u00dfe \U0001F986', 'short',
  'ab', '{"a" : 1}', '{"b": [2, null]}', '\x00ff', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '2026-11-29', '24:00',
  '12:00:00.5+05:30', '2026-11-29 10:11:12.123456', '2026-11-29 10:11:12+01', '1 year -2 days 03:04:05', 'it''s',
  -1.125, B'10101', B'1', '{1,NULL,3}', '{"a,b",NULL}', '(7,seven)', ARRAY[ROW(1,'x')::pair, NULL], 'k=>v,n=>NULL',
  '[1,5)', '10.0.0.1/8', '<a>x</a>');
  INSERT INTO everything(id) VALUES (2);
  INSERT INTO everything VALUES (3, false, 32767, -9223372036854775808, 0, '0', 'NaN', '-Infinity', -0.01, 'NaN',
  0, '', '', '', 'null', '[]', '', '00000000-0000-0000-0000-000000000000', '-infinity', '00:00', '00:00-15',
  '0044-03-15 10:00 BC', 'infinity', '-14 months', 'calm', 0, B'00000', B'', '{}', '{{a,b},{c,d}}', '(,)', '{}',
  '', 'empty', '::1', NULL);)";

class FilesForDuckDb : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(fetched / "complete")) {
      GTEST_SKIP() << "DuckDB's Python modules are not there; tools/install-duckdb-versions fetches them";
    }
    db_.exec(every_type);
    replicate();
    db_.exec(
        "CREATE TEMP TABLE again AS SELECT * FROM everything WHERE id = 1; UPDATE again SET id = 4; INSERT INTO "
        "everything TABLE again; UPDATE everything SET t = repeat('long', 1000), a = '{9}' WHERE id = 3");
    replicate();
  }
  void replicate() const {
    const auto result = db_.pipeline.run();
    ASSERT_EQ(result.exit_code, 0) << result.describe();
    ASSERT_EQ(db_.differences(), "") << result.describe();
  }
  // Has that version copy the file's contents into a new file of the given format.
  void copy(const std::string& version, const fs::path& from, const fs::path& to, const std::string& format) const {
    const auto copied = in_duckdb(
        version, fmt::format("ATTACH '{}' AS old (READ_ONLY); ATTACH '{}' AS new (STORAGE_VERSION '{}'); COPY FROM "
                             "DATABASE old TO new; SELECT 'done'",
                             from.string(), to.string(), format));
    ASSERT_EQ(copied.out, "('done',)\n") << copied.describe();
  }

  ReplicatedDatabase db_;
};

class DuckDbVersions : public FilesForDuckDb, public ::testing::WithParamInterface<const char*> {};

// What the other version reads, it writes into a file, which is compared with the source.
TEST_P(DuckDbVersions, read_every_type_as_the_source_has_it) {
  const auto before = read_file(db_.file());
  const auto there = (db_.folder() / "read.duckdb").string();
  copy(GetParam(), db_.file(), there, "v1.5.0");
  EXPECT_TRUE(read_file(db_.file()) == before) << "reading changed the file";
  auto comparison = db_.comparison;
  comparison.file = there;
  EXPECT_EQ(differences(comparison), "");
  const auto row =
      in_duckdb(GetParam(), fmt::format("ATTACH '{}' AS f (READ_ONLY); SELECT id, n, e, a, s, h, x, u::text "
                                        "FROM f.public.everything WHERE id = 1",
                                        db_.file().string()));
  EXPECT_EQ(row.out,
            "(1, Decimal('12345678.90'), \"it's\", [1, None, 3], {'a': 7, 'b': 'seven'}, {'k': 'v', 'n': None}, "
            "18446744073709551615, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11')\n")
      << row.describe();
}

TEST_P(DuckDbVersions, write_into_the_file_between_two_runs) {
  const auto wrote =
      in_duckdb(GetParam(), fmt::format("ATTACH '{}' AS f; CREATE TABLE f.main.notes AS SELECT range AS i "
                                        "FROM range(10000); DROP TABLE f.main.notes; USE f; CREATE VIEW "
                                        "main.calm AS SELECT id FROM public.everything WHERE e = "
                                        "'calm'; CHECKPOINT f; SELECT 'done'",
                                        db_.file().string()));
  ASSERT_EQ(wrote.out, "('done',)\n") << wrote.describe();
  db_.exec("DELETE FROM everything WHERE id = 2; UPDATE everything SET e = 'calm' WHERE id = 4");
  replicate();
  EXPECT_EQ(db_.copied_value("SELECT count(*) FROM main.calm"), "2");
}

INSTANTIATE_TEST_SUITE_P(Versions, DuckDbVersions, ::testing::Values(own_version, newest_version),
                         [](const auto& test) { return std::string(test.param) == own_version ? "own" : "newest"; });

// The message says which version wrote the file, and its hint is carried out here: the copy goes on where the file was.
TEST_F(FilesForDuckDb, a_file_of_the_newest_format_is_refused_and_its_copy_accepted) {
  const auto newest = db_.folder() / "newest.duckdb";
  copy(newest_version, db_.file(), newest, "latest");
  const auto before = read_file(newest);
  db_.pipeline.file = db_.comparison.file = newest;
  std::string hint;
  for (const auto& [command, arguments] : std::vector<std::pair<std::string, std::vector<std::string>>>{
           {"run", {}}, {"check", {}}, {"status", {}}, {"sql", {"SELECT 1"}}}) {
    const auto refused = run(db_.pipeline.command(command, arguments));
    const auto said = refused.out + refused.err;
    EXPECT_EQ(refused.exit_code, 4) << refused.describe();
    EXPECT_NE(said.find(fmt::format("the destination {} was written by another version of DuckDB, v{}: ",
                                    newest.string(), newest_version)),
              std::string::npos)
        << refused.describe();
    const auto at = said.find("ATTACH '");
    ASSERT_NE(at, std::string::npos) << refused.describe();
    hint = said.substr(at, said.find(" TO new;") + 8 - at);
  }
  EXPECT_TRUE(read_file(newest) == before) << "the file was changed";

  const auto followed = in_duckdb(newest_version, hint + " SELECT 'done'");
  ASSERT_EQ(followed.out, "('done',)\n") << followed.describe();
  db_.pipeline.file = db_.comparison.file = newest.string() + ".copy";
  db_.exec("INSERT INTO everything(id, t) VALUES (5, 'after the copy')");
  replicate();
}

}  // namespace
}  // namespace walbrook::test
