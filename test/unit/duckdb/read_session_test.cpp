// What readers see, and which statements they may run.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <thread>

#include "arrow/arrow_export.h"
#include "base/error.h"
#include "test/unit/duckdb/duckdb_case.h"

namespace walbrook::contract {
namespace {

const auto accounts = table("accounts", {{"id", int4, key}, {"balance", int8}});
const auto history = table("history", {{"id", int8}, {"amount", int8}}, 16500);

class ReadSessionTest : public DuckDbCase {};

TEST_F(ReadSessionTest, p1_a_view_is_one_cut_over_all_tables) {
  open();
  std::vector<std::vector<Cell>> rows;
  for (int i = 0; i < 100; ++i) rows.push_back({i, 0});
  const auto first = create(accounts, rows);
  const auto second = create(history);
  std::atomic<bool> stop = false;
  std::string failure;
  std::atomic<int> views = 0;
  std::jthread reader([&] {
    failure = error_of([&] {
      const auto session = destination::query_engine_of(destination()).open_session();
      while (!stop) {
        session->refresh();
        const auto balances = ask(*session, "SELECT sum(balance), count(*) FROM public.accounts");
        const auto amounts = ask(*session, "SELECT coalesce(sum(amount), 0) || '|100' FROM public.history");
        const auto again = ask(*session, "SELECT sum(balance), count(*) FROM public.accounts");
        if (balances != amounts || balances != again)
          throw Error(ErrorKind::internal, balances.at(0) + " is not " + amounts.at(0));
        ++views;
      }
    });
  });
  for (int i = 1; i <= 300; ++i) {
    load(0x2000 + static_cast<std::uint64_t>(i), [&](Transaction& load) {
      apply(load, first, Effect(accounts).replace({i % 100, (i + 99) / 100 * 7}));
      apply(load, second, Effect(history).insert({i, 7}));
    });
  }
  stop = true;
  reader.join();
  EXPECT_EQ(failure, "");
  EXPECT_GT(views, 0);
  EXPECT_EQ(ask("SELECT sum(balance) FROM public.accounts"), Strings{"2100"});
}

TEST_F(ReadSessionTest, tables_are_found_without_their_schema) {
  open();
  create(accounts, {{1, 5}});
  create(history, {{1, 7}});
  EXPECT_EQ(ask("SELECT balance FROM accounts"), Strings{"5"});
  const auto session = destination::query_engine_of(destination()).open_session();
  EXPECT_EQ(ask(*session, "SELECT amount FROM history"), Strings{"7"});
  session->refresh();
  EXPECT_EQ(ask(*session, "SELECT count(*) FROM public.history, accounts"), Strings{"1"});
}

TEST_F(ReadSessionTest, only_one_statement_that_reads) {
  open();
  create(accounts, {{1, 5}});
  const auto session = destination::query_engine_of(destination()).open_session();
  for (const std::string sql : {"SELECT 1; SELECT 2",
                                "",
                                "-- nothing",
                                "INSERT INTO public.accounts VALUES (2, 2)",
                                "UPDATE public.accounts SET balance = 0",
                                "DELETE FROM public.accounts",
                                "DROP TABLE public.accounts",
                                "CREATE TABLE x(a int)",
                                "CREATE TEMP TABLE x AS SELECT 1",
                                "ATTACH ':memory:' AS m",
                                "COPY public.accounts TO '/tmp/walbrook-must-not-be.csv'",
                                "EXPORT DATABASE '/tmp/walbrook-must-not-be'",
                                "SET threads = 1",
                                "PRAGMA threads = 1",
                                "INSTALL httpfs",
                                "LOAD json",
                                "CHECKPOINT",
                                "COMMIT",
                                "BEGIN",
                                "ROLLBACK",
                                "CALL force_checkpoint()",
                                "VACUUM",
                                "USE memory",
                                "EXPLAIN ANALYZE DELETE FROM public.accounts",
                                "EXPLAIN ANALYZE COPY public.accounts TO '/tmp/walbrook-must-not-be.csv'",
                                "SELECT * FROM force_checkpoint()",
                                "SELECT * FROM _walbrook_rows(1)",
                                "SELECT * FROM read_text('/etc/hostname')",
                                "SELECT $1",
                                "WITH gone AS (DELETE FROM public.accounts RETURNING *) SELECT * FROM gone"}) {
    const auto error = error_of([&] { (void)session->query(sql); });
    EXPECT_TRUE(error.starts_with("configuration: ")) << sql << " -> " << error;
    EXPECT_EQ(ask(*session, "SELECT balance FROM public.accounts"), Strings{"5"}) << "after " << sql;
  }
  EXPECT_FALSE(std::filesystem::exists("/tmp/walbrook-must-not-be.csv"));
}

TEST_F(ReadSessionTest, errors_tell_the_reason_in_one_line) {
  open();
  create(accounts, {{1, 5}});
  const auto session = destination::query_engine_of(destination()).open_session();
  try {
    (void)session->query("SELECT *\nFROM public.account");
    FAIL();
  } catch (const Error& failed) {
    EXPECT_EQ(failed.kind(), ErrorKind::configuration);
    EXPECT_EQ(failed.cause().find('\n'), std::string::npos);
    EXPECT_NE(failed.cause().find("account"), std::string::npos);
    EXPECT_NE(failed.hint().find("accounts"), std::string::npos) << failed.hint();
  }
  EXPECT_NE(error_of([&] { (void)session->query("SELECT 'x'::INTEGER"); }), "");
  EXPECT_EQ(ask(*session, "SELECT balance FROM public.accounts"), Strings{"5"});
}

TEST_F(ReadSessionTest, whatever_reads_is_answered) {
  open();
  create(accounts, {{1, 5}, {2, 7}});
  const auto session = destination::query_engine_of(destination()).open_session();
  EXPECT_EQ(ask(*session, "SELECT id FROM public.accounts ORDER BY id DESC; -- with a comment"), (Strings{"2", "1"}));
  EXPECT_EQ(ask(*session, "FROM public.accounts ORDER BY ALL"), (Strings{"1|5", "2|7"}));
  EXPECT_EQ(ask(*session, "WITH a AS (SELECT 'it''s' AS x) SELECT x FROM a"), Strings{"it's"});
  EXPECT_EQ(ask(*session, "VALUES (1), (2)"), (Strings{"1", "2"}));
  EXPECT_EQ(ask(*session, "SELECT 1 WHERE false"), Strings{});
  EXPECT_EQ(ask(*session, "DESCRIBE public.accounts").size(), 2U);
  EXPECT_EQ(ask(*session, "SUMMARIZE public.accounts").size(), 2U);
  EXPECT_EQ(ask(*session, "SHOW ALL TABLES").empty(), false);
  EXPECT_EQ(ask(*session, "EXPLAIN SELECT 1").empty(), false);
}

TEST_F(ReadSessionTest, columns_have_names_types_and_alignment) {
  open();
  const auto session = destination::query_engine_of(destination()).open_session();
  const auto result = session->query(
      "SELECT 1.50::DECIMAL(12,2) AS a, 'x' AS a, NULL AS \"select\", [1, 2] AS l, 'nan'::DOUBLE, '\\x00'::BLOB AS b, "
      "TIMESTAMPTZ '2026-01-02 03:04:05+00' AS t, '{}'::JSON AS j");
  Strings names;
  Strings types;
  std::string numeric_columns;
  for (const auto& column : result.columns) {
    names.push_back(column.name);
    types.push_back(column.type);
    numeric_columns += column.numeric ? '1' : '0';
  }
  EXPECT_EQ(names[0] + names[1] + names[2] + names[3] + names[5], "aaselectlb");
  EXPECT_EQ(types[0], "DECIMAL(12,2)");
  EXPECT_EQ(types[3], "INTEGER[]");
  EXPECT_EQ(types[6], "TIMESTAMP WITH TIME ZONE");
  EXPECT_EQ(types[7], "JSON");
  EXPECT_EQ(numeric_columns.substr(0, 2), "10");
  EXPECT_EQ(numeric_columns.substr(3), "01000");
  ASSERT_EQ(result.rows.size(), 1U);
  const auto& row = result.rows[0];
  EXPECT_EQ(row[0], "1.50");
  EXPECT_EQ(row[2], std::nullopt);
  EXPECT_EQ(row[3], "[1, 2]");
  EXPECT_EQ(row[4], "nan");
  EXPECT_EQ(row[5], "\\x00");
  EXPECT_EQ(row[6], "2026-01-02 03:04:05+00");
}

TEST_F(ReadSessionTest, nested_values_are_json_where_that_is_asked_for) {
  open();
  const auto session = destination::query_engine_of(destination()).open_session();
  const auto result = session->query(
      "SELECT [9007199254740993, NULL, -1] AS l, {'a b': 'x\"y', 'd': [1.50::DECIMAL(38,2)], 'ok': true, 'no': NULL} "
      "AS s, "
      "MAP {'k\"': 'nan'::DOUBLE, 'j': 1e300} AS m, [1, 2]::FLOAT[2] AS a, MAP {[1]: []} AS deep, [DATE '2026-01-02', "
      "NULL] AS s, [[], NULL, ['a']] AS ll, '{\"b\": 1}'::JSON AS j, 7 AS n, NULL::INTEGER[] AS nothing",
      destination::NestedCells::json);
  ASSERT_EQ(result.rows.size(), 1U);
  const std::vector<std::optional<std::string>> expected = {R"([9007199254740993,null,-1])",
                                                            R"({"a b":"x\"y","d":[1.50],"ok":true,"no":null})",
                                                            R"({"k\"":"nan","j":1e+300})",
                                                            "[1.0,2.0]",
                                                            R"({"[1]":[]})",
                                                            R"(["2026-01-02",null])",
                                                            R"([[],null,["a"]])",
                                                            R"({"b": 1})",
                                                            "7",
                                                            std::nullopt};
  EXPECT_EQ(result.rows[0], expected);
  std::string documents;
  for (const auto& column : result.columns) documents += column.json ? '1' : '0';
  EXPECT_EQ(documents, "1111111001");
  EXPECT_EQ(result.columns[1].type, "STRUCT(\"a b\" VARCHAR, d DECIMAL(38,2)[], ok BOOLEAN, \"no\" INTEGER)");
  EXPECT_EQ(session->query("SELECT [row(1, 'a')] AS r", destination::NestedCells::json).rows[0][0], "[\"(1, a)\"]");
  // Of many rows, through filters and joins: members may be views of other vectors.
  const auto many = session->query(
      "SELECT {'i': i, 'l': [i, i + 1], 't': t.name} AS s FROM range(5000) r(i) JOIN (VALUES (0, 'even'), (1, NULL)) "
      "t(odd, name) ON t.odd = i % 2 WHERE i % 5 = 0 ORDER BY i DESC",
      destination::NestedCells::json);
  ASSERT_EQ(many.rows.size(), 1000U);
  EXPECT_EQ(many.rows[0][0], R"({"i":4995,"l":[4995,4996],"t":null})");
  EXPECT_EQ(many.rows[999][0], R"({"i":0,"l":[0,1],"t":"even"})");
}

