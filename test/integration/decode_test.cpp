// walbrook decode: what a slot would send, without consuming it; captures; mistakes of users.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// Returns the kinds of messages in a JSON output, in order.
std::string kinds_of(const std::string& json_lines) {
  std::string kinds;
  for (const auto& line : lines_of(json_lines)) {
    kinds += (kinds.empty() ? "" : ", ") + nlohmann::json::parse(line).at("kind").get<std::string>();
  }
  return kinds;
}

// A pipeline that has copied its tables, and changes that wait in its slot.
class Decode : public ::testing::Test {
 protected:
  explicit Decode(PostgresServer& server = PostgresServer::shared()) : db(server) {
    db.exec(
        "CREATE TABLE orders(id int PRIMARY KEY, note text, total numeric(10,2)); CREATE TABLE other(id int PRIMARY "
        "KEY)");
    const auto copied = db.pipeline.run();
    EXPECT_EQ(copied.exit_code, 0) << copied.describe();
    db.exec("INSERT INTO orders VALUES (1, 'it''s', 12.5)");
    db.exec("INSERT INTO other VALUES (1)");
    db.exec("UPDATE orders SET note = NULL; DELETE FROM orders; TRUNCATE orders");
  }

  [[nodiscard]] ProcessResult decode(const std::vector<std::string>& flags) const {
    std::vector<std::string> arguments = {"decode",         "--source",      db.conninfo(),          "--slot",
                                          db.pipeline.slot, "--publication", db.pipeline.publication};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    return run(walbrook_command(arguments));
  }
  [[nodiscard]] std::string decoded(const std::vector<std::string>& flags) const {
    const auto result = decode(flags);
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    return result.out;
  }
  void expect_refusal(const ProcessResult& result, int exit_code, const std::string& text) const {
    EXPECT_EQ(result.exit_code, exit_code) << result.describe();
    EXPECT_NE(result.err.find(text), std::string::npos) << "\"" << text << "\" is missing in\n" << result.describe();
    EXPECT_EQ(result.out, "") << result.describe();
  }

  ReplicatedDatabase db;
};

TEST_F(Decode, p6_a_slot_stays_where_it_is) {
  const auto state = [this] {
    return db.value(
        fmt::format("SELECT (restart_lsn, confirmed_flush_lsn, two_phase, active)::text "
                    "FROM pg_replication_slots WHERE slot_name = '{}'",
                    db.pipeline.slot));
  };
  const auto before = state();
  const auto first = decoded({});
  EXPECT_EQ(decoded({}), first);
  static_cast<void>(decoded({"--binary", "--streaming", "on", "--messages", "--limit", "1"}));
  EXPECT_EQ(state(), before);
  const auto applied = db.pipeline.run();
  EXPECT_EQ(applied.exit_code, 0) << applied.describe();
  EXPECT_EQ(db.differences(), "");
}

TEST_F(Decode, one_line_a_message) {
  const auto lines = lines_of(decoded({}));
  ASSERT_EQ(lines.size(), 14U);
  const std::vector<std::string> parts = {
      "Begin     xid ",
      "Relation  public.orders  oid ",
      "Insert    public.orders  id=1 note='it''s' total=12.50",
      "Commit    commit_lsn ",
      "Begin     xid ",
      "Relation  public.other  oid ",
      "Insert    public.other  id=1",
      "Commit    commit_lsn ",
      "Begin     xid ",
      "Update    public.orders  id=1 note=NULL total=12.50",
      "Delete    public.orders  key id=1",
      "Relation  public.orders",  // TRUNCATE made the server forget that it was sent
      "Truncate  public.orders",
      "Commit    commit_lsn "};
  for (std::size_t i = 0; i < lines.size(); ++i) EXPECT_NE(lines[i].find(parts[i]), std::string::npos) << lines[i];
}

