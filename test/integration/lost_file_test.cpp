// The destination's file is removed, moved, replaced or overwritten while `run --follow` writes to it: the run ends
// with exit code 4, and nothing that came later is confirmed to the source (P3).
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "base/lsn.h"
#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

Lsn position(const std::string& text) {
  return Lsn::parse(text).value_or(Lsn{});
}

class LostFile : public testing::Test {
 protected:
  LostFile() {
    db.pipeline.file = db.folder() / "copy" / "shop.duckdb";
    db.comparison.file = db.pipeline.file;
    fs::create_directory(folder());
    db.exec("CREATE TABLE t(id int PRIMARY KEY); INSERT INTO t VALUES (0)");
  }

  [[nodiscard]] fs::path folder() const { return db.folder() / "copy"; }
  [[nodiscard]] fs::path file() const { return db.pipeline.file; }
  [[nodiscard]] fs::path log() const { return file().string() + ".wal"; }
  [[nodiscard]] Lsn confirmed() const {
    return position(db.value("SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = " +
                             quote_literal(db.pipeline.slot)));
  }
  [[nodiscard]] Lsn written() const { return position(db.value("SELECT pg_current_wal_insert_lsn()")); }

  void follow() {
    follower = std::make_unique<Process>(db.pipeline.command("run", {"--follow"}));
    db.exec("INSERT INTO t VALUES (1)");
    const auto arrived = [&] {
      const auto asked = run(db.pipeline.command("sql", {"--json", "SELECT count(*)::VARCHAR AS v FROM t"}));
      return asked.out.find("\"v\":\"2\"") != std::string::npos;
    };
    ASSERT_TRUE(eventually(arrived, milliseconds(30'000))) << follower->err();
  }

  // Loses the file while changes arrive, or while none does, and returns how the run ended.
  ProcessResult lose(const std::function<void()>& cause, bool idle) {
    follow();
    if (HasFatalFailure()) return {};
    const auto before = written();
    cause();
    if (!idle) db.exec("INSERT INTO t SELECT generate_series(100, 5000)");
    const auto began = steady_clock::now();
    const auto ended = follower->wait(milliseconds(30'000));
    EXPECT_EQ(ended.exit_code, 4) << ended.describe();
    EXPECT_LT(steady_clock::now() - began, milliseconds(15'000)) << "seconds were promised";
    if (idle) return ended;
    EXPECT_LE(confirmed(), before) << "rows were confirmed that are in no file";
    return ended;
  }

  static void expect_says(const ProcessResult& ended, const std::string& what) {
    EXPECT_NE(ended.err.find(what), std::string::npos) << ended.describe();
  }

  ReplicatedDatabase db;
  std::unique_ptr<Process> follower;
};

class LostFileWhile : public LostFile, public testing::WithParamInterface<bool> {
 protected:
  ProcessResult lose(const std::function<void()>& cause) { return LostFile::lose(cause, GetParam()); }
};

TEST_P(LostFileWhile, p3_removed) {
  expect_says(lose([&] { fs::remove(file()); }), "was removed while it was written");
}

TEST_P(LostFileWhile, p3_moved_and_put_back) {
  const auto away = db.folder() / "away.duckdb";
  const auto ended = lose([&] { fs::rename(file(), away); });
  expect_says(ended, "was moved while it was written (it is now " + away.string() + ")");
  fs::rename(away, file());
  const auto again = db.pipeline.run();
  EXPECT_EQ(again.exit_code, 0) << again.describe();
  EXPECT_EQ(db.differences(), "");
}

TEST_P(LostFileWhile, p3_folder_renamed_and_put_back) {
  const auto away = db.folder() / "away";
  const auto ended = lose([&] { fs::rename(folder(), away); });
  expect_says(ended, "was moved while it was written");
  fs::rename(away, folder());
  const auto again = db.pipeline.run();
  EXPECT_EQ(again.exit_code, 0) << again.describe();
  EXPECT_EQ(db.differences(), "");
}

TEST_P(LostFileWhile, p3_replaced_by_files_that_stay_as_they_are) {
  const auto ended = lose([&] {
    fs::rename(file(), file().string() + ".old");
    fs::rename(log(), file().string() + ".old.wal");
    std::ofstream(file()) << "a backup";
    std::ofstream(log()) << "and its log";
  });
  expect_says(ended, "was replaced by another file while it was written");
  EXPECT_EQ(read_file(file()), "a backup");
  EXPECT_EQ(read_file(log()), "and its log");
}

TEST_P(LostFileWhile, p3_overwritten_in_place) {
  const auto ended = lose([&] { std::ofstream(file(), std::ios::trunc) << "something else"; });
  expect_says(ended, "was overwritten while it was written");
}

TEST_P(LostFileWhile, p3_log_removed) {
  expect_says(lose([&] { fs::remove(log()); }), "has lost its log");
}

INSTANTIATE_TEST_SUITE_P(Follow, LostFileWhile, testing::Bool(),
                         [](const auto& idle) { return idle.param ? "idle" : "busy"; });

TEST_F(LostFile, p3_removed_while_a_table_is_copied) {
  db.exec(
      "CREATE TABLE big AS SELECT g AS id, md5(g::text) || md5((-g)::text) AS v FROM generate_series(1, 1500000) g;"
      "ALTER TABLE big ADD PRIMARY KEY (id)");
  follower = std::make_unique<Process>(db.pipeline.command("run", {"--follow"}));
  constexpr std::uintmax_t some_rows = 1'000'000;  // bytes
  const auto is_copying = [&] {
    std::error_code failed;
    const auto size = fs::file_size(file(), failed);
    return !failed && size > some_rows;
  };
  ASSERT_TRUE(eventually(is_copying, milliseconds(30'000))) << follower->err();
  fs::remove(file());
  const auto ended = follower->wait(milliseconds(60'000));
  EXPECT_EQ(ended.exit_code, 4) << ended.describe();
  expect_says(ended, "was removed while it was written");
}

}  // namespace
}  // namespace walbrook::test