TEST_F(ReadSessionTest, rows_come_as_arrow_arrays_of_their_types) {
  open();
  const auto session = destination::query_engine_of(destination()).open_session();
  const auto rows =
      session->arrow_rows("SELECT range AS i, 'text ' || range AS t, [range, NULL] AS l FROM range(5000)");
  ArrowSchema schema{};
  rows->schema(&schema);
  ASSERT_EQ(schema.n_children, 3);
  EXPECT_STREQ(schema.children[0]->format, "l");
  EXPECT_STREQ(schema.children[1]->name, "t");
  ASSERT_EQ(schema.children[2]->n_children, 1);
  EXPECT_STREQ(schema.children[2]->children[0]->format, "l");
  schema.release(&schema);
  std::int64_t count = 0, sum = 0;
  for (ArrowArray batch{}; rows->next(&batch); batch.release(&batch)) {
    const auto& column = *batch.children[0];
    const auto* numbers = static_cast<const std::int64_t*>(column.buffers[1]) + column.offset;
    for (std::int64_t row = 0; row < batch.length; ++row) sum += numbers[row];
    count += batch.length;
  }
  EXPECT_EQ(count, 5000);
  EXPECT_EQ(sum, 5000 * 4999 / 2);
}

TEST_F(ReadSessionTest, p5_a_result_has_a_bound) {
  open();
  const auto session = destination::query_engine_of(destination()).open_session();
  const auto error = error_of([&] { (void)session->query("SELECT repeat('x', 1000) FROM range(1000000)"); });
  EXPECT_NE(error.find("larger than 64 MB"), std::string::npos) << error;
  EXPECT_EQ(ask(*session, "SELECT 1"), Strings{"1"});
  EXPECT_EQ(ask(*session, "SELECT range FROM range(100000)").size(), 100'000U);
}

TEST_F(ReadSessionTest, a_query_can_be_interrupted) {
  open();
  const auto session = destination::query_engine_of(destination()).open_session();
  std::jthread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    session->interrupt();
  });
  EXPECT_NE(error_of([&] {
              (void)session->query("SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b");
            }),
            "");
  later.join();
  EXPECT_EQ(ask(*session, "SELECT 1"), Strings{"1"});
}

