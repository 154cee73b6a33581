// What a query may do: it reads this file, and none of DuckDB's other features can be reached.
#include <duckdb.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "base/error.h"
#include "destination/duckdb/query_functions.h"
#include "destination/duckdb/query_references.h"
#include "test/contract/duckdb_user.h"
#include "test/unit/duckdb/duckdb_case.h"

namespace walbrook::contract {
namespace {

namespace fs = std::filesystem;
namespace duckdb = destination::duckdb;

const auto totals = table("orders", {{"id", int4, key}, {"total", int8}});

class QueryCheckTest : public DuckDbCase {
 protected:
  // Executes statements as a user who opens the file with DuckDB itself, while no run is at work.
  void with_duckdb(std::initializer_list<const char*> statements) {
    close();
    run_in_duckdb(file(), statements);
  }

  // The session refuses the statement before DuckDB binds it, with a message that contains `part`.
  static void expect_refused(destination::ReadSession& session, const std::string& sql, const std::string& part) {
    const auto error = error_of([&] { (void)session.query(sql); });
    EXPECT_TRUE(error.starts_with("configuration: ")) << sql << " -> " << error;
    EXPECT_NE(error.find(part), std::string::npos) << sql << " -> " << error;
    EXPECT_EQ(ask(session, "SELECT total FROM public.orders"), Strings{"5"}) << "after " << sql;
  }
};

TEST_F(QueryCheckTest, explain_runs_no_statement_that_writes) {
  open();
  create(totals, {{1, 5}});
  const auto session = destination::query_engine_of(destination()).open_session();
  for (const std::string& target : {file(), file() + ".wal", folder() + "/other.csv"}) {
    for (const std::string explain :
         {"EXPLAIN ANALYZE ", "explain analyze", "EXPLAIN (ANALYZE) ", "EXPLAIN /* ( */ ANALYZE -- (\n", "EXPLAIN ",
          "EXPLAIN (ANALYZE, FORMAT json) ", "/* EXPLAIN */ EXPLAIN ANALYZE VERBOSE "}) {
      expect_refused(*session, explain + " COPY (SELECT 1) TO '" + target + "'", "only statements that read");
    }
  }
  EXPECT_FALSE(fs::exists(folder() + "/other.csv"));
  for (const std::string sql :
       {"EXPLAIN ANALYZE DELETE FROM public.orders", "EXPLAIN ANALYZE CREATE TABLE x AS SELECT 1",
        "EXPLAIN ANALYZE PRAGMA enable_profiling", "EXPLAIN ANALYZE SET threads = 1", "EXPLAIN ANALYZE CHECKPOINT",
        "EXPLAIN EXPLAIN SELECT 1", "EXPLAIN", "EXPLAIN ANALYZE", "EXPLAIN (ANALYZE)"}) {
    EXPECT_TRUE(error_of([&] { (void)session->query(sql); }).starts_with("configuration: ")) << sql;
  }
  expect_refused(*session, "EXPLAIN ANALYZE SELECT write_log('x')", "write_log");
  expect_refused(*session, "EXPLAIN FROM enable_logging()", "enable_logging");
  open();
  EXPECT_EQ(ask("SELECT total FROM public.orders"), Strings{"5"});
}

TEST_F(QueryCheckTest, explain_of_what_reads_is_answered) {
  open();
  create(totals, {{1, 5}});
  const auto session = destination::query_engine_of(destination()).open_session();
  for (const std::string sql :
       {"EXPLAIN SELECT * FROM orders", "EXPLAIN ANALYZE FROM orders", "explain (analyze) from orders",
        "EXPLAIN (FORMAT json) SELECT 1", "EXPLAIN (SELECT 1)", "EXPLAIN ANALYZE (SELECT 1) UNION ALL (SELECT 2)",
        "-- why\nEXPLAIN /* so */ SELECT ')' AS \"(\"", "EXPLAIN ANALYZE WITH a AS (FROM orders) FROM a"}) {
    EXPECT_FALSE(ask(*session, sql).empty()) << sql;
  }
}

TEST_F(QueryCheckTest, functions_that_do_more_than_read_are_refused) {
  open();
  create(totals, {{1, 5}});
  const auto session = destination::query_engine_of(destination()).open_session();
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"FROM ducklake_snapshots('lake')", "ducklake_snapshots"},
      {"FROM enable_logging(storage = 'file', storage_config = {'path': '/tmp/walbrook-must-not-be'})",
       "enable_logging"},
      {"SELECT * FROM Enable_Logging()", "enable_logging"},
      {"FROM system.main.enable_logging()", "enable_logging"},
      {"FROM main.\"enable_logging\"()", "enable_logging"},
      {"FROM/**/enable_logging/**/()", "enable_logging"},
      {"SELECT (SELECT count(*) FROM checkpoint())", "checkpoint"},
      {"WITH a AS (FROM force_checkpoint()) SELECT 1", "force_checkpoint"},
      {"WITH RECURSIVE a AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM a, disable_logging() WHERE n < 3) FROM a",
       "disable_logging"},
      {"FROM orders, LATERAL (FROM enable_profiling())", "enable_profiling"},
      {"FROM orders JOIN truncate_duckdb_logs() ON true", "truncate_duckdb_logs"},
      {"DESCRIBE FROM disable_profiling()", "disable_profiling"},
      {"SUMMARIZE FROM enable_peg_parser()", "enable_peg_parser"},
      {"SELECT 1 UNION ALL FROM checkpoint()", "checkpoint"},
      {"SELECT 1 ORDER BY (SELECT count(*) FROM checkpoint())", "checkpoint"},
      {"SELECT 1 LIMIT (SELECT count(*) FROM checkpoint())", "checkpoint"},
      {"VALUES ((SELECT count(*) FROM checkpoint()))", "checkpoint"},
      {"PIVOT (FROM checkpoint()) ON Success IN (1) USING count(*)", "checkpoint"},
      {"SELECT EXISTS (FROM checkpoint())", "checkpoint"},
      {"SELECT write_log('x')", "write_log"},
      {"SELECT WRITE_LOG('x')", "write_log"},
      {"SELECT system.main.write_log('x')", "write_log"},
      {"SELECT a.x.write_log() FROM (SELECT 'x' AS x) a", "write_log"},
      {"SELECT list_transform(['x'], lambda x: write_log(x))", "write_log"},
      {"SELECT [write_log(x) FOR x IN ['a']]", "write_log"},
      {"SELECT sum(1) FILTER (WHERE write_log('x') IS NULL)", "write_log"},
      {"SELECT sum(1) OVER (PARTITION BY write_log('x'))", "write_log"},
      {"SELECT 1 FROM orders ORDER BY write_log('x')", "write_log"},
      {"SELECT 1 FROM orders GROUP BY write_log('x') HAVING write_log('x') IS NULL", "write_log"},
      {"SELECT CASE WHEN true THEN {'a': [write_log('x')]} END", "write_log"},
      {"FROM range(nextval('s'))", "nextval"},
      {"SELECT setseed(0.5)", "setseed"},
      {"SELECT sleep_ms(1)", "sleep_ms"},
      {"SELECT pg_sleep(1)", "pg_sleep"},
      {"FROM query('FROM checkpoint()')", "query"},
      {"FROM query_table('orders')", "query_table"},
      {"FROM histogram('orders', total)", "histogram"},
      {"FROM json_execute_serialized_sql(json_serialize_sql('FROM checkpoint()'))", "json_execute_serialized_sql"},
      {"SELECT json_serialize_plan('FROM checkpoint()')", "json_serialize_plan"},
      {"FROM duckdb_secrets()", "duckdb_secrets"},
      {"FROM which_secret('s3://a', 's3')", "which_secret"},
      {"FROM summary((SELECT 1))", "summary"},  // a segmentation fault of DuckDB 1.5.5
      {"FROM arrow_scan(1, 2, 3)", "arrow_scan"},
      {"FROM seq_scan()", "seq_scan"},
      {"FROM _walbrook_rows(1)", "not among the functions that are known"},
      {"FROM no_such_function(1)", "no_such_function"},
  };
  for (const auto& [sql, part] : cases) expect_refused(*session, sql, part);
  EXPECT_FALSE(fs::exists("/tmp/walbrook-must-not-be"));
  load(0x9000, [](Transaction&) {});  // an enabled log would make it fail
}

