// A database of another PostgreSQL server as the destination of the real command.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>

#include "test/support/replicated_database.h"
#include "test/support/tells.h"

namespace walbrook::test {
namespace {

// The destination is a server of its own, where the role `loader` has a password.
class PostgresDestinationTest : public ::testing::Test {
 protected:
  PostgresDestinationTest() : server({.fresh_cluster = true, .hba = {"host all loader 127.0.0.1/32 scram-sha-256"}}) {
    Sql sql(server.conninfo());
    sql.exec("CREATE ROLE loader LOGIN PASSWORD 'sesame'");
    sql.exec("CREATE DATABASE copies OWNER loader");
    db.pipeline.server = server.url("copies", "loader", "sesame");
    db.comparison.copy_conninfo = server.conninfo("copies");
    db.exec(
        "CREATE TABLE item(id int PRIMARY KEY, price numeric, tags text[], body text); CREATE TABLE log(a int, b "
        "text); "
        "ALTER TABLE log REPLICA IDENTITY FULL; INSERT INTO item SELECT g, g / 7.0, ARRAY['a', g::text], "
        "repeat(md5(g::text), 200) FROM generate_series(1, 500) g; INSERT INTO log SELECT g % 3, 'x' FROM "
        "generate_series(1, 30) g");
  }
  void change() const {
    db.exec(
        "UPDATE item SET price = 'NaN' WHERE id % 10 = 0; UPDATE item SET id = -id WHERE id < 5; DELETE FROM item "
        "WHERE "
        "id % 7 = 0; INSERT INTO item VALUES (1000, '-Infinity', '{{1,2},{3,4}}', NULL); DELETE FROM log WHERE ctid IN "
        "(SELECT ctid FROM log WHERE a = 1 LIMIT 2)");
  }
  [[nodiscard]] std::string copied(const std::string& sql) const { return Sql(server.conninfo("copies")).value(sql); }

