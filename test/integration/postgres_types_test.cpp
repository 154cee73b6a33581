// Target tables in a PostgreSQL database with the source's enums, domains and composites (--create-types).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>

#include "test/support/process.h"
#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

class PostgresTypesTest : public ::testing::Test {
 protected:
  PostgresTypesTest() { db.pipeline.flags = {"--create-types"}; }

  [[nodiscard]] std::string copied(const std::string& sql) const { return Sql(db.comparison.copy_conninfo).value(sql); }
  // Returns the types of the target table's columns: "public.mood, text".
  [[nodiscard]] std::string types(const std::string& table) const {
    return copied(
        fmt::format("SET search_path = ''; SELECT string_agg(format_type(atttypid, atttypmod), ', ' ORDER BY attnum) "
                    "FROM pg_attribute WHERE attrelid = 'public.{}'::regclass AND attnum > 0 AND NOT attisdropped",
                    table));
  }
  std::string applies(const std::string& changes) const {
    db.exec(changes);
    const auto run = db.pipeline.run();
    EXPECT_EQ(run.exit_code, 0) << changes << "\n" << run.describe();
    EXPECT_EQ(db.differences(), "") << changes << "\n" << run.describe();
    return run.err;
  }

  ReplicatedDatabase db{PostgresServer::shared(), CopiedTo::database};
};

constexpr auto labels = "SELECT string_agg(enumlabel, ' ' ORDER BY enumsortorder) FROM pg_enum";

TEST_F(PostgresTypesTest, columns_have_the_types_of_the_source) {
  applies(
      R"(CREATE SCHEMA app; CREATE TYPE app."Mood" AS ENUM ('calm', 'glad'); CREATE DOMAIN app.score AS numeric(10, 2))"
      R"( CHECK (VALUE > 0); CREATE DOMAIN app.best AS app.score; CREATE TYPE app.part AS (m app."Mood", s app.score[],)"
      R"( "Name" varchar(5)); CREATE DOMAIN app.some_part AS app.part; CREATE TYPE app.whole AS (p app.some_part, ps)"
      R"( app.part[]); CREATE TABLE item(m app."Mood", s app.best, ms app."Mood"[], w app.whole, p app.some_part, note)"
      R"( varchar(9), PRIMARY KEY (m, s)); INSERT INTO item VALUES ('calm', 1.5, '{glad,NULL}', ROW(ROW('calm', '{1,2}',)"
      R"( 'a,"b')::app.part, ARRAY[NULL, ROW(NULL, NULL, '')::app.part]), ROW('glad', NULL, 'x'), 'n'), ('glad', 2,)"
      R"( NULL, NULL, NULL, NULL))");
  EXPECT_EQ(types("item"), "app.\"Mood\", app.best, app.\"Mood\"[], app.whole, app.some_part, character varying");
  EXPECT_EQ(copied("SELECT ((w).p).\"Name\" FROM item WHERE m = 'calm'"), "a,\"b");
  applies(
      R"(UPDATE item SET s = 3, w = ROW(NULL, ARRAY[]::app.part[]) WHERE m = 'glad'; UPDATE item SET m = 'glad' WHERE m)"
      R"( = 'calm'; DELETE FROM item WHERE s = 3; INSERT INTO item VALUES ('calm', 9, '{}', NULL, NULL, 'new'))");
}

TEST_F(PostgresTypesTest, a_label_has_the_place_that_it_has_in_the_source) {
  applies(
      "CREATE TYPE mood AS ENUM ('b', 'd'); CREATE TABLE item(id int PRIMARY KEY, m mood); INSERT INTO item VALUES "
      "(1, 'd'), (2, 'b')");
  db.exec("ALTER TYPE mood ADD VALUE 'a' BEFORE 'b'");
  db.exec("ALTER TYPE mood ADD VALUE 'c' AFTER 'b'");
  db.exec("ALTER TYPE mood ADD VALUE 'e''s'");
  applies("INSERT INTO item VALUES (3, 'a'), (4, 'e''s'), (5, 'c')");
  EXPECT_EQ(copied(labels), "a b c d e's");
  EXPECT_EQ(copied("SELECT string_agg(m::text, ' ' ORDER BY m) FROM item"), "a b c d e's");
  EXPECT_EQ(types("item"), "integer, public.mood");
}