TEST_F(Decode, json_for_programs) {
  const auto out = decoded({"--json"});
  EXPECT_EQ(kinds_of(out),
            "Begin, Relation, Insert, Commit, Begin, Relation, Insert, Commit, Begin, Update, Delete, Relation, "
            "Truncate, Commit");
  const auto insert = nlohmann::json::parse(lines_of(out)[2]);
  EXPECT_EQ(insert.at("after").dump(), R"({"id":"1","note":"it's","total":"12.50"})");
  EXPECT_EQ(insert.at("table"), "orders");
  // In binary format the values are the same, read by walbrook's own parsers.
  EXPECT_EQ(nlohmann::json::parse(lines_of(decoded({"--json", "--binary"}))[2]), insert);
}

TEST_F(Decode, filters) {
  EXPECT_EQ(kinds_of(decoded({"--json", "--table", "other"})), "Begin, Relation, Insert, Commit");
  EXPECT_EQ(kinds_of(decoded({"--json", "--limit", "3"})), "Begin, Relation, Insert");
  EXPECT_EQ(kinds_of(decoded({"--json", "--table", "other", "--limit", "2"})), "Begin, Relation");
  const auto all = lines_of(decoded({"--json"}));
  const auto second = nlohmann::json::parse(all[4]).at("commit_lsn").get<std::string>();
  const auto third = nlohmann::json::parse(all[8]).at("commit_lsn").get<std::string>();
  EXPECT_EQ(kinds_of(decoded({"--json", "--from-lsn", second, "--to-lsn", third})), "Begin, Relation, Insert, Commit");
  EXPECT_EQ(kinds_of(decoded({"--json", "--from-lsn", third})), "Begin, Update, Delete, Relation, Truncate, Commit");
  const auto none = decode({"--table", "public.nothing"});
  EXPECT_EQ(none.exit_code, 0) << none.describe();
  EXPECT_EQ(none.out, "");
  EXPECT_NE(none.err.find("no message concerns table public.nothing"), std::string::npos) << none.describe();
}

TEST_F(Decode, a_capture_shows_what_the_slot_showed) {
  const auto file = (db.folder() / "some.capture").string();
  for (const std::vector<std::string>& flags :
       std::vector<std::vector<std::string>>{{}, {"--binary", "--protocol", "1"}}) {
    auto recording = flags;
    recording.insert(recording.end(), {"--record", file});
    const auto told = decoded(recording);
    EXPECT_TRUE(told.starts_with("recorded 14 messages, ")) << told;
    const auto shown = run(walbrook_command({"decode", file}));
    EXPECT_EQ(shown.exit_code, 0) << shown.describe();
    EXPECT_EQ(shown.out, decoded(flags));
  }
  const auto filtered = run(walbrook_command({"decode", file, "--json", "--table", "other", "--limit", "2"}));
  EXPECT_EQ(kinds_of(filtered.out), "Begin, Relation") << filtered.describe();
}

TEST_F(Decode, large_transactions_before_they_end) {
  Sql open(db.conninfo());
  open.exec(
      "BEGIN; INSERT INTO orders SELECT g, repeat('x', 1000), 0 FROM generate_series(1, 200) g; "
      "SAVEPOINT s; INSERT INTO orders SELECT g, repeat('y', 1000), 0 FROM generate_series(201, 400) g; ROLLBACK TO s");
  db.exec("INSERT INTO other VALUES (2)");  // a commit, so that the log is flushed up to here
  const std::vector<std::string> flags = {"--json", "--streaming", "on",    "--logical-decoding-work-mem",
                                          "64kB",   "--table",     "orders"};
  const auto streamed = kinds_of(decoded(flags));
  EXPECT_NE(streamed.find("Stream Start, Relation, Insert"), std::string::npos) << streamed;
  EXPECT_EQ(streamed.find("Stream Commit"), std::string::npos) << streamed;
  open.exec("COMMIT");
  const auto ended = kinds_of(decoded(flags));
  EXPECT_NE(ended.find("Stream Abort"), std::string::npos) << ended;
  EXPECT_TRUE(ended.ends_with("Stream Commit")) << ended;
}

TEST_F(Decode, a_reader_that_goes_away_ends_it) {
  db.exec("INSERT INTO orders SELECT g, repeat('x', 500), 0 FROM generate_series(1, 5000) g");
  const auto command = walbrook_command(
      {"decode", "--source", db.conninfo(), "--slot", db.pipeline.slot, "--publication", db.pipeline.publication});
  std::string line;
  for (const auto& word : command.argv) line += "'" + word + "' ";
  const auto result = run({.argv = {"bash", "-c", "set -o pipefail; " + line + "| head -n 1"}, .env = command.env},
                          milliseconds(20'000));
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(lines_of(result.out).size(), 1U);
}

TEST_F(Decode, what_is_not_there_is_told) {
  db.pipeline.slot = "no_such_slot";
  expect_refusal(decode({}), 3, "slot no_such_slot does not exist");
  db.exec("SELECT pg_create_logical_replication_slot('other_plugin', 'test_decoding')");
  db.pipeline.slot = "other_plugin";
  expect_refusal(decode({}), 3, "test_decoding");
  db.exec("SELECT pg_drop_replication_slot('other_plugin')");
}

TEST_F(Decode, a_publication_that_is_not_there) {
  db.pipeline.publication = "no_such_publication";
  expect_refusal(decode({}), 3, "publication no_such_publication does not exist");
}

TEST_F(Decode, a_slot_that_is_being_read) {
  Process follower(db.pipeline.command("run", {"--follow"}));
  ASSERT_TRUE(eventually([&] { return !db.value("SELECT 1 FROM pg_replication_slots WHERE active").empty(); },
                         milliseconds(20'000)))
      << follower.err();
  expect_refusal(decode({}), 3, "is being read by PID");
  follower.signal(SIGTERM);
  EXPECT_EQ(follower.wait(milliseconds(20'000)).exit_code, 0);
}

TEST_F(Decode, a_role_without_replication) {
  db.exec("CREATE ROLE looker LOGIN");
  const auto result = run(walbrook_command({"decode", "--source", db.conninfo("looker"), "--slot", db.pipeline.slot,
                                            "--publication", db.pipeline.publication}));
  expect_refusal(result, 3, "peeking at slot");
  db.exec("DROP ROLE looker");
}

TEST_F(Decode, captures_that_cannot_be_read_or_written) {
  const auto show = [](const std::string& file) { return run(walbrook_command({"decode", file})); };
  expect_refusal(show((db.folder() / "missing.capture").string()), 3, "missing.capture cannot be read: No such file");
  expect_refusal(show(db.folder().path().string()), 3, "cannot be read");
  write_file(db.folder() / "empty.capture", "");
  expect_refusal(show((db.folder() / "empty.capture").string()), 3, "empty.capture cannot be read");
  write_file(db.folder() / "noise.capture", std::string(5000, 'x'));
  expect_refusal(show((db.folder() / "noise.capture").string()), 1, "noise.capture is not a capture");
  expect_refusal(decode({"--record", (db.folder() / "no/such/folder").string()}), 4, "cannot be written: No such file");

  const auto file = (db.folder() / "good.capture").string();
  static_cast<void>(decoded({"--record", file}));
  auto bytes = read_file(file);
  write_file(file, bytes.substr(0, bytes.size() - 5));
  const auto cut = show(file);
  EXPECT_EQ(cut.exit_code, 1) << cut.describe();
  EXPECT_NE(cut.err.find("cannot be read on at frame 14"), std::string::npos) << cut.describe();
  EXPECT_EQ(lines_of(cut.out).size(), 13U) << cut.describe();
  bytes[bytes.size() - 26] = '!';  // the kind of the last message
  write_file(file, bytes);
  const auto damaged = show(file);
  EXPECT_EQ(damaged.exit_code, 1) << damaged.describe();
  EXPECT_NE(damaged.err.find("unknown message kind 0x21"), std::string::npos) << damaged.describe();
}

TEST(DecodePrepared, p6_two_phase_is_shown_where_the_slot_has_it_and_never_turned_on) {
  PostgresServer server({.settings = {"max_prepared_transactions=5"}});
  const ReplicatedDatabase db(server);
  db.exec("CREATE TABLE t(id int PRIMARY KEY); CREATE PUBLICATION p FOR ALL TABLES");
  db.exec(
      "SELECT pg_create_logical_replication_slot('plain', 'pgoutput', false, false), "
      "pg_create_logical_replication_slot('prepared', 'pgoutput', false, true)");
  Sql sql(db.conninfo());
  sql.exec("BEGIN");
  sql.exec("INSERT INTO t VALUES (1)");
  sql.exec("PREPARE TRANSACTION 'one'");
  const auto decode = [&db](const std::string& slot, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"decode", "--source",      db.conninfo(), "--slot",
                                          slot,     "--publication", "p",           "--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(walbrook_command(arguments));
  };
  EXPECT_EQ(kinds_of(decode("prepared").out), "Begin Prepare, Relation, Insert, Prepare");
  EXPECT_EQ(decode("plain").out, "");
  EXPECT_EQ(db.value("SELECT two_phase FROM pg_replication_slots WHERE slot_name = 'plain'"), "f");
  const auto refused = decode("prepared", {"--protocol", "2"});
  EXPECT_EQ(refused.exit_code, 3) << refused.describe();
  EXPECT_NE(refused.err.find("slot prepared has two_phase"), std::string::npos) << refused.describe();
  sql.exec("COMMIT PREPARED 'one'");
  EXPECT_EQ(kinds_of(decode("prepared").out), "Begin Prepare, Relation, Insert, Prepare, Commit Prepared");
  EXPECT_EQ(kinds_of(decode("plain").out), "Begin, Relation, Insert, Commit");
}

}  // namespace
}  // namespace walbrook::test