// One refused function in every place of a statement where DuckDB's grammar allows a function.
constexpr std::string_view places = R"(
SELECT * REPLACE (write_log('x') AS v) FROM o
SELECT * REPLACE (write_log('x') AS id) FROM o
SELECT sum(id) OVER w FROM o WINDOW w AS (ORDER BY write_log('x'))
SELECT sum(id) OVER (ROWS BETWEEN write_log('x')::INT PRECEDING AND CURRENT ROW) FROM o
FROM o a JOIN o b ON write_log(a.v) = b.v
FROM o a ASOF JOIN o b ON a.id >= b.id AND write_log(a.v) IS NULL
SELECT DISTINCT ON (write_log(v)) id FROM o
SELECT id FROM o QUALIFY write_log('x') IS NULL
SELECT id FROM o LIMIT write_log('1')::INT
SELECT id FROM o LIMIT 1 OFFSET write_log('1')::INT
SELECT id FROM o LIMIT write_log('1')::INT %
SELECT id FROM o WHERE id BETWEEN 1 AND write_log('1')::INT
SELECT id FROM o WHERE id IN (write_log('1')::INT)
SELECT id FROM o WHERE id = ANY (SELECT write_log('1')::INT)
SELECT id FROM o WHERE write_log('1') LIKE 'a' ESCAPE 'b'
SELECT CAST(write_log('x') AS INT)
SELECT TRY(write_log('x'))
SELECT write_log('x') COLLATE nocase
FROM (VALUES (write_log('x')))
FROM (SUMMARIZE FROM checkpoint())
FROM (DESCRIBE FROM checkpoint())
SHOW (FROM checkpoint())
PIVOT o ON write_log(v) IN ('a') USING sum(id)
PIVOT o ON id IN (1) USING list(write_log(v))
FROM o PIVOT (sum(write_log(v)::INT) FOR id IN (1))
FROM (UNPIVOT (SELECT write_log('x') AS a) ON a)
SELECT string_agg(v ORDER BY write_log(v)) FROM o
SELECT id FROM o GROUP BY GROUPING SETS ((id, write_log(v)), ())
SELECT id FROM o GROUP BY ROLLUP (write_log(v))
WITH a AS MATERIALIZED (SELECT write_log('x')) SELECT 1
WITH RECURSIVE a(n, v) USING KEY (n) AS (SELECT 1, 'x' UNION SELECT n, write_log(v) FROM a) FROM a
SELECT [x FOR x IN ['a'] IF write_log(x) IS NULL]
SELECT list_reduce(['a'], (x, y) -> write_log(x))
SELECT MAP {'a': write_log('x')}
SELECT {'a': write_log('x')}.a
SELECT (write_log('x'))[1]
SELECT ARRAY(SELECT write_log('x'))
SELECT COLUMNS(c -> write_log(c) IS NULL) FROM o
SELECT write_log(COLUMNS(*)) FROM o
FROM range(len(write_log('x')))
FROM generate_series(1, 2, step := len(write_log('x')))
SELECT CASE write_log('x') WHEN 'a' THEN 1 END
SELECT NOT write_log('x') IS NULL AND true
SELECT 'x' || write_log('x')
SELECT coalesce(NULL, write_log('x'))
SELECT v.write_log() FROM o
SELECT v.upper().write_log() FROM o
SELECT INTERVAL (write_log('1')) DAY
SELECT EXTRACT(year FROM write_log('2020-01-01')::DATE)
SELECT 1 FROM o, (SELECT write_log('x')) t
SELECT 1 EXCEPT SELECT 1 FROM checkpoint()
(SELECT 1) INTERSECT (FROM checkpoint())
SELECT 1 UNION BY NAME FROM checkpoint()
FROM checkpoint() AS t(a) SELECT a
FROM checkpoint('x')
FROM checkpoint() WITH ORDINALITY
SELECT (FROM checkpoint())
FROM o SEMI JOIN checkpoint() c ON true
FROM o POSITIONAL JOIN checkpoint()
FROM t: checkpoint()
SELECT a: write_log('x')
)";

