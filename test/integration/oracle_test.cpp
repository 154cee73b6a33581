// The oracle itself: a copy made by hand is equal, and each way in which it may differ is reported.
#include "test/support/oracle.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "test/support/duck_reader.h"
#include "test/support/postgres_server.h"

namespace walbrook::test {
namespace {

// A source table `t`, and a copy of it that a test alters.
class Oracle : public ::testing::Test {
 protected:
  Oracle() : folder_("oracle"), database_(PostgresServer::shared()), source_(database_.conninfo()) {}

  void source(const std::string& sql) { source_.exec(sql); }
  void copy(const std::string& sql) { DuckReader(file(), DuckReader::Access::read_write).exec(sql); }
  void begin_copy(const std::string& columns, const std::string& json) {
    copy(
        "CREATE SCHEMA _walbrook; CREATE SCHEMA public; "
        "CREATE TABLE _walbrook.outputs(source_schema VARCHAR, source_name VARCHAR, target_schema VARCHAR, "
        "target_name VARCHAR, state VARCHAR, reason VARCHAR); "
        "CREATE TABLE _walbrook.targets(schema_name VARCHAR, table_name VARCHAR, kind VARCHAR, columns VARCHAR); "
        "INSERT INTO _walbrook.outputs VALUES ('public', 't', 'public', 't', 'streaming', NULL); "
        "INSERT INTO _walbrook.targets VALUES ('public', 't', 'live', " +
        quote_literal(json) +
        "); "
        "CREATE TABLE public.t(" +
        columns + ")");
  }
  std::filesystem::path file() const { return folder_ / "copy.duckdb"; }
  std::string found() { return differences({.conninfo = database_.conninfo(), .file = file()}); }

