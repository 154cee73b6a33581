// Databases with an encoding other than UTF8. A value that cannot be converted never concerns the whole run.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "test/support/duck_reader.h"
#include "test/support/postgres_server.h"
#include "test/support/temp_folder.h"
#include "test/support/walbrook_command.h"

namespace walbrook::test {
namespace {

// A database with that encoding, statements executed in it as raw bytes, and its pipeline.
class EncodedDatabase {
 public:
  explicit EncodedDatabase(const std::string& encoding)
      : folder_("encoded"), name_("encoded_" + std::to_string(getpid()) + "_" + std::to_string(++count_)) {
    Sql(server_.conninfo())
        .exec("CREATE DATABASE " + name_ + " ENCODING " + quote_literal(encoding) +
              " LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
    pipeline = {.source = server_.conninfo(name_), .file = folder_ / "copy.duckdb"};
    exec("CREATE PUBLICATION walbrook FOR ALL TABLES");
  }
  ~EncodedDatabase() { server_.drop_database(name_); }

  void exec(const std::string& bytes) const { raw().exec(bytes); }
  [[nodiscard]] Sql raw() const {
    Sql sql(server_.conninfo(name_));
    sql.exec("SET client_encoding = 'SQL_ASCII'");
    return sql;
  }
  [[nodiscard]] std::string copied(const std::string& sql) const { return DuckReader(pipeline.file).value(sql); }
  [[nodiscard]] ProcessResult run(const std::vector<std::string>& extra = {}) const { return pipeline.run(extra); }

 private:
  static inline int count_ = 0;
  PostgresServer& server_ = PostgresServer::shared();
  TempFolder folder_;
  std::string name_;

 public:
  Pipeline pipeline;
};

void expect_exit(const ProcessResult& result, int code) {
  EXPECT_EQ(result.exit_code, code) << result.describe();
}

constexpr const char* all_of_k =
    "SELECT string_agg(concat_ws('|', coalesce(k, k__v_text), coalesce(v, v__v_text)), ' ' ORDER BY id) FROM public.k";

// Copied and streamed values; keys, whose rows stay distinct; parts of arrays and documents; labels of enums.
TEST(Encodings, a_byte_without_equivalent_is_hex_in_the_overflow_column) {
  const EncodedDatabase db("WIN1252");
  db.exec(
      "CREATE TYPE mood AS ENUM ('gl\xFC"
      "cklich', 'b\x81');"
      "CREATE TABLE k(id int, k text PRIMARY KEY, v text);"
      "CREATE TABLE parts(id int PRIMARY KEY, a text[], j json, m mood, x xml);"
      "INSERT INTO k VALUES (1, E'a\x81', '\xE9\x80'), (2, E'a\x8D', E'x\x81'), (3, 'plain', 'plain');"
      "INSERT INTO parts VALUES (1, ARRAY['\xE9', NULL], '{\"k\": \"\xE9\"}', 'gl\xFC"
      "cklich', '<a>\xE9</a>'),"
      " (2, ARRAY['\xE9', E'\x81'], '{\"k\": \"\x81\"}', 'b\x81', NULL)");
  expect_exit(db.run(), 0);
  EXPECT_EQ(db.copied(all_of_k), "\\x6181|é€ \\x618d|\\x7881 plain|plain");
  db.exec("UPDATE k SET v = '\xFC' WHERE k = E'a\x81'");
  db.exec("DELETE FROM k WHERE k = E'a\x8D'");
  db.exec("INSERT INTO k VALUES (4, E'a\x8F', E'\x90')");
  db.exec("INSERT INTO parts SELECT id + 2, a, j, m, x FROM parts");
  const auto result = db.run();
  expect_exit(result, 0);
  EXPECT_NE(result.out.find("values that the columns cannot hold"), std::string::npos) << result.describe();
  EXPECT_EQ(db.copied(all_of_k), "\\x6181|ü plain|plain \\x618f|\\x90");
  for (const auto* row : {"1", "3"}) {
    EXPECT_EQ(db.copied("SELECT concat_ws(' ', a::VARCHAR, j, m, x) FROM public.parts WHERE id = " + std::string(row)),
              "[é, NULL] {\"k\": \"é\"} glücklich <a>é</a>");
  }
  for (const auto* row : {"2", "4"}) {
    EXPECT_EQ(db.copied("SELECT concat_ws(' ', a__v_text, j__v_text, m__v_text) FROM public.parts "
                        "WHERE a IS NULL AND j IS NULL AND m IS NULL AND id = " +
                        std::string(row)),
              "\\x7be92c817d \\x7b226b223a202281227d \\x6281");
  }
}

// Bytes of any kind are text if the whole value is valid UTF-8.
TEST(Encodings, sql_ascii_has_text_where_the_whole_value_is_utf8) {
  const EncodedDatabase db("SQL_ASCII");
  db.exec(
      "CREATE TABLE k(id int, k text PRIMARY KEY, v text);"
      "INSERT INTO k VALUES (1, 'caf\xC3\xA9', 'caf\xC3\xA9 caf\xE9'), (2, E'\\\\xe9', 'x'), (3, '\xE9', 'y')");
  expect_exit(db.run(), 0);
  db.exec("UPDATE k SET v = '\xFF' WHERE k = '\xE9'");
  db.exec("UPDATE k SET v = '\xC3\xBC' WHERE id = 2");
  expect_exit(db.run(), 0);
  EXPECT_EQ(db.copied(all_of_k), "café|\\x636166c3a920636166e9 \\xe9|ü \\xe9|\\xff");
  EXPECT_EQ(db.copied("SELECT string_agg(k, ' ' ORDER BY id) FROM public.k"), "café \\xe9") << "the third key is hex";
}

void expect_same_values(const std::string& encoding, const std::string& destination, const std::string& wanted) {
  EncodedDatabase db(encoding);
  const std::string schema = encoding == "LATIN1" ? "of_latin" : "of_ascii";
  db.exec("CREATE SCHEMA " + schema + "; CREATE TABLE " + schema + ".k(id int, k text PRIMARY KEY, v text)");
  // The second row has such a byte in its key, too.
  db.exec("INSERT INTO " + schema + ".k VALUES (1, 'plain', '\xFC'), (2, 'caf\xE9', 'x')");
  db.pipeline.server =
      destination.empty() ? "file://" + (db.pipeline.file.parent_path() / "lake").string() : destination;
  db.pipeline.slot = schema;
  expect_exit(db.run(), 0);
  db.exec("UPDATE " + schema + ".k SET v = '\xE9' WHERE id = 2");
  expect_exit(db.run(), 0);
  const std::string value =
      encoding == "LATIN1" ? "concat_ws('|', k, v)" : "concat_ws('|', coalesce(k, k__v_text), coalesce(v, v__v_text))";
  const auto asked = run(db.pipeline.command(
      "sql", {"--csv", "SELECT string_agg(" + value + ", ' ' ORDER BY id) AS v FROM " + schema + ".k"}));
  EXPECT_NE(asked.out.find(wanted), std::string::npos) << asked.describe();
}

// Into a database of another encoding and into files, the values are those of a DuckDB file.
TEST(Encodings, other_destinations_have_the_same_values) {
  const ScratchDatabase copies(PostgresServer::shared());
  for (const auto& destination : {copies.server().url(copies.name()), std::string()}) {
    expect_same_values("LATIN1", destination, "plain|\xC3\xBC caf\xC3\xA9|\xC3\xA9");
    expect_same_values("SQL_ASCII", destination, "plain|\\xfc \\x636166e9|\\xe9");
  }
}

// All 128 upper bytes, compared with the server's own conversion of each.
TEST(Encodings, every_byte_is_converted_as_the_server_does) {
  for (const auto* encoding : {"LATIN1", "WIN1251", "KOI8R", "ISO_8859_6"}) {
    const EncodedDatabase db(encoding);
    db.exec("CREATE TABLE t(b int PRIMARY KEY, v text)");
    auto sql = db.raw();
    std::string wanted;
    for (int byte = 128; byte < 256; ++byte) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\x%02x", byte);
      sql.exec("INSERT INTO t VALUES (" + std::to_string(byte) + ", E'" + escape + "')");
      try {
        wanted += sql.value("SELECT upper(encode(convert(decode('" + std::string(escape + 2) + "', 'hex'), " +
                            quote_literal(encoding) + ", 'UTF8'), 'hex'))");
      } catch (const std::runtime_error&) {
        wanted += escape;
      }
      wanted += " ";
    }
    expect_exit(db.run(), 0);
    // The overflow column exists if a byte needed it.
    const bool overflows = wanted.find('\\') != std::string::npos;
    const std::string value = overflows ? "coalesce(hex(v), v__v_text)" : "hex(v)";
    EXPECT_EQ(db.copied("SELECT string_agg(" + value + " || ' ', '' ORDER BY b) FROM public.t"), wanted) << encoding;
  }
}

// Names with such bytes are distinct, are found by --table, and are passed back to the server.
TEST(Encodings, names_with_bytes_without_equivalent_are_names) {
  const EncodedDatabase db("WIN1252");
  db.exec(
      "CREATE SCHEMA \"s\x81\xE9\";"
      "CREATE TABLE \"s\x81\xE9\".\"t\x81\"(\"i\xE4\" int PRIMARY KEY, \"v\x8D\" text);"
      "CREATE TABLE \"s\x81\xE9\".\"t\\x81\"(id int PRIMARY KEY);"
      "INSERT INTO \"s\x81\xE9\".\"t\x81\" VALUES (1, '\xE9');"
      "INSERT INTO \"s\x81\xE9\".\"t\\x81\" VALUES (7)");
  expect_exit(db.run({"--table", "\"s\\x81é\".\"t\\x81\"", "--table", "\"s\\x81é\".\"t\\x5cx81\""}), 0);
  db.exec("INSERT INTO \"s\x81\xE9\".\"t\x81\" VALUES (2, '\xE4'); INSERT INTO \"s\x81\xE9\".\"t\\x81\" VALUES (8)");
  expect_exit(db.run(), 0);
  EXPECT_EQ(db.copied(R"(SELECT string_agg("v\x8d", '' ORDER BY "iä") FROM "s\x81é"."t\x81")"), "éä");
  EXPECT_EQ(db.copied(R"(SELECT sum(id)::VARCHAR FROM "s\x81é"."t\x5cx81")"), "15");
}

// The filter's text is sent to the server as it was received.
TEST(Encodings, a_row_filter_with_such_bytes_copies_the_rows_that_the_stream_has) {
  if (PostgresServer::shared().major() < 15) GTEST_SKIP() << "row filters came with 15";
  const EncodedDatabase db("WIN1252");
  db.exec("CREATE TABLE k(id int PRIMARY KEY, v text); INSERT INTO k VALUES (1, '\xE9'), (2, E'\x81'), (3, 'x')");
  db.exec("DROP PUBLICATION walbrook; CREATE PUBLICATION walbrook FOR TABLE k WHERE (v IN ('\xE9', E'\x81'))");
  db.exec("ALTER TABLE k REPLICA IDENTITY FULL");
  expect_exit(db.run(), 0);
  db.exec("INSERT INTO k VALUES (4, '\xE9'), (5, E'\x81'), (6, 'x')");
  expect_exit(db.run(), 0);
  EXPECT_EQ(db.copied("SELECT string_agg(id || coalesce(v, v__v_text), ' ' ORDER BY id) FROM public.k"),
            "1é 2\\x81 4é 5\\x81");
}

// The server converts characters of several bytes, up to one that it cannot. 0xa9a1 is a character of EUC_JP without
// equivalent.
TEST(Encodings, a_character_that_the_server_cannot_convert_suspends_its_table_alone) {
  const EncodedDatabase db("EUC_JP");
  db.exec(
      "CREATE TABLE t(id int PRIMARY KEY, v text, w text); CREATE TABLE other(id int PRIMARY KEY, \"\xC6\xFC\" text);"
      "INSERT INTO t VALUES (1, '\xC6\xFC\xCB\xDC', 'private'); INSERT INTO other VALUES (1, '\xC6\xFC')");
  expect_exit(db.run(), 0);
  EXPECT_EQ(db.copied("SELECT v FROM public.t"), "日本");
  db.exec("INSERT INTO other VALUES (2, '\xCB\xDC')");
  db.exec("INSERT INTO t VALUES (2, '\xCB\xDC\xA9\xA1', 'private')");
  db.exec("INSERT INTO other VALUES (3, '\xB8\xEC')");
  auto result = db.run();
  expect_exit(result, 5);
  EXPECT_NE(result.err.find("public.t is"), std::string::npos) << result.describe();
  const auto shows_row_data = [](const std::string& text) {
    return text.find("cbdca9a1") != std::string::npos || text.find("private") != std::string::npos;
  };
  EXPECT_FALSE(shows_row_data(result.err)) << "the value is in the debug log alone\n" << result.describe();
  EXPECT_FALSE(shows_row_data(db.copied("SELECT string_agg(reason, ' ') FROM _walbrook.outputs")));
  EXPECT_NE(result.err.find(", key id=2: the server has no equivalent"), std::string::npos) << result.describe();
  EXPECT_NE(result.err.find("correct the value at the source"), std::string::npos) << result.describe();
  const std::string others = "SELECT string_agg(\"日\", '' ORDER BY id) FROM public.other";
  EXPECT_EQ(db.copied(others), "日本語");
  // The copy of the suspended table meets the same value.
  db.exec("INSERT INTO other VALUES (4, '\xC6\xFC')");
  result = db.run();
  expect_exit(result, 5);
  EXPECT_NE(result.err.find("Correct it at the source"), std::string::npos) << result.describe();
  EXPECT_EQ(db.copied(others), "日本語日");
  db.exec("UPDATE t SET v = '\xCB\xDC' WHERE id = 2");
  expect_exit(db.run(), 0);
  EXPECT_EQ(db.copied("SELECT string_agg(v, '' ORDER BY id) FROM public.t"), "日本本");
}

// A value that cannot be read removes its table from the stream only until a copy restores it.
TEST(Encodings, p4_a_table_that_was_corrected_and_resynced_under_follow_misses_nothing) {
  const EncodedDatabase db("EUC_JP");
  db.exec("CREATE TABLE t(id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, '\xC6\xFC')");
  Process follower(db.pipeline.command("run", {"--follow"}));
  const auto becomes = [&](const std::string& state) {
    return eventually(
        [&] {
          const auto told = db.pipeline.status_of("t");
          return !told.is_null() && told.at("state") == state;
        },
        milliseconds(30'000));
  };
  ASSERT_TRUE(becomes("streaming")) << follower.err();
  db.exec("INSERT INTO t VALUES (2, '\xA9\xA1')");
  ASSERT_TRUE(becomes("suspended")) << follower.err();
  db.exec("UPDATE t SET v = '\xCB\xDC' WHERE id = 2");
  const auto resync = test::run(db.pipeline.command("resync", {"t"}));
  ASSERT_EQ(resync.exit_code, 0) << resync.describe();
  ASSERT_TRUE(becomes("streaming")) << follower.err();
  db.exec("INSERT INTO t VALUES (3, '\xB8\xEC')");
  const auto rows = [&] { return test::run(db.pipeline.command("sql", {"--csv", "SELECT count(*) FROM t"})).out; };
  EXPECT_TRUE(eventually([&] { return rows().find('3') != std::string::npos; }, milliseconds(10'000))) << rows();
  follower.signal(SIGTERM);
  EXPECT_EQ(follower.wait(milliseconds(20'000)).exit_code, 0) << follower.err();
  EXPECT_EQ(db.copied("SELECT string_agg(v, '' ORDER BY id) FROM public.t"), "日本語");
}

// Each attempt copies the table and meets the same value, until somebody corrects it.
TEST(Encodings, a_suspended_table_is_tried_again_until_its_value_is_corrected) {
  const EncodedDatabase db("EUC_JP");
  db.exec("CREATE TABLE t(id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, '\xC6\xFC')");
  ASSERT_EQ(db.run().exit_code, 0);
  db.exec("INSERT INTO t VALUES (2, '\xA9\xA1')");
  Process follower(db.pipeline.command("run", {"--follow", "--suspended-retry", "1"}));
  const auto becomes = [&](const auto& condition) {
    return eventually(
        [&] {
          const auto told = db.pipeline.status_of("t");
          return !told.is_null() && condition(told);
        },
        milliseconds(60'000));
  };
  EXPECT_TRUE(becomes([](const auto& told) {
    return told.at("state") == "suspended" && told.at("attempts") == 1 && told.at("retry_at").is_string();
  })) << follower.err();
  const auto shown = test::run(db.pipeline.command("status", {})).out;
  EXPECT_NE(shown.find("1 attempt failed; the next attempt is at 20"), std::string::npos) << shown;
  db.exec("UPDATE t SET v = '\xCB\xDC' WHERE id = 2");
  EXPECT_TRUE(becomes([](const auto& told) { return told.at("state") == "streaming"; })) << follower.err();
  follower.signal(SIGTERM);
  EXPECT_EQ(follower.wait(milliseconds(20'000)).exit_code, 0) << follower.err();
  EXPECT_EQ(db.copied("SELECT string_agg(v, '' ORDER BY id) FROM public.t"), "日本");
}

}  // namespace
}  // namespace walbrook::test