  PostgresServer server;
  ReplicatedDatabase db;
};

TEST_F(PostgresDestinationTest, a_run_copies_and_the_next_one_applies_what_changed) {
  const auto check = run(db.pipeline.command("check"));
  EXPECT_EQ(check.exit_code, 0) << check.describe();
  EXPECT_NE(check.out.find(" holds no copy yet"), std::string::npos) << "the database exists\n" << check.describe();
  const auto first = db.pipeline.run();
  ASSERT_EQ(first.exit_code, 0) << first.describe();
  EXPECT_EQ(db.differences(), "") << first.describe();
  change();
  const auto second = db.pipeline.run();
  ASSERT_EQ(second.exit_code, 0) << second.describe();
  EXPECT_EQ(db.differences(), "") << second.describe();
  EXPECT_EQ(copied("SELECT price FROM item WHERE id = 10"), "NaN");
  EXPECT_EQ(copied("SELECT tags FROM item WHERE id = 1000"), "{{1,2},{3,4}}");
  for (const auto& each : {check, first, second}) {
    EXPECT_EQ((each.out + each.err).find("sesame"), std::string::npos) << each.describe();
  }
}

TEST_F(PostgresDestinationTest, commands_read_it_whether_a_run_is_at_work_or_not) {
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  const auto asked = [this] { return run(db.pipeline.command("sql", {"--csv", "SELECT count(*) AS n FROM item"})); };
  EXPECT_EQ(asked().out, "n\n500\n") << asked().describe();
  EXPECT_EQ(db.pipeline.status_of("item").value("rows", 0), 500) << db.pipeline.status().dump();
  const auto loads = run(db.pipeline.command("pipeline", {db.pipeline.slot, "loads"}));
  EXPECT_EQ(loads.exit_code, 0) << loads.describe();
  const auto schema = run(db.pipeline.command("pipeline", {db.pipeline.slot, "schema"}));
  EXPECT_NE(schema.out.find("\"price\" numeric"), std::string::npos) << schema.describe();
  const auto refused = run(db.pipeline.command("sql", {"DELETE FROM item"}));
  EXPECT_EQ(refused.exit_code, 2) << refused.describe();

  Process follower(db.pipeline.command("run", {"--follow"}));
  db.exec("INSERT INTO item VALUES (2000, 1, '{}', '')");
  EXPECT_TRUE(db.pipeline.arrives("SELECT count(*) FROM item", "501")) << follower.err();
  const auto second = db.pipeline.run();
  EXPECT_EQ(second.exit_code, 4) << second.describe();
  EXPECT_NE(second.err.find("PID"), std::string::npos) << second.describe();
  follower.signal(SIGTERM);
  EXPECT_EQ(follower.wait(milliseconds(10'000)).exit_code, 0) << follower.err();
}

TEST_F(PostgresDestinationTest, one_that_is_away_ends_a_run_and_is_waited_for_by_one_that_follows) {
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  server.stop();
  const auto once = db.pipeline.run();
  EXPECT_EQ(once.exit_code, 4) << once.describe();
  EXPECT_EQ((once.out + once.err).find("sesame"), std::string::npos) << once.describe();

  Process follower(db.pipeline.command("run", {"--follow"}));
  EXPECT_TRUE(tells(follower, "trying again in")) << follower.err();
  server.start();
  change();
  EXPECT_TRUE(db.pipeline.arrives("SELECT count(*) FROM item WHERE id = 1000", "1")) << follower.err();
  // Once more while it streams: the connections break, and a load is tried again.
  server.stop(PostgresServer::Stop::immediate);
  db.exec("INSERT INTO item VALUES (3000, 3, NULL, 'while it was away')");
  server.start();
  EXPECT_TRUE(db.pipeline.arrives("SELECT count(*) FROM item WHERE id = 3000", "1")) << follower.err();
  follower.signal(SIGTERM);
  EXPECT_EQ(follower.wait(milliseconds(10'000)).exit_code, 0) << follower.err();
  EXPECT_EQ(db.differences(), "") << follower.err();
}

TEST_F(PostgresDestinationTest, a_database_that_was_replaced_is_not_written_into) {
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  Process follower(db.pipeline.command("run", {"--follow"}));
  db.exec("INSERT INTO item VALUES (3999, 4, NULL, NULL)");
  ASSERT_TRUE(db.pipeline.arrives("SELECT count(*) FROM item WHERE id = 3999", "1")) << follower.err();  // it streams
  Sql(server.conninfo()).exec("DROP DATABASE copies WITH (FORCE)");
  Sql(server.conninfo()).exec("CREATE DATABASE copies OWNER loader");
  db.exec("INSERT INTO item VALUES (4000, 4, NULL, NULL)");
  const auto& ended = follower.wait(milliseconds(20'000));
  EXPECT_EQ(ended.exit_code, 4) << ended.describe();
  EXPECT_NE(ended.err.find("no longer the one that was opened"), std::string::npos) << ended.describe();
  EXPECT_EQ(copied("SELECT count(*) FROM pg_namespace WHERE nspname = '_walbrook'"), "0");
}

TEST_F(PostgresDestinationTest, its_credentials_are_set_like_the_sources) {
  const TempFolder folder("project");
  std::filesystem::create_directory(folder / ".walbrook");
  std::ofstream(folder / ".walbrook/config.toml") << "[pipelines.shop]\ndestination = \"postgresql\"\n";
  std::ofstream(folder / "password") << "sesame\n";
  std::ofstream(folder / ".walbrook/secrets.toml") << fmt::format(
      "[destination.postgresql.credentials]\nhost = \"127.0.0.1\"\nport = {}\ndatabase = \"copies\"\nusername = "
      "\"loader\"\npassword_file = \"{}\"\n",
      server.port(), (folder / "password").string());
  std::filesystem::permissions(folder / ".walbrook/secrets.toml", std::filesystem::perms::owner_read);
  std::filesystem::permissions(folder / "password", std::filesystem::perms::owner_read);
  const auto result =
      run(walbrook_command({"run", "--project", folder.path().string(), "--source", db.conninfo(), "--slot",
                            db.pipeline.slot, "--publication", db.pipeline.publication, "--pipeline", "shop"}));
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(db.differences(), "") << result.describe();
  const auto shown = run(walbrook_command({"config", "--project", folder.path().string()}));
  EXPECT_EQ(shown.out.find("sesame"), std::string::npos) << shown.describe();
}

TEST_F(PostgresDestinationTest, check_lists_the_columns_whose_extension_it_lacks) {
  db.exec(
      "CREATE EXTENSION citext; CREATE EXTENSION hstore; CREATE TYPE mood AS ENUM ('calm'); CREATE TABLE note(id int "
      "PRIMARY KEY, word citext, \"More Words\" citext[], tags hstore, mood mood); INSERT INTO note VALUES (1, 'a', "
      "'{b}', 'c=>d', 'calm')");
  const auto checked = [this] {
    const auto check = run(db.pipeline.command("check"));
    EXPECT_EQ(check.exit_code, 0) << check.describe();
    return check.out;
  };
  const auto first = checked();
  EXPECT_NE(first.find("columns \"word\", \"More Words\" of type citext become text in "), std::string::npos) << first;
  EXPECT_NE(first.find("column \"tags\" of type hstore becomes text in "), std::string::npos) << first;
  EXPECT_NE(first.find("In the destination: CREATE EXTENSION \"hstore\";"), std::string::npos) << first;
  EXPECT_NE(first.find("ready, 2 warnings"), std::string::npos) << first;
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  EXPECT_EQ(copied("SELECT pg_typeof(word)::text || pg_typeof(tags) FROM note"), "texttext");
  Sql(server.conninfo("copies")).exec("CREATE EXTENSION citext");
  const auto second = checked();
  EXPECT_EQ(second.find("citext become"), std::string::npos) << second;
  EXPECT_NE(second.find("column \"tags\" of type hstore becomes text in "), std::string::npos) << second;
  Sql(server.conninfo("copies")).exec("CREATE EXTENSION hstore");
  const auto again = db.pipeline.run();
  EXPECT_EQ(again.exit_code, 0) << again.describe();
  EXPECT_EQ(copied("SELECT pg_typeof(word)::text || pg_typeof(tags) FROM note"), "citexthstore");
  EXPECT_EQ(checked().find("extension"), std::string::npos);
}

TEST_F(PostgresDestinationTest, a_resync_keeps_privileges_and_drop_leaves_nothing) {
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  Sql(server.conninfo("copies")).exec("CREATE ROLE reader; GRANT SELECT ON item TO reader");
  const auto resync = run(db.pipeline.command("resync", {"public.item"}));
  ASSERT_EQ(resync.exit_code, 0) << resync.describe();
  change();
  const auto copied_again = db.pipeline.run();
  EXPECT_EQ(copied_again.exit_code, 0) << copied_again.describe();
  EXPECT_EQ(db.differences(), "") << copied_again.describe();
  EXPECT_EQ(copied("SELECT has_table_privilege('reader', 'item', 'SELECT')"), "t");
  const auto dropped = run(db.pipeline.command("pipeline", {db.pipeline.slot, "drop", "--yes"}));
  EXPECT_EQ(dropped.exit_code, 0) << dropped.describe();
  EXPECT_EQ(copied("SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = "
                   "'public' AND c.relkind = 'r'"),
            "0");
  EXPECT_EQ(db.value("SELECT count(*) FROM pg_replication_slots WHERE slot_name = " + quote_literal(db.pipeline.slot)),
            "0");
}

// Somebody's view keeps its table, which takes the rows of the new copy.
TEST_F(PostgresDestinationTest, a_view_survives_a_resync_and_shows_the_new_rows) {
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  Sql copies(server.conninfo("copies"));
  copies.exec("CREATE VIEW dear AS SELECT id, price FROM item WHERE price > 10; CREATE VIEW dearest AS TABLE dear");
  const auto number = [this] { return copied("SELECT 'dear'::regclass::oid || ' ' || 'item'::regclass::oid"); };
  const auto before = number();
  Sql reader(server.conninfo("copies"));
  reader.exec("BEGIN ISOLATION LEVEL REPEATABLE READ");
  const auto seen = reader.value("SELECT count(*) FROM dearest");
  copies.exec("DELETE FROM item WHERE id = 100; UPDATE item SET price = 1e9 WHERE id = 101");  // what a resync is for
  ASSERT_EQ(run(db.pipeline.command("resync", {"public.item"})).exit_code, 0);
  change();
  const auto again = db.pipeline.run();
  EXPECT_EQ(again.exit_code, 0) << again.describe();
  EXPECT_EQ(db.differences(), "") << again.describe();
  EXPECT_EQ(number(), before);
  EXPECT_EQ(copied("SELECT count(*) FROM dearest"), db.value("SELECT count(*) FROM item WHERE price > 10"));
  EXPECT_EQ(reader.value("SELECT count(*) FROM dearest"), seen) << "a snapshot stays what it was";
  reader.exec("COMMIT");
  EXPECT_EQ(copied("SELECT count(*) FROM pg_class WHERE relname LIKE '\\_walbrook\\_copy%'"), "0");
  db.exec("UPDATE item SET price = 11 WHERE id = 1000; DELETE FROM item WHERE id > 490");
  ASSERT_EQ(db.pipeline.run().exit_code, 0);
  EXPECT_EQ(db.differences(), "");

  // Its columns cannot change under the view.
  db.exec("ALTER TABLE item ALTER price TYPE text");
  const auto refused = db.pipeline.run();
  EXPECT_EQ(refused.exit_code, 5) << refused.describe();
  EXPECT_NE(refused.err.find("dear"), std::string::npos) << refused.describe();
  copies.exec("DROP VIEW dear CASCADE");
  const auto last = db.pipeline.run();
  EXPECT_EQ(last.exit_code, 0) << last.describe();
  EXPECT_EQ(db.differences(), "") << last.describe();
}

}  // namespace
}  // namespace walbrook::test