TEST_F(ReadSessionTest, p5_a_query_has_limits) {
  open();
  const auto endless = "SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE hash(a.range, b.range) = 1";
  const auto session = destination::query_engine_of(destination())
                           .open_session({.pipeline = {}, .limits = {.timeout = milliseconds(200), .rows = 5000}});
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(error_of([&] { (void)session->query(endless); }), "configuration: the query was ended after 200 ms");
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(2));
  EXPECT_EQ(error_of([&] { (void)session->query("FROM range(5001)"); }),
            "configuration: the result has more than 5000 rows");
  EXPECT_EQ(ask(*session, "FROM range(5000)").size(), 5000U);
  // The rows come batch by batch; the limits apply to the whole result.
  const auto rows = session->arrow_rows("FROM range(10000)");
  EXPECT_EQ(error_of([&] {
              ArrowArray batch{};
              while (rows->next(&batch)) batch.release(&batch);
            }),
            "configuration: the result has more than 5000 rows");
}

// repeat('x', 3000000000) took 2 GB. What one expression allocates cannot be prevented; what comes after it can.
TEST_F(ReadSessionTest, p5_a_query_ends_while_the_process_has_too_much_memory) {
  open();
  const auto session = destination::query_engine_of(destination()).open_session();
  const auto error = error_of(
      [&] { (void)session->query("SELECT sum(length(repeat(repeat('x', 1000000), 700 + range))) FROM range(1)"); });
  EXPECT_TRUE(error.starts_with("configuration: the query was ended: the process had more than ")) << error;
  EXPECT_EQ(ask(*session, "SELECT 1"), Strings{"1"});
  const auto roomy = destination::query_engine_of(destination())
                         .open_session({.pipeline = {}, .limits = {.memory = std::uint64_t{8} << 30U}});
  EXPECT_EQ(ask(*roomy, "SELECT length(repeat(repeat('x', 1000000), 300))"), Strings{"300000000"});
}