TEST_F(QueryCheckTest, a_refused_function_is_found_wherever_it_stands) {
  open();
  create(totals, {{1, 5}});
  create(table("o", {{"id", int4, key}, {"v", text}}, 16500), {{1, "a"}});
  const auto session = destination::query_engine_of(destination()).open_session();
  std::istringstream lines{std::string(places)};
  for (std::string sql; std::getline(lines, sql);) {
    if (!sql.empty()) expect_refused(*session, sql, " is refused: it ");
  }
}

TEST_F(QueryCheckTest, files_are_not_read) {
  open();
  create(totals, {{1, 5}});
  std::ofstream(folder() + "/a.csv") << "a\n1\n";
  const auto session = destination::query_engine_of(destination()).open_session();
  const std::vector<std::string> queries = {
      "FROM '" + folder() + "/a.csv'",
      "FROM \"a.csv\"",
      "FROM a.csv",
      "FROM 'a.csv.gz'",
      "FROM 'a.parquet'",
      "FROM 'a.JSON'",
      "FROM 'a.ndjson'",
      "FROM 'https://example.com/a.parquet?x=1'",
      "FROM '*'",
      "FROM '" + file() + "'",
      "FROM copy.duckdb",
      "FROM 'copy.duckdb'",
      "DESCRIBE 'a.csv'",
      "SUMMARIZE 'a.csv'",
      "WITH \"a.csv\" AS (SELECT 1) FROM (FROM 'a.csv')",
      "FROM read_csv('a.csv')",
      "FROM read_text('" + file() + "')",
      "FROM read_blob('" + file() + ".wal')",
      "FROM read_duckdb('" + file() + "')",
      "FROM glob('*')",
      "FROM sniff_csv('a.csv')",
      "FROM parquet_metadata('a.parquet')",
      "FROM sql_auto_complete('FROM ''/')",
      "FROM duckdb_extensions()",
  };
  for (const auto& sql : queries) expect_refused(*session, sql, "file");
}

