// Which server answers: the decision alone, and the identity of a real server.
#include "postgres/connection/server_identity.h"

#include <gtest/gtest.h>

#include "postgres/connection/known_server.h"
#include "postgres/publication/publication_age.h"
#include "test/integration/postgres/source_case.h"

namespace walbrook::postgres::test {
namespace {

const std::vector<EarlierTimeline> three_timelines = {{1, {100}}, {2, {200}}};

ServerIdentity on_timeline_3(Lsn position = {500}) {
  return {.systemid = "7", .timeline = 3, .position = position, .history = three_timelines};
}

std::string cause(const ServerIdentity& server, const ExpectedServer& expected) {
  const auto error = identity_error(server, expected);
  if (!error) return "";
  EXPECT_EQ(error->kind(), ErrorKind::source_not_ready);
  EXPECT_NE(error->hint().find("--reset"), std::string::npos);
  return error->cause();
}

TEST(TimelineHistory, is_read_line_by_line) {
  EXPECT_EQ(parse_timeline_history("1\t0/64\tno recovery target specified\n\n2\t0/C8\tbefore 2020-01-01\n"),
            three_timelines);
  EXPECT_EQ(parse_timeline_history("# comment\n  1 \t 0/64\r\n"), (std::vector<EarlierTimeline>{{1, {100}}}));
  EXPECT_TRUE(parse_timeline_history("").empty());
  EXPECT_TRUE(parse_timeline_history("1\tnowhere\n").empty());
}

TEST(TimelineHistory, a_position_where_two_meet_belongs_to_the_earlier_one) {
  const auto server = on_timeline_3();
  EXPECT_EQ(timeline_of(server, {50}), 1);
  EXPECT_EQ(timeline_of(server, {100}), 1);
  EXPECT_EQ(timeline_of(server, {101}), 2);
  EXPECT_EQ(timeline_of(server, {201}), 3);
  EXPECT_EQ(timeline_of({.systemid = "7", .timeline = 1}, {999}), 1);
}

TEST(IdentityError, what_continues_is_none) {
  EXPECT_EQ(cause(on_timeline_3(), {}), "");
  EXPECT_EQ(cause(on_timeline_3(), {"7", 3, {300}}), "");
  EXPECT_EQ(cause(on_timeline_3(), {"7", 2, {200}}), "") << "everything of timeline 2 was taken over";
  EXPECT_EQ(cause(on_timeline_3(), {"7", 1, {99}}), "");
  EXPECT_EQ(cause(on_timeline_3({300}), {"7", 3, {300}}), "");
}

TEST(IdentityError, another_cluster_older_states_and_lost_tails_are) {
  EXPECT_NE(cause(on_timeline_3(), {"8", 3, {300}}).find("this is cluster 7"), std::string::npos);
  EXPECT_NE(cause(on_timeline_3(), {"7", 4, {300}}).find("an older state"), std::string::npos);
  EXPECT_NE(cause(on_timeline_3({299}), {"7", 3, {300}}).find("an older state"), std::string::npos);
  EXPECT_NE(cause(on_timeline_3(), {"7", 2, {201}}).find("left timeline 2 at 0/C8"), std::string::npos);
  auto other_branch = on_timeline_3();
  other_branch.history = {{1, {100}}};
  EXPECT_NE(cause(other_branch, {"7", 2, {90}}).find("does not come from timeline 2"), std::string::npos);
}

class KnownServerTest : public SourceCase {};

TEST_F(KnownServerTest, both_kinds_of_connection_say_the_same) {
  auto replication = Connection::open(conninfo(), ConnectionUse::replication);
  const auto by_command = identify(replication);
  const auto by_query = identify_by_query(catalog);
  EXPECT_EQ(by_query.systemid, by_command.systemid);
  EXPECT_EQ(by_query.timeline, by_command.timeline);
  EXPECT_GE(by_query.position, by_command.position);
  EXPECT_FALSE(by_command.standby || by_query.standby);
}

TEST_F(KnownServerTest, another_timeline_is_tried_again_and_another_cluster_is_not) {
  auto identity = identify_by_query(catalog);
  KnownServer server;
  server.check(catalog, ConnectionUse::catalog);  // nothing is known yet
  server.set(identity);
  server.check(catalog, ConnectionUse::catalog);
  auto older = identity;
  older.timeline += 1;
  server.set(older);
  expect_says(thrown_by([&] { server.check(catalog, ConnectionUse::catalog); }), ErrorKind::connection, {"timeline"});
  older = identity;
  older.systemid = "1";
  server.set(older);
  for (const auto use : {ConnectionUse::catalog, ConnectionUse::replication, ConnectionUse::snapshot}) {
    expect_says(thrown_by([&] { static_cast<void>(open_checked(conninfo(), use, &server)); }),
                ErrorKind::source_not_ready, {"this is cluster"});
  }
}

TEST_F(KnownServerTest, a_publication_that_is_altered_is_newer_than_what_was_before) {
  sql.exec("CREATE TABLE a(id int PRIMARY KEY); CREATE TABLE b(id int PRIMARY KEY)");
  sql.exec("CREATE PUBLICATION p FOR TABLE a");
  const auto now = [this] { return static_cast<std::uint32_t>(std::stoul(sql.value("SELECT pg_current_xact_id()"))); };
  auto before = now();
  EXPECT_FALSE(publication_altered_since(catalog, "p", before));
  sql.exec("ALTER PUBLICATION p ADD TABLE b");
  EXPECT_TRUE(publication_altered_since(catalog, "p", before));
  before = now();
  EXPECT_FALSE(publication_altered_since(catalog, "p", before));
  sql.exec("ALTER PUBLICATION p SET (publish = 'insert')");
  EXPECT_TRUE(publication_altered_since(catalog, "p", before));
  EXPECT_TRUE(publication_altered_since(catalog, "gone", before));
  sql.exec("BEGIN; ALTER PUBLICATION p SET (publish = 'insert, update')");
  const auto itself = now();
  sql.exec("COMMIT");
  EXPECT_FALSE(publication_altered_since(catalog, "p", itself));
}

}  // namespace
}  // namespace walbrook::postgres::test
