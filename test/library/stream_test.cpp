// Rows written by a program: produced by a separate DuckDB, by walbrook's own batches, and by hand.
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <functional>
#include <limits>
#include <sstream>
#include <stdexcept>

#include "test/library/duck_stream.h"
#include "test/library/fixture.h"
#include "test/unit/arrow/handmade_arrow.h"

namespace walbrook::test {
namespace {

// A DuckDB file with a pipeline into it and no source.
class Lake {
 public:
  Lake() : folder_("lake") {}

  [[nodiscard]] std::string file() const { return folder_ / "lake.duckdb"; }
  [[nodiscard]] PipelineOptions options() const { return {.pipeline_name = "lake", .destination = file()}; }
  [[nodiscard]] walbrook::Pipeline pipeline() const { return walbrook::pipeline(options()); }
  // Loads the rows of a query of a separate DuckDB.
  LoadInfo run(const std::string& sql, const PipelineRunOptions& options) const {
    auto into = pipeline();
    return run(into, sql, options);
  }
  static LoadInfo run(walbrook::Pipeline& into, const std::string& sql, const PipelineRunOptions& options) {
    DuckStream rows(sql);
    auto load = into.run(rows.get(), options);
    EXPECT_EQ(rows.get()->release, nullptr) << "the stream was not taken over";
    return load;
  }
  [[nodiscard]] std::string value(const std::string& sql) const { return DuckReader(file()).value(sql); }
  [[nodiscard]] std::string all(const std::string& table, const std::string& columns = "*") const {
    return value("SELECT string_agg(r, ' ' ORDER BY r) FROM (SELECT row(*COLUMNS(*))::VARCHAR AS r FROM (SELECT " +
                 columns + " FROM " + table + "))");
  }
  // Returns the command's output for this file.
  [[nodiscard]] std::string command(const std::vector<std::string>& words) const {
    std::vector<std::string> line = words;
    line.insert(line.end(), {"--destination", "duckdb:///" + file()});
    const auto result = test::run(walbrook_command(line));
    EXPECT_TRUE(result.succeeded()) << result.describe();
    return result.out;
  }