TEST_F(QueryCheckTest, tables_may_be_called_like_files) {
  open();
  create(table("a.csv", {{"id", int4, key}}), {{1}});
  create(table("csv", {{"id", int4, key}}, 16500), {{2}});
  create(table("orders.json", {{"id", int4, key}}, 16501), {{3}});
  EXPECT_EQ(ask("FROM \"a.csv\""), Strings{"1"});
  EXPECT_EQ(ask("FROM public.\"A.csv\""), Strings{"1"});
  EXPECT_EQ(ask("FROM copy.public.\"a.csv\""), Strings{"1"});
  EXPECT_EQ(ask("FROM public.csv"), Strings{"2"});
  EXPECT_EQ(ask("FROM copy.csv"), Strings{"2"});
  EXPECT_EQ(ask("SELECT count(*) FROM 'orders.json'"), Strings{"1"});
}

TEST_F(QueryCheckTest, definitions_in_the_file_are_judged_with_the_query) {
  open();
  create(totals, {{1, 5}});
  with_duckdb(
      {"CREATE SCHEMA mine", "CREATE VIEW mine.good AS SELECT id, total * 2 AS twice FROM public.orders",
       "CREATE VIEW mine.better AS WITH a(b) AS (SELECT twice FROM mine.good) FROM a",
       "CREATE VIEW mine.\"a view\"\" AS SELECT 1 --\"(\"as\") AS SELECT 7", "CREATE MACRO twice(x) AS x * 2",
       "CREATE MACRO many(n) AS TABLE FROM range(n)",
       "CREATE TABLE mine.computed(a INT, b INT GENERATED ALWAYS AS (a + 1))", "INSERT INTO mine.computed VALUES (1)",
       "CREATE SEQUENCE mine.numbers", "CREATE TABLE mine.numbered(id INT DEFAULT nextval('mine.numbers'))",
       "CREATE VIEW mine.bad_view AS FROM checkpoint()",
       "CREATE VIEW mine.over_bad_view AS SELECT 1 FROM (FROM mine.bad_view)",
       "CREATE MACRO bad(x) AS write_log(x::VARCHAR)", "CREATE MACRO over_bad(x) AS bad(x)",
       "CREATE MACRO bad_table(n) AS TABLE FROM enable_logging()",
       "CREATE MACRO lcase(x) AS setseed(x)",  // the name of a function of DuckDB
       "CREATE TABLE mine.bad_column(a VARCHAR, b INT GENERATED ALWAYS AS (len(write_log(a))))",
       "CREATE VIEW mine.of_bad_column AS FROM mine.bad_column", "CREATE VIEW mine.of_macro AS SELECT over_bad(1)"});
  open();
  const auto session = destination::query_engine_of(destination()).open_session();
  EXPECT_EQ(ask(*session, "FROM mine.better"), Strings{"10"});
  EXPECT_EQ(ask(*session, "FROM mine.\"a view\"\" AS SELECT 1 --\""), Strings{"7"});
  EXPECT_EQ(ask(*session, "SELECT twice(21), count(*) FROM many(3)"), Strings{"42|3"});
  EXPECT_EQ(ask(*session, "SELECT b FROM mine.computed"), Strings{"2"});
  EXPECT_EQ(ask(*session, "FROM mine.numbered"), Strings{});
  expect_refused(*session, "FROM mine.bad_view", "the view mine.bad_view is refused: the table function checkpoint");
  expect_refused(*session, "FROM mine.OVER_bad_view", "mine.over_bad_view is refused: the view mine.bad_view");
  expect_refused(*session, "SELECT bad('x')", "write_log");
  expect_refused(*session, "SELECT main.over_bad('x')", "the macro main.over_bad is refused: the macro main.bad");
  expect_refused(*session, "FROM bad_table(1)", "enable_logging");
  expect_refused(*session, "SELECT lcase(0.5)", "setseed");
  expect_refused(*session, "SELECT a FROM mine.bad_column", "write_log");
  expect_refused(*session, "FROM mine.of_bad_column", "write_log");
  expect_refused(*session, "FROM mine.of_macro", "write_log");
}