TEST_F(PostgresTypesTest, a_run_that_follows_takes_a_new_label) {
  applies(
      "CREATE TYPE mood AS ENUM ('calm'); CREATE TABLE item(id int PRIMARY KEY, m mood); INSERT INTO item VALUES "
      "(1, 'calm')");
  Process follower(db.pipeline.command("run", {"--follow"}));
  for (int id = 2; id < 5; ++id) {
    db.exec(fmt::format("ALTER TYPE mood ADD VALUE 'label {}'", id));
    db.exec(
        fmt::format("INSERT INTO item VALUES ({0}, 'label {0}'); UPDATE item SET m = 'label {0}' WHERE id = 1", id));
    ASSERT_TRUE(db.pipeline.arrives(fmt::format("SELECT count(*) FROM item WHERE m::text = 'label {}'", id), "2"))
        << follower.err();
  }
  follower.signal(SIGTERM);
  const auto& end = follower.wait(milliseconds(60'000));
  EXPECT_EQ(end.exit_code, 0) << end.describe();
  EXPECT_EQ(db.differences(), "") << end.describe();
}

TEST_F(PostgresTypesTest, a_composite_is_text_while_it_differs_and_is_made_again) {
  applies(
      "CREATE TYPE pair AS (a int, b text); CREATE TABLE item(id int PRIMARY KEY, p pair); INSERT INTO item VALUES "
      "(1, ROW(1, 'one'))");
  EXPECT_EQ(types("item"), "integer, public.pair");
  applies("ALTER TYPE pair ADD ATTRIBUTE c numeric; INSERT INTO item VALUES (2, ROW(2, 'two', 2.5))");
  EXPECT_EQ(types("item"), "integer, text");
  applies("INSERT INTO item VALUES (3, ROW(3, 'three', 3.5))");
  EXPECT_EQ(types("item"), "integer, public.pair");
  EXPECT_EQ(copied("SELECT sum((p).c) FROM item"), "6.0");
}

TEST_F(PostgresTypesTest, what_consists_of_an_altered_type_is_made_again_too) {
  applies(
      "CREATE TYPE pair AS (a int, b text); CREATE DOMAIN any_pair AS pair; CREATE TYPE outer_pair AS (p any_pair, "
      "ps pair[]); CREATE TABLE item(id int PRIMARY KEY, o outer_pair[]); INSERT INTO item VALUES (1, "
      "ARRAY[ROW(ROW(1, 'x'), ARRAY[ROW(2, 'y')::pair])::outer_pair])");
  applies("ALTER TYPE pair DROP ATTRIBUTE b; INSERT INTO item VALUES (2, ARRAY[ROW(ROW(3), NULL)::outer_pair])");
  EXPECT_EQ(types("item"), "integer, text[]");
  applies("INSERT INTO item VALUES (3, NULL)");
  EXPECT_EQ(types("item"), "integer, public.outer_pair[]");
}

TEST_F(PostgresTypesTest, a_type_that_cannot_be_made_is_text) {
  const auto told = applies(
      "CREATE TABLE other(id int PRIMARY KEY); INSERT INTO other VALUES (1); CREATE TYPE holder AS (o other); CREATE "
      "TABLE item(id int PRIMARY KEY, o other, h holder); INSERT INTO item VALUES (1, ROW(1), ROW(ROW(2)))");
  EXPECT_EQ(types("item"), "integer, text, text");
  EXPECT_NE(told.find("type public.holder are text"), std::string::npos) << told;
}

TEST_F(PostgresTypesTest, a_type_of_somebody_else_is_not_touched) {
  Sql(db.comparison.copy_conninfo)
      .exec("CREATE TYPE pair AS (x int); CREATE TYPE mood AS (y int); CREATE TYPE state AS ENUM ('on')");
  const auto told = applies(
      "CREATE TYPE pair AS (a int, b text); CREATE TYPE mood AS ENUM ('calm'); CREATE TYPE state AS ENUM ('off', "
      "'on'); "
      "CREATE TABLE item(id int PRIMARY KEY, p pair, m mood, s state); INSERT INTO item VALUES (1, ROW(1, 'one'), "
      "'calm', 'off')");
  EXPECT_NE(told.find("values of type public.pair are text in"), std::string::npos) << told;
  EXPECT_NE(told.find("a type of another kind has that name"), std::string::npos) << told;
  EXPECT_EQ(types("item"), "integer, text, text, public.state");
  EXPECT_EQ(copied(labels), "off on");
  EXPECT_EQ(copied("SELECT ROW(1)::pair::text"), "(1)");
}

TEST_F(PostgresTypesTest, types_are_made_only_if_it_is_asked_for) {
  db.pipeline.flags.clear();
  applies(
      "CREATE TYPE mood AS ENUM ('calm'); CREATE DOMAIN score AS int; CREATE TABLE item(id score PRIMARY KEY, m "
      "mood); INSERT INTO item VALUES (1, 'calm')");
  EXPECT_EQ(types("item"), "integer, text");
  db.pipeline.flags = {"--create-types"};
  applies("INSERT INTO item VALUES (2, 'calm')");
  EXPECT_EQ(types("item"), "public.score, public.mood");
}

}  // namespace
}  // namespace walbrook::test