TEST_F(ReadSessionTest, positions_are_of_the_pipelines_whose_tables_are_read) {
  open("one");
  create(accounts, {{1, 5}});
  EXPECT_EQ(destination::query_engine_of(destination()).open_session()->positions().size(), 0U);
  const auto session_of = [&] { return destination::query_engine_of(destination()).open_session(); };
  {
    const auto session = session_of();
    EXPECT_EQ(ask(*session, "SELECT 1"), Strings{"1"});
    ASSERT_EQ(session->positions().size(), 1U) << "a file's only pipeline";
    EXPECT_EQ(session->positions()[0].pipeline, "one");
  }
  open("two");
  create(history, {{1, 7}});
  open("one");
  const auto session = session_of();
  const auto read_by = [&](const std::string& sql) {
    EXPECT_EQ(error_of([&] { (void)session->query(sql); }), "") << sql;
    std::string names;
    for (const auto& [pipeline, lsn] : session->positions()) names += pipeline + (lsn.is_set() ? " " : "? ");
    return names;
  };
  EXPECT_EQ(read_by("FROM accounts"), "one ");
  EXPECT_EQ(read_by("FROM history"), "two ");
  EXPECT_EQ(read_by("SELECT (SELECT count(*) FROM PUBLIC.History)"), "two ");
  EXPECT_EQ(read_by("FROM accounts, public.history"), "one two ");
  EXPECT_EQ(read_by("WITH a AS (FROM history) FROM a"), "two ");
  EXPECT_EQ(read_by("EXPLAIN ANALYZE FROM history"), "two ");
  EXPECT_EQ(read_by("DESCRIBE accounts"), "one ");
  EXPECT_EQ(read_by("FROM _walbrook.checkpoint"), "one two ");
  EXPECT_EQ(read_by("SELECT 1"), "");
}

}  // namespace
}  // namespace walbrook::contract