 private:
  TempFolder folder_;
  ScratchDatabase database_;
  Sql source_;
};

std::string json_of(const std::vector<std::string>& names) {
  std::string json;
  for (const auto& name : names) {
    json += fmt::format(R"({}{{"name":"{}","source":"{}","overflow":false}})", json.empty() ? "" : ",", name, name);
  }
  return "[" + json + "]";
}

TEST_F(Oracle, equal_values_of_every_type_are_equal) {
  source(
      "CREATE TABLE t(b bool, i int2, n numeric, d numeric(3,3), f float8, r float4, y bytea, u uuid, dt date, tm "
      "time, tz "
      "timetz, ts timestamp, tstz timestamptz, iv interval, j jsonb, c char(5), a int[]); CREATE PUBLICATION walbrook "
      "FOR "
      "TABLE t; INSERT INTO t VALUES (true, -1, 1.500, 0.5, '-0', 'NaN', '\\x00ff', "
      "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '0044-03-15 BC', '24:00', '12:00:00.5+05:30:15', '0044-03-15 10:00:00.5 "
      "BC', "
      "'12345-01-02 03:04:05+01', '-14 months -3 days 100:10:10.123456', '{\"a\": 1}', 'ab', '{1,NULL}'), "
      "(NULL, NULL, 0, -0.5, 'Infinity', '-Infinity', '', NULL, 'infinity', '00:00', '00:00-15', '-infinity', "
      "'infinity', "
      "'0', 'null', NULL, NULL)");
  begin_copy(
      "b BOOLEAN, i SMALLINT, n DECIMAL(38,9), d DECIMAL(3,3), f DOUBLE, r FLOAT, y BLOB, u UUID, dt DATE, tm TIME, tz "
      "TIMETZ, "
      "ts TIMESTAMP, tstz TIMESTAMPTZ, iv INTERVAL, j JSON, c VARCHAR, a INTEGER[]",
      json_of({"b", "i", "n", "d", "f", "r", "y", "u", "dt", "tm", "tz", "ts", "tstz", "iv", "j", "c", "a"}));
  copy(
      "SET TimeZone = 'UTC'; INSERT INTO public.t VALUES (true, -1, 1.5, 0.5, '-0'::DOUBLE, 'nan', '\\x00\\xFF'::BLOB, "
      "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '0044-03-15 (BC)', '24:00:00', '12:00:00.5+05:30:15', "
      "'0044-03-15 (BC) 10:00:00.5', '12345-01-02 02:04:05+00', INTERVAL '-14 months' + INTERVAL '-3 days' + INTERVAL "
      "'100:10:10.123456', '{\"a\": 1}', 'ab   ', [1, NULL]), (NULL, NULL, 0, -0.5, 'inf', '-inf', '', NULL, "
      "'infinity', "
      "'00:00:00', '00:00:00-15', '-infinity', 'infinity', INTERVAL 0 DAYS, 'null', NULL, NULL)");
  EXPECT_EQ(found(), "");
}

TEST_F(Oracle, a_different_value_is_shown_by_key) {
  source(
      "CREATE TABLE t(id int PRIMARY KEY, f float8, v text); CREATE PUBLICATION walbrook FOR TABLE t; "
      "INSERT INTO t VALUES (1, 0, 'x'), (2, 0, 'only here')");
  begin_copy("id INTEGER, f DOUBLE, v VARCHAR", json_of({"id", "f", "v"}));
  copy("INSERT INTO public.t VALUES (1, '-0'::DOUBLE, NULL), (3, 0, 'only there'), (3, 0, 'only there')");
  const auto text = found();
  EXPECT_NE(text.find("row id='1': f source '000"), std::string::npos) << text;
  EXPECT_NE(text.find("v source 'x', copy NULL"), std::string::npos) << text;
  EXPECT_NE(text.find("only in the source: id='2'"), std::string::npos) << text;
  EXPECT_NE(text.find("only in the copy: id='3'"), std::string::npos) << text;
  EXPECT_NE(text.find("2 rows only in the source, 3 only in the copy"), std::string::npos) << text;
}

// Each of these changes one thing somewhere inside a value.
TEST_F(Oracle, nested_values_are_compared_to_the_bottom) {
  source(
      "CREATE EXTENSION hstore; CREATE TYPE pair AS (a int, b text); CREATE TABLE t(l text[], ps pair[], p pair, h "
      "hstore, b varbit); CREATE PUBLICATION walbrook FOR TABLE t; INSERT INTO t VALUES ('{a,NULL,\"NULL\",\"\"}', "
      "ARRAY[ROW(1, 'x')::pair, NULL, ROW(NULL, NULL)::pair], ROW(2, 'y'), 'k=>v, n=>NULL', '0101'), "
      "('{}', '{}', ROW(NULL, NULL), '', '1')");
  begin_copy(
      "l VARCHAR[], ps STRUCT(a INTEGER, b VARCHAR)[], p STRUCT(a INTEGER, b VARCHAR), h MAP(VARCHAR, VARCHAR), b BIT",
      json_of({"l", "ps", "p", "h", "b"}));
  copy(
      "INSERT INTO public.t VALUES (['a', NULL, 'NULL', ''], [{'a': 1, 'b': 'x'}, NULL, {'a': NULL, 'b': NULL}], "
      "{'a': 2, 'b': 'y'}, MAP{'n': NULL, 'k': 'v'}, '0101'), ([], [], {'a': NULL, 'b': NULL}, MAP{}, '1')");
  EXPECT_EQ(found(), "");
  const std::string first = " WHERE b = '0101'::BIT";
  const std::string second = " WHERE b = '1'::BIT";
  const std::vector<std::pair<std::string, std::string>> spoilt = {
      {"l", "['a', NULL, NULL, '']" + first},
      {"l", "['a', NULL, 'NULL', NULL]" + first},
      {"l", "['a', NULL, 'NULL']" + first},
      {"l", "['a', 'NULL', NULL, '']" + first},
      {"l", "NULL" + second},
      {"l", "[NULL]" + second},
      {"ps", "[{'a': 1, 'b': 'x'}, {'a': NULL, 'b': NULL}, {'a': NULL, 'b': NULL}]" + first},
      {"ps", "[{'a': 1, 'b': 'x'}, NULL, NULL]" + first},
      {"ps", "[{'a': 1, 'b': 'z'}, NULL, {'a': NULL, 'b': NULL}]" + first},
      {"p", "{'a': 2, 'b': NULL}" + first},
      {"p", "NULL" + second},
      {"h", "MAP{'k': 'v', 'n': 'NULL'}" + first},
      {"h", "MAP{'k': 'v'}" + first},
      {"h", "NULL" + second},
      {"b", "'101'::BIT" + first}};
  for (const auto& [column, value] : spoilt) {
    copy("CREATE TABLE public.kept AS FROM public.t; UPDATE public.t SET " + column + " = " + value);
    EXPECT_NE(found().find("only in the copy"), std::string::npos) << column << " = " << value;
    copy("DELETE FROM public.t; INSERT INTO public.t FROM public.kept; DROP TABLE public.kept");
  }
  EXPECT_EQ(found(), "");
  copy("ALTER TABLE public.t DROP COLUMN p; ALTER TABLE public.t ADD COLUMN p STRUCT(a INTEGER, c VARCHAR)");
  EXPECT_NE(found().find("column p is STRUCT(a INTEGER, c VARCHAR), not STRUCT(a INTEGER, b VARCHAR)"),
            std::string::npos)
      << found();
}

TEST_F(Oracle, an_overflow_column_holds_what_postgres_prints) {
  source(
      "CREATE TABLE t(n numeric); CREATE PUBLICATION walbrook FOR TABLE t; "
      "INSERT INTO t VALUES ('NaN'), (1.12345678901230), (2)");
  begin_copy("n DECIMAL(38,9), n__v_text VARCHAR",
             R"([{"name":"n","source":"n","overflow":false},{"name":"n__v_text","source":"n","overflow":true}])");
  copy("INSERT INTO public.t VALUES (NULL, 'NaN'), (NULL, '1.12345678901230'), (2, NULL)");
  EXPECT_EQ(found(), "");
  copy("UPDATE public.t SET n__v_text = '1.1234567890123' WHERE n__v_text <> 'NaN'");
  EXPECT_NE(found().find("overflow '1.1234567890123'"), std::string::npos) << found();
  copy("UPDATE public.t SET n__v_text = '2' WHERE n = 2");
  EXPECT_NE(found().find("both column and overflow column are set"), std::string::npos) << found();
}

TEST_F(Oracle, columns_types_states_and_stray_tables_are_told) {
  source(
      "CREATE TABLE t(id int PRIMARY KEY, v text); CREATE TABLE missing(id int); "
      "CREATE PUBLICATION walbrook FOR ALL TABLES");
  begin_copy("id BIGINT, w VARCHAR", json_of({"id", "w"}));
  copy("CREATE TABLE public.stray(id INTEGER); UPDATE _walbrook.outputs SET state = 'pending', reason = 'waits'");
  const auto text = found();
  for (const char* part :
       {"public.missing is missing", "public.t is pending: waits", "column id is BIGINT, not INTEGER",
        "column v is missing", "column w is in the target", "public.stray is in the target and"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " is missing in\n" << text;
  }
}

}  // namespace
}  // namespace walbrook::test