 private:
  TempFolder folder_;
};

TEST(Stream, rows_are_appended) {
  const Lake lake;
  auto pipeline = lake.pipeline();
  const auto load =
      Lake::run(pipeline, "SELECT range::INTEGER AS id, 'n' || range AS note FROM range(3)", {.table_name = "events"});
  EXPECT_EQ(lake.all("lake_dataset.events"), "(0, n0) (1, n1) (2, n2)") << "the documented default";
  EXPECT_EQ(load.load_id, 1);
  EXPECT_EQ(load.tables.size(), 1U);
  EXPECT_EQ(load.table("events")->inserts, 3U);
  EXPECT_EQ(load.table("events")->state, "loaded");
  EXPECT_EQ(load.schema_changes.size(), 1U);
  EXPECT_EQ(load.schema_changes.at(0).kind, SchemaChange::Kind::table_added);
  EXPECT_FALSE(load.stopped);
  std::ostringstream text;
  text << load;
  EXPECT_NE(text.str().find("pipeline lake → lake.duckdb: 3 rows written in "), std::string::npos) << text.str();
  EXPECT_NE(text.str().find("s\n  load id 1\n  lake_dataset.events: 3 rows\n  lake_dataset.events is new\n"),
            std::string::npos)
      << text.str();

  const auto more = Lake::run(pipeline, "SELECT 3::INTEGER AS id, 'again' AS note",
                              {.write_disposition = "append", .table_name = "lake_dataset.EVENTS"});
  EXPECT_EQ(more.load_id, 2);
  EXPECT_TRUE(more.schema_changes.empty());
  EXPECT_EQ(lake.all("lake_dataset.events"), "(0, n0) (1, n1) (2, n2) (3, again)") << "one name, as DuckDB reads it";
  EXPECT_EQ(lake.value("SELECT inserts || ':' || tables FROM _walbrook.loads WHERE load_id = 2"),
            "1:{\"lake_dataset.events\":1}");
  EXPECT_EQ(pipeline.sync()->load_id, 2);
  EXPECT_EQ(pipeline.last_load()->table("events")->changes, 1U);
  pipeline.drop();
  EXPECT_EQ(lake.value("SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'lake_dataset'"), "0");
}

TEST(Stream, a_table_gets_new_columns_and_keeps_its_types) {
  const Lake lake;
  lake.run("SELECT 1::INTEGER AS id, 'a' AS note", {.table_name = "t"});
  const auto load =
      lake.run("SELECT 2.5::DECIMAL(10,2) AS price, 2::INTEGER AS id, [1, 2] AS later", {.table_name = "t"});
  EXPECT_EQ(lake.all("lake_dataset.t", "id, note, price, later"), "(1, a, NULL, NULL) (2, NULL, 2.50, [1, 2])");
  ASSERT_EQ(load.schema_changes.size(), 2U);
  EXPECT_EQ(load.schema_changes[0].column + " " + load.schema_changes[0].type, "price DECIMAL(10,2)");
  const auto error = error_of([&] { lake.run("SELECT 3::BIGINT AS id", {.table_name = "t"}); });
  EXPECT_EQ(error.kind(), ErrorKind::configuration);
  EXPECT_EQ(error.cause(), "column \"id\" of lake_dataset.t is INTEGER, and BIGINT in the stream");
}

TEST(Stream, names_are_the_programs_whatever_copies_are_called) {
  const Lake lake;
  auto options = lake.options();
  options.naming = "snake_case";
  options.metadata = "dlt";
  auto pipeline = walbrook::pipeline(options);
  for (int i = 0; i < 2; ++i) Lake::run(pipeline, "SELECT 1 AS \"MyColumn\"", {.table_name = "My.TheTable"});
  EXPECT_EQ(
      lake.value("SELECT string_agg(schema_name || '.' || table_name || '.' || column_name, ' ') FROM duckdb_columns() "
                 "WHERE schema_name = 'My'"),
      "My.TheTable.MyColumn");
  EXPECT_EQ(lake.all("\"My\".\"TheTable\""), "(1) (1)");
}

TEST(Stream, a_table_is_replaced) {
  const Lake lake;
  lake.run("SELECT 1 AS id, 'a' AS note", {.table_name = "t"});
  const PipelineRunOptions again{.write_disposition = "replace", .table_name = "t"};
  const auto load = lake.run("SELECT 2::BIGINT AS id, true AS flag FROM range(2)", again);
  EXPECT_EQ(lake.all("lake_dataset.t"), "(2, true) (2, true)");
  EXPECT_EQ(load.table("t")->inserts, 2U);
  std::ostringstream text;
  text << load;
  EXPECT_NE(text.str().find("t has no column note any more"), std::string::npos) << text.str();
  lake.run("SELECT 2::BIGINT AS id LIMIT 0", again);
  EXPECT_EQ(lake.value("SELECT count(*) FROM lake_dataset.t"), "0");
}

TEST(Stream, rows_are_merged_by_their_key) {
  const Lake lake;
  const PipelineRunOptions merge{.write_disposition = "merge", .table_name = "t", .primary_key = {"a", "b"}};
  const auto first =
      lake.run("SELECT * FROM (VALUES (1, 'x', 'one'), (1, 'y', 'two'), (1, 'x', 'three')) t(a, b, v)", merge);
  EXPECT_EQ(lake.all("lake_dataset.t"), "(1, x, three) (1, y, two)") << "the last row of a key counts";
  EXPECT_EQ(first.table("t")->inserts, 2U);
  const auto second = lake.run("SELECT * FROM (VALUES (1, 'y', 'four'), (2, 'y', 'five')) t(a, b, v)", merge);
  EXPECT_EQ(lake.all("lake_dataset.t"), "(1, x, three) (1, y, four) (2, y, five)");
  EXPECT_EQ(second.table("t")->inserts, 1U);
  EXPECT_EQ(second.table("t")->updates, 1U);
  std::ostringstream text;
  text << second;
  EXPECT_NE(text.str().find("lake_dataset.t: 2 rows (1 new, 1 by their key)"), std::string::npos) << text.str();
  EXPECT_EQ(lake.value("SELECT updates FROM _walbrook.loads ORDER BY load_id DESC LIMIT 1"), "1");
  const auto error =
      error_of([&] { lake.run("SELECT * FROM (VALUES (1, 'z', 'v'), (NULL, 'y', 'v')) t(a, b, v)", merge); });
  EXPECT_EQ(error.kind(), ErrorKind::data);
  EXPECT_EQ(error.cause(), "column \"a\" of the stream, row 2: NULL in a primary key");
  EXPECT_EQ(lake.value("SELECT count(*) FROM lake_dataset.t"), "3");
}

TEST(Stream, options_that_do_not_fit_are_told_and_nothing_is_written) {
  const Lake lake;
  const auto cause = [&](const PipelineRunOptions& options, const std::string& sql = "SELECT 1 AS a, [1] AS l") {
    const auto error = error_of([&] { lake.run(sql, options); });
    EXPECT_EQ(error.kind(), ErrorKind::configuration) << error.what();
    return std::string(error.what());
  };
  EXPECT_NE(cause({}).find("table_name"), std::string::npos);
  EXPECT_NE(cause({.table_name = "a.b.c"}).find("table_name"), std::string::npos);
  EXPECT_NE(cause({.table_name = "_Walbrook.t"}).find("walbrook's own"), std::string::npos);
  EXPECT_NE(cause({.write_disposition = "scd2", .table_name = "t"}).find("append, replace, merge"), std::string::npos);
  EXPECT_NE(cause({.write_disposition = "merge", .table_name = "t"}).find("needs a primary_key"), std::string::npos);
  EXPECT_NE(cause({.table_name = "t", .primary_key = {"a"}}).find("Leave it out, or merge"), std::string::npos);
  const auto merged_by = [&](std::vector<std::string> key) {
    return cause({.write_disposition = "merge", .table_name = "t", .primary_key = std::move(key)});
  };
  EXPECT_NE(merged_by({"b"}).find("no column \"b\""), std::string::npos);
  EXPECT_NE(merged_by({"a", "a"}).find("twice"), std::string::npos);
  EXPECT_NE(merged_by({"l"}).find("list(int32)"), std::string::npos);
  EXPECT_NE(cause({.table_name = "t"}, "SELECT union_value(a := 1) AS u")
                .find("column \"u\" of the stream (Arrow format \"+us:0\")"),
            std::string::npos);
  auto pipeline = lake.pipeline();
  EXPECT_EQ(error_of([&] { pipeline.run(nullptr, {.table_name = "t"}); }).kind(), ErrorKind::configuration);
  ArrowArrayStream released{};
  EXPECT_EQ(error_of([&] { pipeline.run(&released, {.table_name = "t"}); }).kind(), ErrorKind::configuration);
  EXPECT_FALSE(std::ifstream(lake.file()).good()) << "the file is not even made";
}

TEST(Stream, every_type_of_duckdb_arrives_as_it_was_or_is_refused) {
  const std::string query =
      "SELECT true AS bool, 1::TINYINT AS i1, -2::SMALLINT AS i2, 3::INTEGER AS i4, 4::BIGINT AS i8, 255::UTINYINT AS "
      "u1,"
      " 65535::USMALLINT AS u2, 4294967295::UINTEGER AS u4, 18446744073709551615::UBIGINT AS u8, 0.1::FLOAT AS f4,"
      " 'NaN'::DOUBLE AS f8, 12.34::DECIMAL(4,2) AS d2, 1.5::DECIMAL(9,3) AS d4, 2.5::DECIMAL(18,3) AS d8,"
      " 12345678901234567890.5::DECIMAL(38,1) AS d16, 'Grüße, lange Grüße' AS s, 'ab\\xFF'::BLOB AS b,"
      " 'infinity'::DATE AS d, '24:00:00'::TIME AS t, '2020-01-01 01:02:03.456789'::TIMESTAMP AS ts,"
      " '0044-01-01 (BC)'::TIMESTAMP AS bc, '-infinity'::TIMESTAMPTZ AS tz, '2020-01-01 00:00:00'::TIMESTAMP_S AS tss,"
      " '2020-01-01 00:00:00.1'::TIMESTAMP_MS AS tsm, '2020-01-01 00:00:00.000001'::TIMESTAMP_NS AS tsn,"
      " INTERVAL '1 month 2 days 3 seconds' AS iv, 'happy'::ENUM('sad', 'happy') AS e, uuid "
      "'00112233-4455-6677-8899-aabbccddeeff' AS u,"
      " [1, NULL, 3] AS l, [[1], []] AS ll, [1, 2]::INTEGER[2] AS fixed, {'x': 1, 'y': ['a', NULL]} AS st,"
      " map {'k': [1], 'm': NULL} AS m, [{'z': DATE '2020-01-01'}] AS ls, '{\"a\": 1}'::JSON AS j";
  const Lake lake;
  const std::string table = "SELECT * FROM (" + query + ") UNION ALL BY NAME SELECT NULL::BOOLEAN AS bool";
  lake.run(table, {.table_name = "t"});
  {  // closed before the next run: a second handle on the file is refused
    DuckReader reader(lake.file());
    reader.exec("CREATE TEMP TABLE expected AS " + table);
    for (const auto& column : reader.query("SELECT column_name FROM duckdb_columns() WHERE table_name = 'expected'")) {
      const auto name = quote_name(*column[0]);
      const auto cell = [&](const std::string& from) {
        return reader.value("SELECT string_agg(coalesce(" + name + "::VARCHAR, 'NULL'), ' ' ORDER BY bool) FROM " +
                            from);
      };
      EXPECT_EQ(cell("lake_dataset.t"), cell("expected")) << name;
    }
    EXPECT_EQ(
        reader.value(
            "SELECT string_agg(data_type, ' ' ORDER BY column_index) FROM duckdb_columns() WHERE table_name = 't'"),
        "BOOLEAN SMALLINT SMALLINT INTEGER BIGINT SMALLINT INTEGER UINTEGER UBIGINT FLOAT DOUBLE DECIMAL(4,2) "
        "DECIMAL(9,3) "
        "DECIMAL(18,3) DECIMAL(38,1) VARCHAR BLOB DATE TIME TIMESTAMP TIMESTAMP TIMESTAMP WITH TIME ZONE TIMESTAMP "
        "TIMESTAMP "
        "TIMESTAMP INTERVAL VARCHAR UUID INTEGER[] INTEGER[][] INTEGER[] STRUCT(x INTEGER, y VARCHAR[]) "
        "MAP(VARCHAR, INTEGER[]) STRUCT(z DATE)[] JSON");
  }
  const auto error =
      error_of([&] { lake.run("SELECT '2020-01-01 00:00:00.000000001'::TIMESTAMP_NS AS n", {.table_name = "n"}); });
  EXPECT_EQ(error.kind(), ErrorKind::data);
  EXPECT_NE(error.cause().find("column \"n\" of the stream, row 1: "), std::string::npos) << error.what();
}

// The answers of a scripted stream.
struct Scripted {
  std::function<int(ArrowSchema*)> schema;
  std::function<int(ArrowArray*)> next;
  std::string error = {};
  bool released = false;