TEST_F(QueryCheckTest, what_computes_is_answered) {
  open();
  create(totals, {{1, 5}});
  const auto session = destination::query_engine_of(destination()).open_session();
  for (const std::string sql : {"SELECT random() < 2, uuid() IS NOT NULL, current_date > '2020-01-01', current_user, "
                                "now() IS NOT NULL, txid_current() > 0",
                                "SELECT current_setting('TimeZone'), version(), getvariable('x')",
                                "FROM range(3) r(i) SELECT list(i ORDER BY i DESC)",
                                "FROM duckdb_tables() SELECT count(*)",
                                "FROM pragma_table_info('orders') SELECT name LIMIT 1",
                                "SHOW TABLES",
                                "SHOW ALL TABLES",
                                "SHOW DATABASES",
                                "FROM (DESCRIBE orders)",
                                "SUMMARIZE orders",
                                "TABLE orders",
                                "UNPIVOT orders ON id, total",
                                "PIVOT orders ON id IN (1, 2) USING sum(total)",
                                "FROM unnest([1, 2])",
                                "SELECT unnest([1, 2])",
                                "FROM json_each('{\"a\": 1}')",
                                "FROM information_schema.tables LIMIT 1",
                                "FROM pg_catalog.pg_class LIMIT 1",
                                "FROM sqlite_master LIMIT 1",
                                "FROM orders TABLESAMPLE 100%",
                                "FROM orders POSITIONAL JOIN range(1)",
                                "SELECT json_serialize_sql('SELECT 1')",
                                "SELECT COLUMNS(*) FROM orders QUALIFY row_number() OVER () = 1",
                                "SELECT 1;;",
                                "(SELECT 1)"}) {
    EXPECT_EQ(error_of([&] { (void)session->query(sql); }), "") << sql;
  }
}

