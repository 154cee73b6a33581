#include "postgres/preflight/preflight.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "postgres/catalog/table_name.h"
#include "postgres/snapshot/snapshot_reader.h"
#include "postgres/stream/walsender_stream.h"
#include "test/integration/postgres/source_case.h"

namespace walbrook::postgres::test {
namespace {

std::string text_of(const std::vector<Finding>& findings) {
  std::string text;
  for (const auto& each : findings) {
    text += std::string(to_string(each.severity)) + " [" + each.topic + "] " + each.what + " => " +
            to_text(each.remedy, Wording::command) + "\n";
  }
  return text;
}

// Expects one finding of that severity and topic with all of `words` in what or remedy, on one line.
void expect_finding(const std::vector<Finding>& findings, Severity severity, const std::string& topic,
                    const std::vector<std::string>& words) {
  for (const auto& each : findings) {
    EXPECT_EQ(each.what.find('\n'), std::string::npos) << each.what;
    if (each.severity != severity || each.topic != topic) continue;
    const auto text = each.what + " " + to_text(each.remedy, Wording::command);
    if (std::ranges::all_of(words, [&](const std::string& word) { return text.find(word) != std::string::npos; }))
      return;
  }
  ADD_FAILURE() << "no " << to_string(severity) << " on " << topic << " with " << testing::PrintToString(words)
                << " in\n"
                << text_of(findings);
}

void expect_no(const std::vector<Finding>& findings, Severity severity) {
  EXPECT_TRUE(std::ranges::none_of(findings, [&](const Finding& each) { return each.severity == severity; }))
      << text_of(findings);
}

class Preflight : public SourceCase {
 protected:
  Preflight() : slot("s_" + database.name()) {}
  void TearDown() override {
    drop_slot(catalog, slot);
    SourceCase::TearDown();
  }
  [[nodiscard]] PreflightRequest request(const std::string& user = "postgres") const {
    return {
        .conninfo = conninfo(user), .publication = "p", .slot = slot, .tables = {}, .checkpoint = {}, .systemid = {}};
  }
  [[nodiscard]] std::vector<Finding> check(const std::vector<std::string>& tables = {}) const {
    auto asked = request();
    for (const auto& name : tables) asked.tables.push_back(parse_table_name(name));
    return preflight(asked);
  }
  Lsn create_slot() {
    auto replication = Connection::open(conninfo(), ConnectionUse::replication);
    return create_permanent_slot(replication, conninfo(), {.name = slot}, {}, {}).consistent_point;
  }

