#include <gtest/gtest.h>

#include <mutex>
#include <thread>

#include "postgres/slot/slot_error.h"
#include "postgres/snapshot/snapshot_reader.h"
#include "test/integration/postgres/source_case.h"

namespace walbrook::postgres::test {
namespace {

class Slots : public SourceCase {
 protected:
  Slots() : slot("s_" + database.name()) {}
  CreatedSlot create() {
    auto replication = Connection::open(conninfo(), ConnectionUse::replication);
    return create_permanent_slot(replication, conninfo(), {.name = slot}, {}, {});
  }

  std::string slot;
};

TEST_F(Slots, are_permanent_and_dropped) {
  EXPECT_FALSE(read_slot(catalog, slot).has_value());
  const auto made = create();
  EXPECT_TRUE(made.consistent_point.is_set());
  EXPECT_TRUE(made.snapshot_name.empty());
  const auto state = read_slot(catalog, slot);
  ASSERT_TRUE(state.has_value());
  EXPECT_EQ(state->plugin, "pgoutput");
  EXPECT_EQ(state->database, database.name());
  EXPECT_TRUE(state->logical);
  EXPECT_FALSE(state->temporary);
  EXPECT_EQ(state->active_pid, 0);
  EXPECT_EQ(state->confirmed_flush_lsn, made.consistent_point);
  EXPECT_TRUE(state->restart_lsn.is_set());
  EXPECT_EQ(state->wal_status, "reserved");
  EXPECT_GE(state->retained_bytes, 0);
  expect_says(thrown_by([&] { create(); }), ErrorKind::source_not_ready, {slot, "already exists", "--slot"});
  drop_slot(catalog, slot);
  EXPECT_FALSE(read_slot(catalog, slot).has_value());
  drop_slot(catalog, slot);
}

TEST_F(Slots, snapshot_slots_export_and_go_with_their_connection) {
  sql.exec("CREATE TABLE a(id int)");
  const auto slots = [&] {
    return sql.value("SELECT count(*) FROM pg_replication_slots WHERE database = '" + database.name() + "'");
  };
  {
    const SnapshotSource source(conninfo(), {}, {});
    EXPECT_TRUE(source.consistent_point().is_set());
    sql.exec("INSERT INTO a VALUES (1)");
    Sql reader(conninfo());
    reader.exec("BEGIN ISOLATION LEVEL REPEATABLE READ");
    reader.exec("SET TRANSACTION SNAPSHOT '" + source.name() + "'");
    EXPECT_EQ(reader.value("SELECT count(*) FROM a"), "0");
    EXPECT_EQ(slots(), "1");
  }
  EXPECT_TRUE(eventually([&] { return slots() == "0"; }, milliseconds(5'000)));
}

TEST_F(Slots, creation_waits_for_writers_and_names_them) {
  sql.exec("CREATE TABLE a(id int)");
  Sql writer(conninfo());
  writer.exec("BEGIN; INSERT INTO a VALUES (1)");
  Sql elsewhere(database.server().conninfo("template1"));
  elsewhere.exec("BEGIN; CREATE TEMP TABLE x(i int)");
  std::mutex mutex;
  std::vector<OpenWriter> told;
  std::jthread creation([&] {
    auto replication = Connection::open(conninfo(), ConnectionUse::replication);
    create_permanent_slot(replication, conninfo(), {.name = slot},
                          {.report =
                               [&](const std::vector<OpenWriter>& writers) {
                                 const std::lock_guard lock(mutex);
                                 told = writers;
                               }},
                          {});
  });
  ASSERT_TRUE(eventually(
      [&] {
        const std::lock_guard lock(mutex);
        return told.size() >= 2;
      },
      milliseconds(10'000)));
  std::string all;
  bool writer_found = false;
  {
    const std::lock_guard lock(mutex);
    for (const auto& each : told) {
      all += each.what + "\n";
      writer_found = writer_found || each.pid == writer.pid();
    }
  }
  EXPECT_TRUE(writer_found) << all;
  EXPECT_NE(all.find("app \"walbrook-test\", user postgres, idle in transaction for "), std::string::npos) << all;
  EXPECT_NE(all.find("database template1"), std::string::npos) << all;
  writer.exec("COMMIT");
  elsewhere.exec("ROLLBACK");
  creation.join();
  EXPECT_TRUE(read_slot(catalog, slot).has_value());
  drop_slot(catalog, slot);
}

TEST(SlotsWithPreparedTransactions, creation_names_them) {
  PostgresServer server({.settings = {"max_prepared_transactions=5"}});
  Sql sql(server.conninfo());
  sql.exec("CREATE TABLE a(id int); ");
  sql.exec("BEGIN; INSERT INTO a VALUES (1); PREPARE TRANSACTION 'left over'");
  std::string told;
  std::stop_source stop;
  auto replication = Connection::open(server.conninfo(), ConnectionUse::replication);
  const auto ended = thrown_by([&] {
    create_snapshot_slot(replication, server.conninfo(),
                         {.report =
                              [&](const std::vector<OpenWriter>& writers) {
                                for (const auto& each : writers) told += each.what + " [" + each.prepared_gid + "]";
                                stop.request_stop();
                              }},
                         stop.get_token());
  });
  expect_says(ended, ErrorKind::source_not_ready, {"stopped while waiting"});
  EXPECT_NE(told.find("prepared transaction \"left over\" (user postgres, prepared for "), std::string::npos) << told;
  EXPECT_NE(told.find("[left over]"), std::string::npos) << told;
  EXPECT_EQ(sql.value("SELECT count(*) FROM pg_replication_slots"), "0");
  EXPECT_EQ(replication.query("SELECT 1").text(0, 0), "1") << "the connection can be used after a stop";
  sql.exec("ROLLBACK PREPARED 'left over'");
}

TEST(SlotLimits, a_new_slot_without_room_says_so) {
  PostgresServer server({.settings = {"max_replication_slots=1"}});
  auto replication = Connection::open(server.conninfo(), ConnectionUse::replication);
  create_permanent_slot(replication, server.conninfo(), {.name = "first"}, {}, {});
  expect_says(thrown_by([&] { create_permanent_slot(replication, server.conninfo(), {.name = "second"}, {}, {}); }),
              ErrorKind::source_not_ready, {"slots are in use", "max_replication_slots"});
}

TEST_F(Slots, an_error_is_given_for_each_kind) {
  const Lsn here{1000};
  SlotState good{.name = "s",
                 .plugin = "pgoutput",
                 .database = "d",
                 .logical = true,
                 .temporary = false,
                 .active_pid = 5,
                 .restart_lsn = here,
                 .confirmed_flush_lsn = here,
                 .wal_status = "reserved",
                 .invalidation_reason = "",
                 .retained_bytes = 0};
  EXPECT_FALSE(slot_error(good, "s", "d", here).has_value());
  EXPECT_FALSE(slot_error(good, "s", "d", Lsn{}).has_value());
  EXPECT_FALSE(slot_error(good, "s", "d", Lsn{2000}).has_value());
  EXPECT_FALSE(slot_error(std::nullopt, "s", "d", Lsn{}).has_value());
  const auto cause = [&](const std::optional<SlotState>& state, Lsn checkpoint) {
    const auto found = slot_error(state, "s", "d", checkpoint);
    return found ? std::string(found->what()) : std::string();
  };
  const auto altered = [&](auto change) {
    auto slot_state = good;
    change(slot_state);
    return cause(slot_state, here);
  };
  EXPECT_NE(cause(std::nullopt, here).find("does not exist, but the replica is at 0/3E8"), std::string::npos);
  EXPECT_NE(cause(good, Lsn{999}).find("ahead of the replica"), std::string::npos);
  EXPECT_NE(altered([](SlotState& s) { s.plugin = "wal2json"; }).find("wal2json"), std::string::npos);
  EXPECT_NE(altered([](SlotState& s) { s.database = "other"; }).find("database other"), std::string::npos);
  EXPECT_NE(altered([](SlotState& s) { s.logical = false; }).find("physical"), std::string::npos);
  EXPECT_NE(altered([](SlotState& s) { s.temporary = true; }).find("temporary"), std::string::npos);
  EXPECT_NE(altered([](SlotState& s) { s.wal_status = "lost"; }).find("invalidated"), std::string::npos);
  EXPECT_NE(altered([](SlotState& s) { s.invalidation_reason = "idle_timeout"; }).find("idle_timeout"),
            std::string::npos);
}

}  // namespace
}  // namespace walbrook::postgres::test