TEST_F(QueryCheckTest, the_check_costs_little) {
  open();
  create(totals, {{1, 5}});
  const auto session = destination::query_engine_of(destination()).open_session();
  (void)session->query("SELECT 1");
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 100; ++i)
    (void)session->query("SELECT sum(total) FROM public.orders WHERE id IN (SELECT id FROM orders)");
  const std::chrono::duration<double, std::milli> each = (std::chrono::steady_clock::now() - begin) / 100;
  RecordProperty("milliseconds", std::to_string(each.count()));
  EXPECT_LT(each.count(), 50);  // 3 ms by itself; the machine may be busy
}

TEST_F(QueryCheckTest, a_file_opened_to_read_keeps_its_settings) {
  open();
  create(totals, {{1, 5}});
  close();
  auto chosen = options();
  chosen.read_only = true;
  const auto reading = destination::open_destination(chosen);
  static_cast<void>(reading->open());
  const auto session = destination::query_engine_of(*reading).open_session();
  EXPECT_EQ(ask(*session, "SELECT total FROM orders"), Strings{"5"});
  EXPECT_EQ(ask(*session,
                "SELECT value FROM duckdb_settings() WHERE name IN ('lock_configuration', 'enable_external_access') "
                "ORDER BY name"),
            (Strings{"false", "true"}));
}

// Maps "scalar abs acos …" to (scalar, abs), (scalar, acos) …
std::set<std::pair<std::string, std::string>> judged_functions() {
  std::ifstream in(std::string(WALBROOK_SOURCE_DIR) + "/test/unit/duckdb/judged_functions.txt");
  std::set<std::pair<std::string, std::string>> judged;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    std::string kind;
    words >> kind;
    for (std::string name; words >> name;) judged.emplace(kind, name);
  }
  return judged;
}

TEST_F(QueryCheckTest, every_function_of_duckdb_is_judged) {
  open();
  create(totals, {{1, 5}});
  auto not_seen = judged_functions();
  const auto session = destination::query_engine_of(destination()).open_session();
  const auto result = session->query(
      "SELECT DISTINCT function_type, function_name FROM duckdb_functions() WHERE NOT starts_with(function_name, "
      "'icu_collate_') AND NOT starts_with(function_name, '_walbrook') ORDER BY ALL");
  EXPECT_GT(result.rows.size(), 500U);
  std::set<std::string> tables;
  for (const auto& row : result.rows) {
    const auto kind = row.at(0).value_or("");
    const auto name = row.at(1).value_or("");
    if (kind == "table" || kind == "table_macro") {
      tables.insert(name);
      EXPECT_NE(duckdb::is_allowed_table_function(name), duckdb::is_refused_table_function(name))
          << "judge the table function " << name << " in query_functions.cpp";
    } else if (duckdb::why_scalar_function_is_refused(name).empty()) {
      EXPECT_EQ(not_seen.erase({kind, name}), 1U)
          << "judge the " << kind << " " << name << " in judged_functions.txt or query_functions.cpp";
    }
  }
  for (const auto& [kind, name] : not_seen) ADD_FAILURE() << "DuckDB has no " << kind << " " << name << " any more";
  for (const auto name : duckdb::allowed_table_functions()) EXPECT_TRUE(tables.contains(std::string(name))) << name;
  for (const auto& refused : duckdb::refused_table_functions()) {
    EXPECT_TRUE(tables.contains(std::string(refused.name))) << refused.name;
  }
}

TEST_F(QueryCheckTest, views_of_duckdb_use_what_is_allowed) {
  open();
  create(totals, {{1, 5}});
  const auto session = destination::query_engine_of(destination()).open_session();
  const auto views = session->query("SELECT schema_name, view_name, sql FROM duckdb_views() WHERE internal");
  EXPECT_GT(views.rows.size(), 20U);
  for (const auto& row : views.rows) {
    const std::string sql(duckdb::text_after_as(*row.at(2)));
    EXPECT_EQ(error_of([&] { (void)session->query("SELECT * FROM (" + sql.substr(0, sql.rfind(';')) + ") LIMIT 0"); }),
              "")
        << *row.at(1);
  }
}

}  // namespace
}  // namespace walbrook::contract
