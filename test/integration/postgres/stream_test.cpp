#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "postgres/protocol/decoder.h"
#include "postgres/stream/walsender_stream.h"
#include "test/integration/postgres/source_case.h"

namespace walbrook::postgres::test {
namespace {

using std::chrono::steady_clock;

SteadyTime soon(int in_ms) {
  return steady_clock::now() + milliseconds(in_ms);
}

// What a stream yielded: one letter per message ("BRIC" …), and the positions of its commits.
struct Seen {
  std::string letters;
  std::vector<Lsn> ends;           // end_lsn of each commit
  std::vector<std::string> texts;  // first cell of each insert
};

class Streaming : public SourceCase {
 protected:
  Streaming() : slot("s_" + database.name()) {}
  void SetUp() override {
    sql.exec("CREATE TABLE a(id int PRIMARY KEY, v text)");
    sql.exec("CREATE PUBLICATION p FOR TABLE a");
    auto replication = Connection::open(conninfo(), ConnectionUse::replication);
    start = create_permanent_slot(replication, conninfo(), {.name = slot}, {}, {}).consistent_point;
  }
  void TearDown() override {
    SourceCase::TearDown();
    EXPECT_TRUE(eventually([&] { return !read_slot(catalog, slot) || read_slot(catalog, slot)->active_pid == 0; },
                           milliseconds(5'000)));
    drop_slot(catalog, slot);
  }
  [[nodiscard]] StreamOptions options() const {
    return {.conninfo = conninfo(), .slot = slot, .publication = "p", .start = start};
  }

  // Reads until `commits` commits were seen.
  static Seen read_commits(ChangeReader& reader, std::size_t commits) {
    Seen seen;
    const auto deadline = steady_clock::now() + std::chrono::seconds(20);
    while (seen.ends.size() < commits && steady_clock::now() < deadline) {
      Frame frame;
      if (reader.poll(frame) == Poll::idle) {
        reader.wait_until(soon(100));
        continue;
      }
      note(frame, seen);
    }
    return seen;
  }
  static void note(const Frame& frame, Seen& seen) {
    seen.letters.push_back(frame.bytes.at(0));
    const auto message = postgres::decode(frame.bytes);
    ASSERT_TRUE(message.has_value());
    if (const auto* commit = std::get_if<postgres::Commit>(&*message)) seen.ends.push_back(commit->end_lsn);
    if (const auto* insert = std::get_if<postgres::Insert>(&*message)) {
      auto cells = insert->after.cells();
      seen.texts.emplace_back(cells.next().bytes);
    }
  }
  Lsn confirmed() { return read_slot(catalog, slot)->confirmed_flush_lsn; }

  std::string slot;
  Lsn start;
};

TEST_F(Streaming, transactions_come_whole_and_in_order) {
  auto reader = start_streaming(options(), {});
  sql.exec("INSERT INTO a VALUES (1, 'x'), (2, 'y')");
  sql.exec("BEGIN; UPDATE a SET id = 3 WHERE id = 1; DELETE FROM a WHERE id = 2; COMMIT");
  sql.exec("SELECT pg_logical_emit_message(true, 'prefix', 'content')");
  sql.exec("TRUNCATE a");
  const auto seen = read_commits(*reader, 4);
  EXPECT_EQ(seen.letters, "BRIICBUDCBMCBRTC");
  EXPECT_EQ(seen.texts, (std::vector<std::string>{"1", "2"}));
  EXPECT_TRUE(std::ranges::is_sorted(seen.ends));
}

TEST_F(Streaming, binary_tuples_where_asked_for) {
  sql.exec("INSERT INTO a VALUES (258, 'x')");
  auto asked = options();
  asked.binary = true;
  auto reader = start_streaming(asked, {});
  EXPECT_EQ(read_commits(*reader, 1).texts, std::vector<std::string>{std::string("\0\0\1\2", 4)});
}

TEST_F(Streaming, feedback_moves_the_slot_to_what_was_sent_and_never_beyond) {
  auto reader = start_streaming(options(), {});
  for (int i = 0; i < 5; ++i) sql.exec("INSERT INTO a VALUES (" + std::to_string(i) + ", 'x')");
  const auto seen = read_commits(*reader, 5);
  ASSERT_EQ(seen.ends.size(), 5U);
  reader->confirm(seen.ends[1]);
  EXPECT_TRUE(eventually([&] { return confirmed() == seen.ends[1]; }, milliseconds(5'000)));
  for (int i = 0; i < 20; ++i) {
    Frame frame;
    EXPECT_EQ(reader->poll(frame), Poll::idle);
    reader->wait_until(soon(20));
    EXPECT_EQ(confirmed(), seen.ends[1]);
  }
  EXPECT_GE(reader->position(), seen.ends[4]) << "the answer to the feedback carries the server's position";
  reader->confirm(seen.ends[4]);
  EXPECT_TRUE(eventually([&] { return confirmed() == seen.ends[4]; }, milliseconds(5'000)));
  reader.reset();
  ASSERT_TRUE(eventually([&] { return read_slot(catalog, slot)->active_pid == 0; }, milliseconds(5'000)));
  auto again = options();
  again.start = seen.ends[4];
  sql.exec("INSERT INTO a VALUES (9, 'x')");
  EXPECT_EQ(read_commits(*start_streaming(again, {}), 1).texts, std::vector<std::string>{"9"});
}

// Commits that wait for a synchronous standby are released by these positions, each by its own.
TEST_F(Streaming, nothing_is_reported_as_written_that_is_not_durable) {
  auto reader = start_streaming(options(), {});
  sql.exec("INSERT INTO a VALUES (1, 'x')");
  sql.exec("INSERT INTO a VALUES (2, 'x')");
  const auto seen = read_commits(*reader, 2);
  ASSERT_EQ(seen.ends.size(), 2U);
  reader->confirm(seen.ends[1]);
  ASSERT_TRUE(eventually([&] { return confirmed() == seen.ends[1]; }, milliseconds(5'000)));
  sql.exec("INSERT INTO a VALUES (3, 'x')");
  const auto more = read_commits(*reader, 1);
  ASSERT_EQ(more.ends.size(), 1U);
  reader->confirm(seen.ends[1]);
  for (int i = 0; i < 10; ++i) {
    Frame frame;
    static_cast<void>(reader->poll(frame));
    reader->wait_until(soon(20));
    const auto told = sql.query(
        "SELECT write_lsn, flush_lsn, replay_lsn FROM pg_stat_replication r JOIN pg_replication_slots s ON "
        "s.active_pid = "
        "r.pid WHERE s.slot_name = '" +
        slot + "'");
    for (const auto& position : told.at(0)) EXPECT_EQ(position, seen.ends[1].to_string());
    reader->confirm(seen.ends[1]);
  }
}

TEST_F(Streaming, what_is_not_confirmed_comes_again) {
  sql.exec("INSERT INTO a VALUES (1, 'x')");
  EXPECT_EQ(read_commits(*start_streaming(options(), {}), 1).texts, std::vector<std::string>{"1"});
  EXPECT_EQ(read_commits(*start_streaming(options(), {}), 1).texts, std::vector<std::string>{"1"});
}

TEST_F(Streaming, an_idle_publication_still_tells_the_position) {
  auto reader = start_streaming(options(), {});
  sql.exec("CREATE TABLE other(i int)");
  sql.exec("INSERT INTO other SELECT generate_series(1, 1000)");
  const auto target = *Lsn::parse(sql.value("SELECT pg_current_wal_lsn()"));
  EXPECT_TRUE(eventually(
      [&] {
        Frame frame;
        while (reader->poll(frame) == Poll::frame) {
        }
        reader->wait_until(soon(50));
        return reader->position() >= target;
      },
      milliseconds(10'000)));
  EXPECT_EQ(confirmed(), start);
}

// A received position must lie after what was yielded and before what was not.
TEST_F(Streaming, received_never_passes_a_commit_that_was_not_yielded) {
  auto reader = start_streaming(options(), {});
  std::jthread writer([info = conninfo()] {
    Sql theirs(info);
    for (int i = 0; i < 200; ++i)
      theirs.exec("INSERT INTO a SELECT " + std::to_string(i) + " * 100 + g, 'x' FROM generate_series(1, 50) g");
  });
  std::size_t commits = 0;
  const auto deadline = steady_clock::now() + std::chrono::seconds(30);
  while (commits < 200 && steady_clock::now() < deadline) {
    Frame frame;
    const auto before = reader->position();
    if (reader->poll(frame) == Poll::idle) {
      reader->wait_until(soon(10));
      reader->confirm(start);
      continue;
    }
    const auto message = postgres::decode(frame.bytes);
    if (const auto* commit = std::get_if<postgres::Commit>(&*message)) {
      ++commits;
      ASSERT_GE(commit->commit_lsn, before);
    }
  }
  EXPECT_EQ(commits, 200U);
}

TEST_F(Streaming, interrupt_ends_a_wait_at_once) {
  auto reader = start_streaming(options(), {});
  const auto waited = [&] {
    const auto began = steady_clock::now();
    reader->wait_until(soon(5'000));
    return std::chrono::duration_cast<milliseconds>(steady_clock::now() - began);
  };
  Frame frame;
  for (int i = 0; i < 10; ++i) {  // what the server sends at the start
    (void)reader->poll(frame);
    reader->wait_until(soon(20));
  }
  reader->interrupt();
  EXPECT_LT(waited(), milliseconds(4'000)) << "also one that came before";
  std::jthread other([&] {
    std::this_thread::sleep_for(milliseconds(200));
    reader->interrupt();
  });
  EXPECT_LT(waited(), milliseconds(4'000));
}

TEST_F(Streaming, an_active_slot_is_waited_for_and_its_pid_named) {
  auto first = start_streaming(options(), {});
  const auto pid = std::to_string(read_slot(catalog, slot)->active_pid);
  auto impatient = options();
  impatient.wait_for_active = milliseconds(300);
  expect_says(thrown_by([&] { (void)start_streaming(impatient, {}); }), ErrorKind::source_not_ready,
              {slot, "PID " + pid, "pg_terminate_backend(" + pid + ")"});
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THROW((void)start_streaming(options(), stop.get_token()), Stopped);
  std::jthread end([&] {
    std::this_thread::sleep_for(milliseconds(500));
    first.reset();
  });
  EXPECT_NE(start_streaming(options(), {}), nullptr);
}

TEST_F(Streaming, a_slot_ahead_of_the_checkpoint_is_refused) {
  sql.exec("INSERT INTO a VALUES (1, 'x')");
  sql.exec("SELECT pg_replication_slot_advance('" + slot + "', pg_current_wal_lsn())");
  expect_says(thrown_by([&] { (void)start_streaming(options(), {}); }), ErrorKind::source_not_ready,
              {"ahead of the replica", "--reset"});
}

TEST_F(Streaming, a_missing_slot_or_publication_is_told_as_such) {
  auto wrong = options();
  wrong.slot = "nosuch";
  expect_says(thrown_by([&] { (void)start_streaming(wrong, {}); }), ErrorKind::source_not_ready,
              {"nosuch", "does not exist"});
  auto gone = options();
  gone.publication = "no\"such'";
  sql.exec("INSERT INTO a VALUES (1, 'x')");
  expect_says(thrown_by([&] {
                auto reader = start_streaming(gone, {});
                (void)read_commits(*reader, 1);
              }),
              ErrorKind::source_not_ready, {"no\"such'", "does not exist", "--reset"});
}

TEST_F(Streaming, quoted_publication_names_work) {
  sql.exec("CREATE PUBLICATION \"It's \"\"my\"\" pub\\\" FOR TABLE a");
  sql.exec("SELECT pg_replication_slot_advance('" + slot + "', pg_current_wal_lsn())");
  auto named = options();
  named.start = confirmed();
  named.publication = "It's \"my\" pub\\";
  sql.exec("INSERT INTO a VALUES (1, 'x')");
  EXPECT_EQ(read_commits(*start_streaming(named, {}), 1).letters, "BRIC");
}

TEST_F(Streaming, a_killed_walsender_is_a_connection_error) {
  auto reader = start_streaming(options(), {});
  sql.exec("SELECT pg_terminate_backend(" + std::to_string(read_slot(catalog, slot)->active_pid) + ")");
  expect_says(thrown_by([&] { (void)read_commits(*reader, 1); }), ErrorKind::connection, {"reading slot " + slot});
}

TEST_F(Streaming, logical_decoding_work_mem_that_the_server_refuses_is_left_out) {
  auto refused = options();
  refused.logical_decoding_work_mem = "1 potato";
  sql.exec("INSERT INTO a VALUES (1, 'x')");
  EXPECT_EQ(read_commits(*start_streaming(refused, {}), 1).texts.size(), 1U);
}

TEST(StreamOfAServer, that_shuts_down_ends_with_a_connection_error) {
  PostgresServer server;
  Sql(server.conninfo()).exec("CREATE PUBLICATION p");
  auto replication = Connection::open(server.conninfo(), ConnectionUse::replication);
  create_permanent_slot(replication, server.conninfo(), {.name = "s"}, {}, {});
  auto reader = start_streaming({.conninfo = server.conninfo(), .slot = "s", .publication = "p", .start = {}}, {});
  std::jthread stopping([&] { server.stop(); });
  const auto deadline = steady_clock::now() + std::chrono::seconds(20);
  const auto ended = thrown_by([&] {
    while (steady_clock::now() < deadline) {
      Frame frame;
      while (reader->poll(frame) == Poll::frame) {
      }
      reader->confirm(reader->position());
      reader->wait_until(soon(50));
    }
  });
  expect_says(ended, ErrorKind::connection, {"slot s"});
}

TEST(StreamOfAServer, whose_slot_lost_its_wal_says_so) {
  PostgresServer server({.settings = {"max_slot_wal_keep_size=1MB", "max_wal_size=32MB", "min_wal_size=32MB"}});
  Sql sql(server.conninfo());
  sql.exec("CREATE PUBLICATION p");
  auto replication = Connection::open(server.conninfo(), ConnectionUse::replication);
  const auto made = create_permanent_slot(replication, server.conninfo(), {.name = "s"}, {}, {});
  for (int i = 0; i < 5; ++i) sql.exec("SELECT pg_switch_wal(); CREATE TABLE t" + std::to_string(i) + "(i int)");
  sql.exec("CHECKPOINT");
  expect_says(thrown_by([&] {
                (void)start_streaming(
                    {.conninfo = server.conninfo(), .slot = "s", .publication = "p", .start = made.consistent_point},
                    {});
              }),
              ErrorKind::source_not_ready, {"slot s was invalidated", "max_slot_wal_keep_size", "--reset"});
}

}  // namespace
}  // namespace walbrook::postgres::test
