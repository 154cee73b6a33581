// The seam between a table's copy and its changes: writers are at work all the time, with transactions open across the
// creation of slots and across ALTER PUBLICATION ADD TABLE. Nothing may be lost or duplicated there.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>

#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

constexpr int rounds = 20;
constexpr int writers = 8;
constexpr int keyed_tables = 3;  // a0, a1, a2, and `log`, which has no key
constexpr int rows_at_first = 1500;

// One writer: random transactions until it is stopped. Errors that it causes (a key that exists already, a deadlock, a
// table that is not published at that time) end a transaction, not the writer.
class Writer {
 public:
  Writer(const std::string& conninfo, unsigned seed, const std::atomic<bool>& stop)
      : sql_(conninfo), random_(seed), stop_(stop) {}

  void work() {
    while (!stop_) {
      try {
        transaction();
        ++committed_;
      } catch (const std::exception&) {
        sql_.exec("ROLLBACK");
      }
    }
  }
  [[nodiscard]] long committed() const { return committed_; }

 private:
  int below(int end) { return std::uniform_int_distribution<int>(0, end - 1)(random_); }
  std::string table() { return "a" + std::to_string(below(keyed_tables)); }

  void transaction() {
    sql_.exec("BEGIN");
    const int statements = 1 + below(5);
    for (int i = 0; i < statements; ++i) {
      sql_.exec(statement());
      // Some stay open for longer than the fastest creation of a slot.
      if (below(10) == 0) std::this_thread::sleep_for(milliseconds(below(120)));
    }
    sql_.exec(below(12) == 0 ? "ROLLBACK" : "COMMIT");
  }

  std::string statement() {
    const int id = below(rows_at_first * 2);
    switch (below(8)) {
      case 0:
      case 1:
        return fmt::format("INSERT INTO {} VALUES ({}, {}, 'inserted') ON CONFLICT (id) DO UPDATE SET n = excluded.n",
                           table(), id, below(1000));
      case 2:
      case 3:
        return fmt::format("UPDATE {} SET n = n + 1 WHERE id BETWEEN {} AND {}", table(), id, id + 3);
      case 4:
        return fmt::format("DELETE FROM {} WHERE id = {}", table(), id);
      case 5:  // the key changes; if the new one exists, the transaction fails
        return fmt::format("UPDATE {} SET id = {} WHERE id = {}", table(), below(rows_at_first * 2), id);
      case 6:  // a row moves to another table
        return fmt::format(
            "WITH moved AS (DELETE FROM {} WHERE id = {} RETURNING *) INSERT INTO {} SELECT * FROM moved ON "
            "CONFLICT DO NOTHING",
            table(), id, table());
      default:
        return below(2) == 0
                   ? fmt::format("INSERT INTO log SELECT {}, 'x' FROM generate_series(1, 3)", id % 50)
                   : fmt::format("DELETE FROM log WHERE ctid = (SELECT ctid FROM log WHERE a = {} LIMIT 1)", id % 50);
    }
  }

  Sql sql_;
  std::mt19937 random_;
  const std::atomic<bool>& stop_;
  long committed_ = 0;
};

class Writers {
 public:
  Writers(const std::string& conninfo, int round) {
    for (int i = 0; i < writers; ++i) {
      writers_.push_back(std::make_unique<Writer>(conninfo, static_cast<unsigned>(round * 100 + i), stop_));
      threads_.emplace_back([writer = writers_.back().get()] { writer->work(); });
    }
  }
  ~Writers() { stop(); }
  Writers(const Writers&) = delete;
  Writers& operator=(const Writers&) = delete;

  long stop() {
    stop_ = true;
    for (auto& thread : threads_) thread.join();
    threads_.clear();
    long committed = 0;
    for (const auto& writer : writers_) committed += writer->committed();
    return committed;
  }

 private:
  std::atomic<bool> stop_{false};
  std::vector<std::unique_ptr<Writer>> writers_;
  std::vector<std::thread> threads_;
};

void make_tables(const ReplicatedDatabase& db) {
  for (int i = 0; i < keyed_tables; ++i) {
    db.exec(
        fmt::format("CREATE TABLE a{0}(id int PRIMARY KEY, n int, note text); "
                    "INSERT INTO a{0} SELECT g, 0, 'at first' FROM generate_series(1, {1}) g",
                    i, rows_at_first));
  }
  db.exec(
      "CREATE TABLE log(a int, b text); ALTER TABLE log REPLICA IDENTITY FULL; "
      "INSERT INTO log SELECT g % 50, 'x' FROM generate_series(1, 200) g");
  db.exec("CREATE PUBLICATION walbrook FOR TABLE a0, a1, a2, log");
}

// Even rounds copy everything again into another file over another slot. In odd rounds, two tables leave the
// publication and come back while the others go on streaming.
void begin_round(ReplicatedDatabase& db, int round) {
  if (round % 2 == 0) {
    if (round > 0) db.exec("SELECT pg_drop_replication_slot(" + quote_literal(db.pipeline.slot) + ")");
    db.pipeline.slot = fmt::format("seam_{}_{}", db.name(), round);
    db.pipeline.file = db.folder() / fmt::format("round_{}.duckdb", round);
    db.comparison.file = db.pipeline.file;
  } else {
    db.exec("ALTER PUBLICATION walbrook DROP TABLE a1, log");
    ASSERT_EQ(db.pipeline.run().exit_code, 0);
    db.exec("ALTER PUBLICATION walbrook ADD TABLE a1, log");
  }
}

TEST(Seam, p2_nothing_is_lost_or_doubled_between_copy_and_stream) {
  ReplicatedDatabase db;
  make_tables(db);
  for (int round = 0; round < rounds && !::testing::Test::HasFailure(); ++round) {
    Writers at_work(db.conninfo(), round);
    begin_round(db, round);
    const auto copied = db.pipeline.run();
    EXPECT_EQ(copied.exit_code, 0) << "round " << round << "\n" << copied.describe();
    EXPECT_GT(at_work.stop(), 0);
    const auto caught_up = db.pipeline.run();
    EXPECT_EQ(caught_up.exit_code, 0) << "round " << round << "\n" << caught_up.describe();
    EXPECT_EQ(db.differences(), "") << "round " << round << "\n" << copied.describe() << caught_up.describe();
    EXPECT_EQ(db.slot_past_checkpoint(), "");
  }
}

}  // namespace
}  // namespace walbrook::test