  ArrowArrayStream stream() {
    static const auto self = [](ArrowArrayStream* stream) { return static_cast<Scripted*>(stream->private_data); };
    return {.get_schema = [](ArrowArrayStream* stream, ArrowSchema* out) { return self(stream)->schema(out); },
            .get_next = [](ArrowArrayStream* stream, ArrowArray* out) { return self(stream)->next(out); },
            .get_last_error = [](ArrowArrayStream* stream) { return self(stream)->error.c_str(); },
            .release =
                [](ArrowArrayStream* stream) {
                  self(stream)->released = true;
                  stream->release = nullptr;
                },
            .private_data = this};
  }
};

// Batches of a separate DuckDB. `before` is called before the n-th batch, and may return a value that is handed over in
// its place.
Scripted watched(DuckStream& rows, std::function<std::optional<int>(int)> before) {
  auto* of = rows.get();
  auto count = std::make_shared<int>(0);
  return {.schema = [of](ArrowSchema* out) { return of->get_schema(of, out); },
          .next =
              [of, count, before = std::move(before)](ArrowArray* out) {
                const auto instead = before(++*count);
                return instead ? *instead : of->get_next(of, out);
              },
          .error = "",
          .released = false};
}

TEST(Stream, a_column_without_a_type_is_none_until_it_has_one) {
  const Lake lake;
  // An Arrow column of type null next to a column of numbers.
  const auto run = [&](const std::string& numbers) {
    HandmadeArrow number("i", 1, numbers);
    number.missing_buffer().buffer({7});
    HandmadeArrow nothing("n", 1, "later");
    HandmadeArrow rows("+s", 1);
    rows.missing_buffer().child(nothing);
    if (!numbers.empty()) rows.child(number);
    rows.finish();
    bool handed_over = false;
    Scripted script{.schema = [&](ArrowSchema* out) { return *out = rows.schema, 0; },
                    .next =
                        [&](ArrowArray* out) {
                          *out = std::exchange(handed_over, true) ? ArrowArray{} : rows.array;
                          return 0;
                        }};
    auto stream = script.stream();
    return lake.pipeline().run(&stream, {.table_name = "t"});
  };
  run("id");
  EXPECT_EQ(lake.all("lake_dataset.t"), "(7)");
  lake.run("SELECT 8::INTEGER AS id, 'typed' AS later", {.table_name = "t"});
  run("id");
  EXPECT_EQ(lake.all("lake_dataset.t"), "(7, NULL) (7, NULL) (8, typed)");
  const auto error = error_of([&] { run(""); });
  EXPECT_EQ(error.kind(), ErrorKind::configuration);
  EXPECT_NE(error.cause().find("no column of the stream has a type"), std::string::npos) << error.what();
}

const std::string many = "SELECT range AS id, 'text ' || range AS v FROM range(100000)";

TEST(Stream, one_that_breaks_off_leaves_nothing) {
  const Lake lake;
  lake.run("SELECT 1::BIGINT AS id, 'a' AS v", {.table_name = "t"});
  for (const std::string disposition : {"append", "replace", "merge"}) {
    DuckStream rows(many);
    auto script = watched(rows, [](int n) { return n == 20 ? std::optional(EIO) : std::nullopt; });
    script.error = "the disk of password=secret is gone";
    auto stream = script.stream();
    auto pipeline = lake.pipeline();
    PipelineRunOptions options{.write_disposition = disposition, .table_name = "t"};
    if (disposition == "merge") options.primary_key = {"id"};
    const auto error = error_of([&] { pipeline.run(&stream, options); });
    EXPECT_EQ(error.kind(), ErrorKind::data);
    EXPECT_NE(error.cause().find("the Arrow stream breaks off: the disk of"), std::string::npos) << error.what();
    EXPECT_EQ(error.cause().find("secret"), std::string::npos) << error.what();
    EXPECT_TRUE(script.released);
    EXPECT_EQ(lake.all("lake_dataset.t"), "(1, a)");
  }
  EXPECT_EQ(lake.value("SELECT count(*) FROM duckdb_tables() WHERE table_name LIKE '%copy%'"), "0");
  EXPECT_EQ(lake.value("SELECT max(load_id) FROM _walbrook.loads"), "1");
}

TEST(Stream, one_that_is_stopped_or_whose_progress_throws_leaves_nothing) {
  const Lake lake;
  std::stop_source stop;
  {
    DuckStream rows(many);
    auto script = watched(rows, [&](int n) -> std::optional<int> {
      if (n == 40) stop.request_stop();
      return std::nullopt;
    });
    auto stream = script.stream();
    const auto load = lake.pipeline().run(&stream, {.table_name = "t", .stop = stop.get_token()});
    EXPECT_TRUE(load.stopped);
    EXPECT_EQ(load.load_id, 0);
    EXPECT_TRUE(script.released);
    std::ostringstream text;
    text << load;
    EXPECT_NE(text.str().find("nothing written in"), std::string::npos) << text.str();
  }
  auto options = lake.options();
  options.progress = [](const Progress& progress) {
    if (progress.event == Progress::Event::copy_advanced) throw std::runtime_error("enough");
  };
  auto pipeline = walbrook::pipeline(options);
  EXPECT_THROW(Lake::run(pipeline, many, {.table_name = "t"}), std::runtime_error);
  EXPECT_EQ(lake.value("SELECT count(*) FROM duckdb_tables() WHERE schema_name <> '_walbrook'"), "0");
}

TEST(Stream, progress_tells_of_the_rows) {
  const Lake lake;
  std::vector<Progress> told;
  auto options = lake.options();
  options.dataset_name = "d";
  options.progress = [&](const Progress& progress) { told.push_back(progress); };
  auto pipeline = walbrook::pipeline(options);
  Lake::run(pipeline, many, {.table_name = "t"});
  ASSERT_GE(told.size(), 3U);
  EXPECT_EQ(told.front().event, Progress::Event::copy_started);
  EXPECT_EQ(told.back().event, Progress::Event::copy_finished);
  EXPECT_EQ(told.back().table, "d.t");
  EXPECT_EQ(told.back().rows, 100'000U);
  EXPECT_GT(told[told.size() - 2].bytes, 1'000'000U);
}

TEST(Stream, a_long_one_is_one_load) {
  const Lake lake;
  lake.run("SELECT range AS id, 'old' AS v FROM range(10)", {.table_name = "t"});
  const auto load = lake.run(many, {.write_disposition = "replace", .table_name = "t"});
  EXPECT_EQ(load.batches, 1U);
  EXPECT_EQ(lake.value("SELECT count(*) || ':' || count(DISTINCT id) FROM lake_dataset.t"), "100000:100000");
  EXPECT_EQ(lake.value("SELECT count(*) FROM _walbrook.loads"), "2");
}

TEST(Stream, tables_of_others_are_refused) {
  const Lake lake;
  DuckReader(lake.file(), DuckReader::Access::read_write)
      .exec("CREATE SCHEMA d; CREATE TABLE d.mine AS SELECT 1 AS id; CREATE VIEW d.seen AS SELECT 1 AS id");
  for (const std::string name : {"d.mine", "d.MINE", "d.seen"}) {
    const auto error = error_of([&] { lake.run("SELECT 1 AS id", {.table_name = name}); });
    EXPECT_EQ(error.kind(), ErrorKind::destination);
    EXPECT_NE(error.cause().find("and was not created by walbrook"), std::string::npos) << error.what();
  }
  lake.run("SELECT 1 AS id", {.table_name = "d.ours"});
  auto other = walbrook::pipeline({.pipeline_name = "other", .destination = lake.file()});
  const auto error =
      error_of([&] { Lake::run(other, "SELECT 1 AS id", {.write_disposition = "replace", .table_name = "d.ours"}); });
  EXPECT_NE(error.cause().find("belongs to pipeline \"lake\""), std::string::npos) << error.what();
  EXPECT_EQ(lake.all("d.mine"), "(1)");
}

TEST(Stream, dev_mode_has_a_dataset_of_its_own) {
  const Lake lake;
  auto options = lake.options();
  options.dev_mode = true;
  auto pipeline = walbrook::pipeline(options);
  Lake::run(pipeline, "SELECT 1 AS id", {.table_name = "t"});
  EXPECT_EQ(lake.all('"' + pipeline.dataset_name() + "\".t"), "(1)");
  EXPECT_EQ(pipeline.last_load()->tables.at(0).name, pipeline.dataset_name() + ".t");
  EXPECT_EQ(error_of([&] { Lake::run(pipeline, "SELECT 1 AS id", {.table_name = "d.t"}); }).kind(),
            ErrorKind::configuration);
}

TEST(Stream, the_command_tells_of_a_pipeline_without_a_source_and_drops_it) {
  const Lake lake;
  lake.run("SELECT 1 AS id, 'a' AS v", {.write_disposition = "merge", .table_name = "d.t", .primary_key = {"id"}});
  lake.run("SELECT 1 AS id", {.table_name = "d.u"});
  const auto info = lake.command({"pipeline", "lake", "info"});
  EXPECT_NE(info.find("source       none yet\n"), std::string::npos) << info;
  EXPECT_NE(info.find("d.t    loaded     1"), std::string::npos) << info;
  EXPECT_EQ(info.find("0/0"), std::string::npos) << info;
  const auto schema = lake.command({"pipeline", "lake", "schema"});
  EXPECT_NE(schema.find("\"id\" INTEGER,  -- key"), std::string::npos) << schema;
  EXPECT_EQ(schema.find("0/0"), std::string::npos) << schema;
  EXPECT_NE(lake.command({"pipeline", "lake", "loads"}).find("–"), std::string::npos);
  EXPECT_NE(lake.command({"pipeline", "lake", "trace"}).find("load 2: rows of a program\n"), std::string::npos);
  EXPECT_NE(lake.command({"pipeline", "--list"}).find("lake"), std::string::npos);
  EXPECT_NE(lake.command({"sql", "--slot", "lake", "SELECT v FROM t"}).find("a"), std::string::npos);
  EXPECT_EQ(lake.command({"pipeline", "lake", "drop", "d.u", "--yes"}), "dropped d.u\n");
  EXPECT_EQ(lake.command({"pipeline", "lake", "drop", "--yes"}),
            "dropped 1 table and the state of pipeline lake in lake.duckdb\n");
  EXPECT_EQ(lake.value("SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'd'"), "0");
}

TEST(Stream, runs_of_a_source_leave_a_programs_tables_alone) {
  const Shop shop;
  shop.exec("CREATE TABLE orders(id int PRIMARY KEY, v text); INSERT INTO orders VALUES (1, 'a')");
  auto pipeline = walbrook::pipeline(shop.options());
  pipeline.run(init_replication(shop.init("orders")));
  const auto replicated = error_of(
      [&] { Lake::run(pipeline, "SELECT 1 AS id", {.write_disposition = "replace", .table_name = "ORDERS"}); });
  EXPECT_EQ(replicated.kind(), ErrorKind::configuration);
  EXPECT_NE(replicated.cause().find("it is the target table of public.orders of the source"), std::string::npos)
      << replicated.what();
  EXPECT_EQ(shop.differences(), "");

  Lake::run(pipeline, "SELECT 7 AS n", {.table_name = "notes"});
  EXPECT_EQ(pipeline.last_load()->tables.at(0).target, "copy.notes");
  shop.exec("INSERT INTO orders VALUES (2, 'b'); CREATE TABLE notes(id int PRIMARY KEY); INSERT INTO notes VALUES (1)");
  const auto changes = pipeline.run(shop.changes());
  EXPECT_EQ(changes.tables.size(), 1U);
  EXPECT_EQ(pipeline.run(init_replication(shop.init("notes"))).table("notes")->target, "copy.notes_2");
  EXPECT_EQ(shop.copied("SELECT n FROM copy.notes"), "7");
  EXPECT_EQ(shop.copied("SELECT id FROM copy.notes_2"), "1");
  auto again = shop.init({"orders", "notes"});
  again.reset = true;
  pipeline.run(init_replication(again));
  Lake::run(pipeline, "SELECT 8 AS n", {.table_name = "notes"});
  EXPECT_EQ(shop.copied("SELECT string_agg(n::text, ',' ORDER BY n) FROM copy.notes"), "7,8");
  EXPECT_EQ(shop.copied("SELECT string_agg(state, ',' ORDER BY state) FROM _walbrook.outputs"),
            "loaded,streaming,streaming");
  pipeline.drop();
  EXPECT_EQ(shop.copied("SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'copy'"), "0");
}

TEST(Stream, changes_beside_each_other_are_a_log) {
  const Shop shop;
  shop.exec("CREATE TABLE a(id int PRIMARY KEY, v text, n numeric, tags text[], t timetz, i interval, b bit(3))");
  init_replication(shop.init("a", false));
  shop.exec(
      "INSERT INTO a VALUES (1, 'one', 'NaN', '{x,NULL}', '12:00+02', '1 mon', B'101'), (2, 'two', 1.5, NULL, NULL, "
      "NULL, NULL)");
  shop.exec("UPDATE a SET v = 'new' WHERE id = 2; DELETE FROM a WHERE id = 1");
  auto options = shop.following();
  options.target_batch_size = 2;
  auto pipeline = walbrook::pipeline({.pipeline_name = "log", .destination = shop.file(), .dataset_name = "log"});
  std::uint64_t rows = 0;
  for (const auto& batch : replication_resource(options).batches()) {
    ArrowArrayStream stream;
    batch.export_to(&stream);
    rows += pipeline.run(&stream, {.table_name = batch.table_name() + "_changes"}).changes();
  }
  EXPECT_EQ(rows, 4U);
  EXPECT_EQ(
      shop.copied("SELECT string_agg(concat_ws('|', _walbrook_operation, id, v, n__v_text, tags, b), ' ' ORDER BY "
                  "_walbrook_lsn, id DESC) FROM log.a_changes WHERE _walbrook_operation <> 'delete'"),
      "insert|2|two insert|1|one|NaN|[x, NULL]|101 update|2|new");
  EXPECT_EQ(shop.copied("SELECT count(*) FROM log.a_changes WHERE _walbrook_operation = 'delete'"), "1");
  EXPECT_EQ(shop.copied("SELECT t.offset_seconds FROM log.a_changes WHERE t IS NOT NULL"), "7200");
}

TEST(Stream, run_reset_copies_again_what_has_a_source) {
  const Shop shop;
  shop.exec("CREATE TABLE a(id int PRIMARY KEY); INSERT INTO a VALUES (1)");
  const std::vector<std::string> command = {
      "run",    "--source",  shop.conninfo(), "--destination", "duckdb:///" + shop.file(),
      "--slot", shop.slot(), "--publication", shop.slot()};
  ASSERT_TRUE(test::run(walbrook_command(command)).succeeded());
  auto pipeline = walbrook::pipeline({.pipeline_name = shop.slot(), .destination = shop.file()});
  Lake::run(pipeline, "SELECT 7 AS n", {.table_name = "own.notes"});
  auto again = command;
  again.emplace_back("--reset");
  const auto result = test::run(walbrook_command(again));
  ASSERT_TRUE(result.succeeded()) << result.describe();
  EXPECT_EQ(shop.copied("SELECT n FROM own.notes"), "7");
  EXPECT_EQ(shop.copied("SELECT id FROM public.a"), "1");
  EXPECT_EQ(shop.copied("SELECT count(*) FROM _walbrook.outputs"), "2");
}

}  // namespace
}  // namespace walbrook::test
