// A spool that is too small for the changes of tables that are being copied.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

TEST(FullSpool, p5_p7_the_largest_copy_is_given_up_and_the_others_continue) {
  const ReplicatedDatabase db;
  db.exec(
      "CREATE TABLE large(id int PRIMARY KEY, n int, t text); CREATE TABLE other(id int PRIMARY KEY, n int); "
      "INSERT INTO large SELECT g, 0, repeat(md5(g::text), 20) FROM generate_series(1, 200000) g; "
      "INSERT INTO other SELECT g, 0 FROM generate_series(1, 100) g");
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    Sql sql(db.conninfo());
    while (!stop) {
      sql.exec(
          "UPDATE large SET n = n + 1 WHERE id <= 1000; "
          "UPDATE other SET n = n + 1");
    }
  });
  Process follower(db.pipeline.command("run", {"--follow", "--snapshot-workers", "1", "--max-spool-size", "200000"}));
  const bool given_up = eventually([&] { return follower.err().find("its copy was given up") != std::string::npos; },
                                   milliseconds(30'000));
  const auto one_value = [&](const std::string& sql) { return run(db.pipeline.command("sql", {"--csv", sql})).out; };
  // Writers go on meanwhile.
  const bool other_continues = eventually(
      [&] { return one_value("SELECT min(n) > 0 AS x FROM public.other").ends_with("true\n"); }, milliseconds(30'000));
  stop = true;
  writer.join();
  EXPECT_TRUE(given_up) << follower.err();
  EXPECT_TRUE(other_continues) << follower.err();
  const auto rounds = db.value("SELECT max(n) FROM large");
  EXPECT_TRUE(
      eventually([&] { return one_value("SELECT max(n) AS x FROM public.large").ends_with("\n" + rounds + "\n"); },
                 milliseconds(60'000)))
      << follower.err();
  follower.signal(SIGTERM);
  EXPECT_EQ(follower.wait(milliseconds(30'000)).exit_code, 0) << follower.err();
  EXPECT_EQ(db.differences(), "");
}

}  // namespace
}  // namespace walbrook::test