  std::string slot;
};

TEST_F(Preflight, a_fresh_database_is_ready) {
  sql.exec("CREATE TABLE a(id int PRIMARY KEY); CREATE TABLE b(id int PRIMARY KEY)");
  const auto found = check();
  expect_no(found, Severity::error);
  expect_no(found, Severity::warning);
  EXPECT_FALSE(first_error(found).has_value());
  expect_finding(found, Severity::ok, "server", {"PostgreSQL "});
  expect_finding(found, Severity::ok, "server", {"wal_level is logical"});
  expect_finding(found, Severity::ok, "server", {"replication slots are free"});
  expect_finding(found, Severity::ok, "rights", {"may replicate"});
  expect_finding(found, Severity::ok, "publication", {"will be created for 2 tables"});
  expect_finding(found, Severity::ok, "slot", {"will be created"});
}

TEST_F(Preflight, what_no_stream_contains_is_counted) {
  auto asked = request();
  asked.counts_unsent = true;
  sql.exec("CREATE TABLE a(id int PRIMARY KEY)");
  for (const auto& finding : preflight(asked)) EXPECT_EQ(finding.what.find("not replicated"), std::string::npos);
  sql.exec(
      "CREATE SEQUENCE one; CREATE SEQUENCE two; CREATE MATERIALIZED VIEW m AS SELECT 1 AS i; CREATE UNLOGGED TABLE "
      "u(id int PRIMARY KEY); SELECT lo_create(0)");
  expect_finding(preflight(asked), Severity::note, "publication",
                 {"not replicated: 2 sequences, 1 large object, 1 materialized view, 1 unlogged table"});
}

TEST_F(Preflight, an_unreachable_server_is_a_finding) {
  auto asked = request();
  asked.conninfo = "host=127.0.0.1 port=1 user=postgres";
  const auto found = preflight(asked);
  expect_finding(found, Severity::error, "server", {"127.0.0.1:1", "Connection refused"});
  EXPECT_EQ(first_error(found)->kind(), ErrorKind::connection);
}

TEST_F(Preflight, names_that_are_none) {
  sql.exec("CREATE TABLE a(id int PRIMARY KEY)");
  auto asked = request();
  asked.slot = "Bad-Name";
  const auto found = preflight(asked);
  expect_finding(found, Severity::error, "slot", {"Bad-Name"});
  EXPECT_EQ(exit_code(first_error(found)->kind()), 2);
}

TEST_F(Preflight, tables_that_are_asked_for) {
  sql.exec(
      "CREATE TABLE a(id int PRIMARY KEY, v int); CREATE UNLOGGED TABLE u(i int); CREATE TABLE b(id int PRIMARY KEY)");
  const auto before = check({"a", "u", "nosuch"});
  expect_finding(before, Severity::error, "table public.u", {"unlogged", "SET LOGGED"});
  expect_finding(before, Severity::error, "table public.nosuch", {"does not exist"});
  EXPECT_EQ(exit_code(first_error(before)->kind()), 3);
  sql.exec("CREATE PUBLICATION p FOR TABLE a");
  const auto with = check({"a", "b", "nosuch", "a(id)"});
  expect_finding(with, Severity::error, "publication", {"requested twice"});
  const auto others = check({"a(id)", "b", "nosuch"});
  expect_finding(others, Severity::error, "table public.b",
                 {"not in publication p", "ALTER PUBLICATION \"p\" ADD TABLE ONLY \"public\".\"b\";"});
  expect_finding(others, Severity::error, "table public.nosuch", {"does not exist"});
  expect_finding(others, Severity::error, "table public.a",
                 {"all columns",
                  "DROP TABLE \"public\".\"a\"; ALTER PUBLICATION \"p\" ADD TABLE ONLY \"public\".\"a\" (\"id\");"});
  expect_no(check({"a"}), Severity::error);
}

TEST_F(Preflight, publication_that_lacks_something) {
  sql.exec("CREATE TABLE a(id int PRIMARY KEY); CREATE PUBLICATION p FOR TABLE a WITH (publish = 'insert, delete')");
  expect_finding(check(), Severity::warning, "publication",
                 {"leaves out UPDATE, TRUNCATE", "SET (publish = 'insert, update, delete, truncate')"});
  sql.exec("DROP PUBLICATION p; CREATE PUBLICATION p");
  expect_finding(check(), Severity::warning, "publication", {"has no tables"});
  sql.exec("DROP PUBLICATION p");
  auto later = request();
  later.checkpoint = Lsn{1};
  expect_finding(preflight(later), Severity::error, "publication",
                 {"publication p does not exist, but the replica is at", "--reset"});
}

TEST_F(Preflight, keys_that_do_not_count) {
  sql.exec(
      "CREATE TABLE nokey(id int); CREATE TABLE late(id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED); CREATE TABLE "
      "nothing(id int PRIMARY KEY);"
      "ALTER TABLE nothing REPLICA IDENTITY NOTHING; CREATE TABLE full_(id int); ALTER TABLE full_ REPLICA IDENTITY "
      "FULL; CREATE TABLE good(id int PRIMARY KEY)");
  const auto expect_all = [&](const std::vector<Finding>& found, const char* what_happens) {
    expect_finding(
        found, Severity::warning, "table public.nokey",
        {what_happens, "AT THE SOURCE", "no primary key", "ALTER TABLE public.nokey REPLICA IDENTITY FULL;"});
    expect_finding(found, Severity::warning, "table public.late", {"deferrable"});
    expect_finding(found, Severity::warning, "table public.nothing", {"NOTHING"});
    EXPECT_EQ(std::ranges::count(found, Severity::warning, &Finding::severity), 3) << text_of(found);
  };
  expect_all(check(), "publication p leaves out public.nokey");
  sql.exec("CREATE PUBLICATION p FOR ALL TABLES");
  expect_all(check(), "UPDATE and DELETE of public.nokey will fail");
  EXPECT_THROW(sql.exec("INSERT INTO nokey VALUES (1); DELETE FROM nokey"), std::runtime_error)
      << "what the finding says";
  sql.exec("DROP PUBLICATION p; CREATE PUBLICATION p FOR ALL TABLES WITH (publish = 'insert')");
  for (const auto& each : check()) EXPECT_EQ(each.topic.find("table "), std::string::npos) << each.what;
}

TEST_F(Preflight, rights_of_the_role) {
  sql.exec(
      "CREATE TABLE a(id int PRIMARY KEY, v int); CREATE TABLE b(id int PRIMARY KEY); ALTER TABLE b ENABLE ROW LEVEL "
      "SECURITY; CREATE SCHEMA s; CREATE TABLE s.c(id int PRIMARY KEY)");
  const auto user = role("");
  sql.exec("GRANT SELECT ON b, s.c TO " + user);
  const auto creating = preflight(request(user));
  expect_finding(creating, Severity::error, "rights", {"ALTER ROLE \"" + user + "\" REPLICATION"});
  expect_finding(creating, Severity::error, "publication",
                 {"lacks CREATE on database",
                  "CREATE PUBLICATION \"p\" FOR TABLE ONLY \"public\".\"a\", ONLY \"public\".\"b\" WITH"});
  expect_finding(creating, Severity::error, "table public.a",
                 {"may not read", "GRANT SELECT ON \"public\".\"a\" TO \"" + user + "\";"});
  expect_finding(creating, Severity::error, "table public.b", {"row-level security", "BYPASSRLS"});
  EXPECT_TRUE(concerns_tables(creating));
  EXPECT_EQ(first_error(creating)->kind(), ErrorKind::permission_denied);
  sql.exec("GRANT CREATE ON DATABASE " + database.name() + " TO " + user);
  expect_finding(preflight(request(user)), Severity::error, "publication",
                 {"does not own table public.a (its owner is postgres)"});
  sql.exec("CREATE PUBLICATION p FOR TABLE a (id), s.c; ALTER ROLE " + user +
           " REPLICATION; GRANT SELECT (id) ON a TO " + user);
  const auto using_it = preflight(request(user));
  expect_finding(using_it, Severity::error, "table s.c", {"USAGE on schema s", "GRANT USAGE ON SCHEMA \"s\" TO"});
  EXPECT_FALSE(first_error(using_it).has_value()) << "one table does not stop the others";
  auto streaming = request(user);
  streaming.streaming = {static_cast<Oid>(std::stoul(sql.value("SELECT 's.c'::regclass::oid")))};
  expect_finding(preflight(streaming), Severity::warning, "table s.c", {"USAGE on schema s", "its changes continue"});
  auto others = request(user);
  others.tables = {{"public", "a", {"id"}}};
  expect_no(preflight(others), Severity::error);
  sql.exec("GRANT USAGE ON SCHEMA s TO " + user);
  expect_no(preflight(request(user)), Severity::error);
}

TEST_F(Preflight, partitions_that_do_not_go_with_their_root) {
  sql.exec(
      "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER srv FOREIGN DATA WRAPPER w;"
      "CREATE TABLE r(id int) PARTITION BY RANGE (id); CREATE FOREIGN TABLE f PARTITION OF r FOR VALUES FROM (0) TO "
      "(10) SERVER srv;"
      "CREATE UNLOGGED TABLE u PARTITION OF r FOR VALUES FROM (10) TO (20);"
      "CREATE TABLE k(id int PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE k1 PARTITION OF k FOR VALUES FROM (0) "
      "TO (10);"
      "ALTER TABLE k1 REPLICA IDENTITY FULL; CREATE PUBLICATION p FOR TABLE r, k WITH (publish_via_partition_root = "
      "true)");
  const auto found = check();
  expect_finding(found, Severity::error, "table public.r", {"partition public.f", "foreign table"});
  expect_finding(found, Severity::error, "table public.r", {"partition public.u", "unlogged", "SET LOGGED"});
  EXPECT_FALSE(first_error(found).has_value());
  sql.exec("CREATE TABLE k2 PARTITION OF k FOR VALUES FROM (10) TO (20)");
  expect_finding(check(), Severity::warning, "table public.k",
                 {"will be suspended", "public.k1: all columns; public.k2: id",
                  "ALTER TABLE public.k1 REPLICA IDENTITY DEFAULT;"});
  expect_finding(check({"k1"}), Severity::error, "table public.k1", {"partition of public.k"});
}

TEST_F(Preflight, slots_that_cannot_be_used) {
  sql.exec("CREATE TABLE a(id int PRIMARY KEY); CREATE PUBLICATION p FOR TABLE a");
  auto later = request();
  later.checkpoint = Lsn{1};
  expect_finding(preflight(later), Severity::error, "slot", {slot, "does not exist, but the replica is at 0/1"});
  sql.exec("SELECT pg_create_logical_replication_slot('" + slot + "', 'test_decoding')");
  expect_finding(check(), Severity::error, "slot", {"test_decoding", "pg_drop_replication_slot('" + slot + "')"});
  drop_slot(catalog, slot);
  sql.exec("SELECT pg_create_physical_replication_slot('" + slot + "')");
  expect_finding(check(), Severity::error, "slot", {"physical"});
  drop_slot(catalog, slot);
  {
    const ScratchDatabase other(database.server());
    Sql(other.conninfo()).exec("SELECT pg_create_logical_replication_slot('" + slot + "', 'pgoutput')");
    expect_finding(check(), Severity::error, "slot", {"belongs to database " + other.name()});
  }
  create_slot();
  expect_finding(preflight(later), Severity::error, "slot", {"ahead of the replica, which is at 0/1"});
  expect_finding(check(), Severity::ok, "slot", {"holds", "of write-ahead log"});
  auto reader = start_streaming({.conninfo = conninfo(), .slot = slot, .publication = "p", .start = {}}, {});
  expect_finding(check(), Severity::note, "slot",
                 {"read by PID " + std::to_string(read_slot(catalog, slot)->active_pid)});
  expect_no(check(), Severity::error);
  reader.reset();
  ASSERT_TRUE(eventually([&] { return read_slot(catalog, slot)->active_pid == 0; }, milliseconds(5'000)));
  auto unknown = request();
  unknown.slot_is_foreign = true;
  expect_finding(preflight(unknown), Severity::error, "slot",
                 {"slot " + slot + " exists already", "--adopt-slot", "--slot NAME", "--reset"});
  sql.exec("DROP PUBLICATION p; CREATE PUBLICATION other FOR TABLE a; CREATE PUBLICATION \"An\"");
  expect_finding(check(), Severity::error, "publication",
                 {"publication p does not exist, but slot " + slot + " exists",
                  "Publications of " + catalog.database() + ": An, other."});
  auto made = request();
  made.makes_publication = true;
  expect_finding(preflight(made), Severity::warning, "publication", {"is older than publication p"});
  drop_slot(catalog, slot);
  auto renamed = request();
  renamed.known_publication = "other";
  expect_finding(preflight(renamed), Severity::error, "publication", {"the replica was copied from publication other"});
}

TEST_F(Preflight, another_cluster_timeline_or_an_older_state) {
  sql.exec("CREATE TABLE a(id int PRIMARY KEY); CREATE PUBLICATION p FOR TABLE a");
  const auto at = create_slot();
  auto asked = request();
  asked.checkpoint = at;
  asked.systemid = sql.value("SELECT system_identifier FROM pg_control_system()");
  asked.timeline = 1;
  expect_no(preflight(asked), Severity::error);
  auto foreign = asked;
  foreign.systemid = "123";
  expect_finding(preflight(foreign), Severity::error, "server", {"the replica was copied from cluster 123"});
  auto older = asked;
  older.timeline = 2;
  expect_finding(preflight(older), Severity::error, "server", {"timeline 1, the replica is already on 2"});
  auto ahead = asked;
  ahead.checkpoint = Lsn{std::uint64_t{1} << 50};
  expect_finding(preflight(ahead), Severity::error, "server", {"an older state of the source"});
}

TEST(PreflightOfAServer, with_too_little_wal) {
  PostgresServer server({.settings = {"wal_level=replica"}});
  Sql(server.conninfo()).exec("CREATE TABLE a(id int PRIMARY KEY)");
  const auto found = preflight(
      {.conninfo = server.conninfo(), .publication = "p", .slot = "s", .tables = {}, .checkpoint = {}, .systemid = {}});
  expect_finding(found, Severity::error, "server", {"wal_level is replica", "ALTER SYSTEM SET wal_level = logical"});
  auto replication = Connection::open(server.conninfo(), ConnectionUse::replication);
  expect_says(thrown_by([&] { create_permanent_slot(replication, server.conninfo(), {.name = "s"}, {}, {}); }),
              ErrorKind::source_not_ready, {"wal_level"});
}

TEST(PreflightOfAServer, without_free_slots_and_senders) {
  PostgresServer server({.settings = {"max_replication_slots=1", "max_wal_senders=1", "max_slot_wal_keep_size=64MB"}});
  Sql sql(server.conninfo());
  sql.exec("CREATE TABLE a(id int PRIMARY KEY); CREATE PUBLICATION p FOR TABLE a");
  PreflightRequest asked{
      .conninfo = server.conninfo(), .publication = "p", .slot = "s", .tables = {}, .checkpoint = {}, .systemid = {}};
  const auto found = preflight(asked);
  expect_finding(found, Severity::error, "server",
                 {"1 of 1 replication slots are free; 2 are needed", "max_replication_slots = 3"});
  expect_finding(found, Severity::error, "server", {"1 of 1 walsenders are free; 2 are needed"});
  asked.snapshot = false;
  expect_no(preflight(asked), Severity::error);
  auto holder = Connection::open(server.conninfo(), ConnectionUse::replication);
  create_permanent_slot(holder, server.conninfo(), {.name = "other"}, {}, {});
  const auto full = preflight(asked);
  expect_finding(full, Severity::error, "server", {"0 of 1 replication slots are free; 1 is needed"});
  expect_finding(full, Severity::error, "rights", {"max_wal_senders"});
  expect_says(thrown_by([&] { SnapshotSource(server.conninfo(), {}, {}); }), ErrorKind::connection,
              {"max_wal_senders"});
  asked.slot = "other";  // the pipeline's own: it streams without another slot
  asked.snapshot = true;
  expect_finding(preflight(asked), Severity::note, "server", {"a table that needs a copy waits"});
  sql.exec("SELECT pg_drop_replication_slot('other')");
}

TEST(PreflightOfAServer, a_standby_is_told_as_such) {
  PostgresServer server;
  Sql(server.conninfo()).exec("CREATE TABLE a(id int PRIMARY KEY); CREATE PUBLICATION p FOR TABLE a");
  server.stop();
  ASSERT_TRUE(std::ofstream(server.folder() / "data" / "standby.signal").good());
  server.start();
  const auto found = preflight(
      {.conninfo = server.conninfo(), .publication = "p", .slot = "s", .tables = {}, .checkpoint = {}, .systemid = {}});
  expect_finding(found, Severity::error, "server", {"is a standby", "primary's host"});
}

}  // namespace
}  // namespace walbrook::postgres::test
