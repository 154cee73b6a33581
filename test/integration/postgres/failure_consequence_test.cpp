#include "postgres/connection/failure_consequence.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "postgres/connection/connect_failure.h"
#include "postgres/connection/server_wait.h"

namespace walbrook::postgres::test {
namespace {

Error refused(ErrorKind kind, const std::string& state = "") {
  return {kind, "it failed", {}, {.sqlstate = state}};
}

TEST(FailureConsequence, before_the_first_success_only_a_server_that_is_not_there_is_waited_for) {
  const auto before = [](const Error& failed) { return consequence_of(failed, Asked::connection, false); };
  EXPECT_EQ(before(refused(ErrorKind::connection)), Consequence::wait);
  for (const auto* state : {"57P03", "57P01", "57P02", "53300", "08006"})
    EXPECT_EQ(before(refused(ErrorKind::connection, state)), Consequence::wait) << state;
  for (const auto* state : {"28P01", "28000", "42501"})
    EXPECT_EQ(before(refused(ErrorKind::permission_denied, state)), Consequence::end) << state;
  EXPECT_EQ(before(refused(ErrorKind::source_not_ready, "3D000")), Consequence::end);
  EXPECT_EQ(before(refused(ErrorKind::connection, "57P04")), Consequence::end) << "the database was dropped";
  EXPECT_EQ(before(refused(ErrorKind::source_not_ready)), Consequence::end) << "TLS";
  EXPECT_EQ(before(refused(ErrorKind::permission_denied)), Consequence::end) << "libpq itself lacks a password";
}

TEST(FailureConsequence, after_it_all_of_these_are_waited_for_but_no_lost_slot) {
  for (const auto asked : {Asked::connection, Asked::stream, Asked::catalog}) {
    const auto after = [asked](const Error& failed) { return consequence_of(failed, asked, true); };
    for (const auto* state : {"57P03", "53300", "53200", "28P01", "28000", "3D000", "57P04", "42501", "57014", "25P03"})
      EXPECT_EQ(after(refused(ErrorKind::source_not_ready, state)), Consequence::wait) << state;
    EXPECT_EQ(after(refused(ErrorKind::source_not_ready, "42704")), Consequence::end);
    EXPECT_EQ(after(refused(ErrorKind::protocol)), Consequence::end);
  }
  EXPECT_EQ(consequence_of(refused(ErrorKind::source_not_ready), Asked::connection, true), Consequence::wait)
      << "a certificate that has expired, a secret that is just being written";
  EXPECT_EQ(consequence_of(refused(ErrorKind::source_not_ready), Asked::stream, true), Consequence::end)
      << "a slot that is lost";
}

TEST(FailureConsequence, of_a_copy_resources_concern_the_copy_and_rights_the_table) {
  const auto of_copy = [](const Error& failed) { return consequence_of(failed, Asked::copy, true); };
  EXPECT_EQ(of_copy(refused(ErrorKind::connection, "53200")), Consequence::copy);
  EXPECT_EQ(of_copy(refused(ErrorKind::connection)), Consequence::copy);
  EXPECT_EQ(of_copy(refused(ErrorKind::source_not_ready, "40P01")), Consequence::copy);
  EXPECT_EQ(of_copy(refused(ErrorKind::permission_denied, "42501")), Consequence::table);
  EXPECT_EQ(of_copy(refused(ErrorKind::data)), Consequence::table);
  EXPECT_EQ(of_copy(refused(ErrorKind::source_not_ready, "22P05")), Consequence::table);
}

std::string word(Consequence consequence) {
  static const std::map<Consequence, std::string> words = {{Consequence::wait, "waits"},
                                                           {Consequence::end, "ends"},
                                                           {Consequence::copy, "copies again"},
                                                           {Consequence::table, "suspends the table"}};
  return words.at(consequence);
}

// Returns the rows of the table in docs/operations.md, as the code has them.
TEST(FailureConsequence, the_documents_show_the_same_table) {
  std::ifstream in(WALBROOK_SOURCE_DIR "/docs/operations.md");
  std::vector<std::string> shown;
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("## ")) inside = line == "## When the source fails";
    if (inside && line.starts_with("| ")) shown.push_back(line);
  }
  std::vector<std::string> expected = {
      "| what failed | SQLSTATE | at the start, a run | later, a run | during a copy, a run |"};
  for (const auto& each : failure_classes()) {
    std::string states;
    std::istringstream words{std::string(each.sqlstates)};
    for (std::string state; words >> state;) {
      states += (states.empty() ? "`" : ", `") + state + (state.size() < 5 ? "…`" : "`");
    }
    expected.push_back("| " + std::string(each.name) + " | " + states + " | " + word(each.before) + " | " +
                       word(each.after) + " | " + word(each.of_copy) + " |");
  }
  EXPECT_EQ(shown, expected);
}

// PQERRORS_VERBOSE, in any language.
TEST(FailureConsequence, a_refusal_of_a_connection_has_its_sqlstate) {
  const auto failed = connect_failure(
      "connection to server at \"db\" (10.0.0.1), port 5432 failed: Connection refused\n"
      "\tIs the server running on that host and accepting TCP/IP connections?\n"
      "connection to server at \"db\" (10.0.0.2), port 5432 failed: FATAL:  28P01: Passwort-Authentifizierung für "
      "Benutzer »joe« fehlgeschlagen\nLOCATION:  auth_failed, auth.c:326\n",
      {.where = "db:5432/shop", .database = "shop", .user = "joe"});
  EXPECT_EQ(failed.facts().sqlstate, "28P01");
  EXPECT_EQ(failed.cause().find("LOCATION"), std::string::npos) << failed.cause();
  EXPECT_EQ(failed.cause().find("28P01"), std::string::npos) << failed.cause();
  EXPECT_EQ(failed.kind(), ErrorKind::permission_denied);
}

TEST(SilentConnection, is_waited_for_while_the_server_works) {
  EXPECT_TRUE(is_at_work({.state = "active", .wait_event_type = "", .wait_event = "", .statement = "COPY"}));
  EXPECT_TRUE(is_at_work({.state = "active", .wait_event_type = "Lock", .wait_event = "relation", .statement = "x"}));
  EXPECT_FALSE(
      is_at_work({.state = "active", .wait_event_type = "Client", .wait_event = "ClientWrite", .statement = "x"}))
      << "what it writes does not arrive";
  EXPECT_FALSE(is_at_work(
      {.state = "idle in transaction", .wait_event_type = "Client", .wait_event = "ClientRead", .statement = "x"}))
      << "its answer was lost";
  EXPECT_FALSE(is_at_work({.state = "active",
                           .wait_event_type = "Activity",
                           .wait_event = "WalSenderMain",
                           .statement = "START_REPLICATION"}));
  EXPECT_TRUE(is_at_work({.state = "active",
                          .wait_event_type = "Client",
                          .wait_event = "WalSenderWaitForWAL",
                          .statement = "CREATE_REPLICATION_SLOT x"}));
}

}  // namespace
}  // namespace walbrook::postgres::test
