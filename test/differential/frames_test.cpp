// Frames of every kind as a real server sends them. The frames of frames.h follow only the protocol's documentation.
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <map>

#include "postgres/protocol/decoder.h"
#include "test/support/postgres_server.h"

namespace walbrook::postgres {
namespace {

using test::PostgresServer;
using test::ScratchDatabase;
using test::Sql;

constexpr auto tables = R"(
  CREATE TYPE mood AS ENUM ('calm');
  CREATE TABLE keyed(id int PRIMARY KEY, m mood, big text);
  ALTER TABLE keyed ALTER big SET STORAGE EXTERNAL;
  CREATE TABLE whole(a int, b text);
  ALTER TABLE whole REPLICA IDENTITY FULL;
  CREATE TABLE child(id int PRIMARY KEY REFERENCES keyed);
  CREATE PUBLICATION frames FOR ALL TABLES;
)";

// An origin must be set up outside of the transaction that carries it.
constexpr auto origin =
    "SELECT pg_replication_origin_create('upstream'); "
    "SELECT pg_replication_origin_session_setup('upstream')";

constexpr auto changes = R"(
  BEGIN;
  SELECT pg_replication_origin_xact_setup('0/ABCDEF', now());
  SELECT pg_logical_emit_message(true, 'prefix', 'content');
  INSERT INTO keyed VALUES (1, 'calm', repeat('x', 10000)), (2, NULL, '');
  UPDATE keyed SET m = NULL WHERE id = 1;
  UPDATE keyed SET id = 3 WHERE id = 2;
  INSERT INTO whole VALUES (1, 'one');
  UPDATE whole SET b = 'two';
  DELETE FROM whole;
  DELETE FROM keyed WHERE id = 3;
  TRUNCATE keyed RESTART IDENTITY CASCADE;
  COMMIT;
)";

class RealFrames : public testing::TestWithParam<std::string> {};

TEST_P(RealFrames, are_decoded_whole_and_refused_otherwise) {
  const ScratchDatabase database(PostgresServer::shared());
  Sql sql(database.conninfo());
  sql.exec(tables);
  sql.exec("SELECT pg_create_logical_replication_slot('frames', 'pgoutput')");
  sql.exec(origin);
  sql.exec(changes);
  const auto rows = sql.query(
      "SELECT encode(data, 'hex') FROM pg_logical_slot_get_binary_changes('frames', NULL, NULL, "
      "'proto_version', '1', 'publication_names', 'frames', 'messages', 'true', 'binary', '" +
      GetParam() + "')");
  std::map<std::size_t, int> kinds;
  std::map<OldTuple, int> old_kinds;
  int unchanged = 0;
  for (const auto& row : rows) {
    std::string frame;
    for (std::size_t i = 0; i < row[0]->size(); i += 2) {
      frame.push_back(static_cast<char>(std::stoi(row[0]->substr(i, 2), nullptr, 16)));
    }
    const auto message = decode(frame);
    ASSERT_TRUE(message) << message.error().message;
    ++kinds[message->index()];
    if (const auto* update = std::get_if<Update>(&*message)) {
      ++old_kinds[update->old_kind];
      auto cells = update->after.cells();
      for (int i = 0; i < update->after.size(); ++i) unchanged += cells.next().kind == CellKind::unchanged ? 1 : 0;
    }
    if (const auto* deletion = std::get_if<Delete>(&*message)) ++old_kinds[deletion->old_kind];
    if (const auto* truncate = std::get_if<Truncate>(&*message)) {
      EXPECT_EQ(truncate->relations.size(), 2U);
      EXPECT_TRUE(truncate->cascade && truncate->restart_identity);
    }
    if (const auto* from = std::get_if<Origin>(&*message)) {
      EXPECT_EQ(from->name, "upstream");
    }
    for (std::size_t length = 0; length < std::min<std::size_t>(frame.size(), 200); ++length) {
      ASSERT_FALSE(decode(std::string_view(frame).substr(0, length))) << length;
    }
    EXPECT_FALSE(decode(frame + '\0'));
  }
  const auto of_version_1 = std::count_if(message_kinds.begin(), message_kinds.end(),
                                          [](const MessageKind& kind) { return kind.protocol == 1; });
  EXPECT_EQ(std::ssize(kinds), of_version_1) << "a kind of message did not come";
  EXPECT_EQ(old_kinds, (std::map<OldTuple, int>{{OldTuple::none, 1}, {OldTuple::key, 2}, {OldTuple::full, 2}}));
  EXPECT_EQ(unchanged, 1);
  sql.exec("SELECT pg_drop_replication_slot('frames'); SELECT pg_replication_origin_session_reset()");
  sql.exec("SELECT pg_replication_origin_drop('upstream')");
}

INSTANTIATE_TEST_SUITE_P(Binary, RealFrames, testing::Values("false", "true"));

}  // namespace
}  // namespace walbrook::postgres
