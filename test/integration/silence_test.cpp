// A middlebox that swallows what both sides send: every wait ends on SIGTERM, and ends by itself.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "test/support/replicated_database.h"
#include "test/support/tcp_proxy.h"

namespace walbrook::test {
namespace {

constexpr milliseconds soon(2'000);  // from a signal to the end

class Silence : public ::testing::Test {
 protected:
  Silence() : proxy(db.server().port()) {
    db.pipeline.source =
        fmt::format("host=127.0.0.1 port={} dbname={} user=postgres sslmode=disable", proxy.port(), db.name());
    db.exec("CREATE TABLE t(id int PRIMARY KEY, v text); INSERT INTO t SELECT g, 'x' FROM generate_series(1, 1000) g");
  }
  [[nodiscard]] ProcessSpec follow(const std::string& network_timeout = "2") const {
    return db.pipeline.command("run",
                               {"--follow", "--catalog-poll-interval", "100", "--network-timeout", network_timeout});
  }
  [[nodiscard]] bool arrives(const std::string& rows) const {
    return db.pipeline.arrives("SELECT count(*) AS n FROM public.t", rows);
  }
  [[nodiscard]] bool swallowed() const {
    return eventually([this] { return proxy.swallows(); }, milliseconds(20'000));
  }
  // Starts over with another file, and without a slot.
  void begin_again() {
    db.pipeline.file = db.folder() / fmt::format("copy_{}.duckdb", ++files);
    db.comparison.file = db.pipeline.file;
    db.exec(
        "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots "
        "WHERE database = current_database() AND NOT active");
  }
  static void expect_soon_ended(Process& process) {
    process.signal(SIGTERM);
    EXPECT_TRUE(process.ends_within(soon)) << process.err();
  }
  // The data was swallowed: expects that the run reports what it waits for, and continues once data is forwarded again.
  void expect_goes_on(Process& process, const std::string& waits_for, const std::string& rows) {
    EXPECT_TRUE(eventually(
        [&] {
          const auto status = run(db.pipeline.command("status"));
          return status.out.find("waiting: " + waits_for) != std::string::npos ||
                 status.out.find("the source is unavailable") != std::string::npos;
        },
        milliseconds(10'000)))
        << run(db.pipeline.command("status")).out << process.err();
    EXPECT_TRUE(eventually(
        [&] {
          return process.err().find("considered broken") != std::string::npos ||
                 process.err().find("timeout expired") != std::string::npos;
        },
        milliseconds(15'000)))
        << process.err();
    proxy.forward_again();
    EXPECT_TRUE(arrives(rows)) << process.err();
    expect_soon_ended(process);
    EXPECT_EQ(process.wait(milliseconds(1'000)).exit_code, 0);
    EXPECT_EQ(db.differences(), "");
  }

  ReplicatedDatabase db;
  TcpProxy proxy;
  int files = 0;
};

TEST_F(Silence, at_the_catalog_poll) {
  Process follower(follow());
  ASSERT_TRUE(arrives("1000")) << follower.err();
  proxy.swallow_after("pg_current_wal_flush_lsn");
  ASSERT_TRUE(swallowed());
  db.exec("INSERT INTO t VALUES (2000, 'y')");
  expect_goes_on(follower, "asking the", "1001");
}

TEST_F(Silence, at_the_catalog_poll_sigterm) {
  Process follower(follow("60"));
  ASSERT_TRUE(arrives("1000")) << follower.err();
  proxy.swallow_after("pg_current_wal_flush_lsn");
  ASSERT_TRUE(swallowed());
  std::this_thread::sleep_for(milliseconds(300));
  expect_soon_ended(follower);
  EXPECT_EQ(follower.wait(milliseconds(1'000)).exit_code, 0);
}

TEST_F(Silence, during_a_copy) {
  proxy.swallow_after("COPY \"public\"");
  Process follower(follow());
  ASSERT_TRUE(swallowed()) << follower.err();
  expect_goes_on(follower, "copying table public.t", "1000");
}

// Before and after the server has asked for a reply, while a slot is created, and while rows are copied.
TEST_F(Silence, sigterm_ends_every_wait) {
  db.exec("INSERT INTO t SELECT g, repeat(md5(g::text), 10) FROM generate_series(2001, 100000) g");
  for (const auto* at : {"", "set_config", "IDENTIFY_SYSTEM", "CREATE_REPLICATION_SLOT", "COPY \"public\"",
                         "START_REPLICATION", "rows"}) {
    begin_again();
    const std::string text = at;
    if (text.empty()) proxy.swallow();
    if (text == "rows") proxy.swallow_after(5'000'000);
    if (!text.empty() && text != "rows") proxy.swallow_after(text);
    Process follower(follow("60"));
    ASSERT_TRUE(swallowed()) << text << follower.err();
    std::this_thread::sleep_for(milliseconds(500));
    follower.signal(SIGTERM);
    EXPECT_TRUE(follower.ends_within(soon)) << "swallowed at \"" << text << "\"\n" << follower.err();
    follower.wait(milliseconds(0));
    proxy.forward_again();
    EXPECT_TRUE(eventually(
        [&] {
          return db.value(
                     "SELECT count(*) FROM pg_replication_slots WHERE active AND database "
                     "= current_database()") == "0";
        },
        milliseconds(10'000)))
        << text;
  }
}

TEST_F(Silence, at_the_start) {
  proxy.swallow();
  Process follower(follow());
  EXPECT_TRUE(
      eventually([&] { return follower.err().find("timeout expired; waiting up to 300 s") != std::string::npos; },
                 milliseconds(15'000)))
      << follower.err();
  proxy.forward_again();
  EXPECT_TRUE(arrives("1000")) << follower.err();
  expect_soon_ended(follower);
}

// Creating a slot waits for writers, and the first row of a copy for the holder of the table's lock. The run asks the
// server whether it is at work on the statement, and it is.
TEST_F(Silence, a_statement_that_takes_long_is_no_broken_connection) {
  Sql writer(db.conninfo());
  writer.exec("BEGIN");
  writer.exec("INSERT INTO t VALUES (-1, 'open')");
  Process once(db.pipeline.command("run", {"--network-timeout", "1"}));
  std::this_thread::sleep_for(milliseconds(4'000));
  EXPECT_TRUE(once.running()) << once.err();
  writer.exec("COMMIT");
  writer.exec("BEGIN");
  EXPECT_EQ(once.wait(milliseconds(20'000)).exit_code, 0) << once.err();
  EXPECT_EQ(once.err().find("broken"), std::string::npos) << once.err();
  EXPECT_EQ(db.differences(), "");
}

// Two lengths damaged in transit: libpq refuses the invalid one, and would wait for 2 GB after the other.
TEST_F(Silence, an_absurd_length_is_an_error) {
  for (const auto& length : {std::string("\x7f\xff\xff\xf0", 4), std::string("\xff\xff\xff\xff", 4)}) {
    begin_again();
    const auto rows = db.value("SELECT count(*) FROM t");
    Process follower(follow());
    ASSERT_TRUE(arrives(rows)) << follower.err();
    proxy.inject("d" + length, "START_REPLICATION");
    db.exec("INSERT INTO t SELECT max(id) + 1, 'z' FROM t");
    EXPECT_TRUE(arrives(std::to_string(std::stoi(rows) + 1))) << follower.err();
    EXPECT_NE(follower.err().find("trying again"), std::string::npos) << follower.err();
    expect_soon_ended(follower);
  }
  EXPECT_EQ(db.differences(), "");
}

}  // namespace
}  // namespace walbrook::test
