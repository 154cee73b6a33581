// Schema changes that a target follows in place: no row is copied again, however many there are.
#include <gtest/gtest.h>

#include <string>

#include "test/support/duck_reader.h"
#include "test/support/replicated_database.h"

namespace walbrook::test {
namespace {

class InPlace : public testing::Test {
 protected:
  // Applies everything that the source has committed. Returns how many rows were copied.
  std::string rows_copied(const std::string& changes) {
    db_.exec(changes);
    const auto result = db_.pipeline.run();
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    const auto before = std::exchange(copied_, db_.copied_value("SELECT sum(copied_rows) FROM _walbrook.loads"));
    return std::to_string(std::stoll(copied_) - std::stoll(before));
  }
  void expect_equal(const std::string& sql) const { EXPECT_EQ(db_.copied_value(sql), db_.value(sql)) << sql; }

  ReplicatedDatabase db_;
  std::string copied_ = "0";
};

TEST_F(InPlace, p1_five_million_rows_are_not_copied_again) {
  EXPECT_EQ(rows_copied("CREATE TABLE orders(id int PRIMARY KEY, note varchar(12), price numeric(9, 2));"
                        "INSERT INTO orders SELECT g, 'note ' || g % 1000, g % 100000 / 100.0 FROM "
                        "generate_series(1, 5000000) g"),
            "5000000");
  EXPECT_EQ(rows_copied("ALTER TABLE orders ADD COLUMN seven int DEFAULT 7; UPDATE orders SET seven = 8 WHERE id < 4;"
                        "INSERT INTO orders VALUES (5000001, 'new', 1)"),
            "0");
  expect_equal("SELECT concat_ws(' ', count(*), sum(id), sum(price), sum(seven), count(seven)) FROM public.orders");
  EXPECT_EQ(rows_copied("ALTER TABLE orders RENAME note TO label; DELETE FROM orders WHERE id % 1000 = 0"), "0");
  expect_equal("SELECT concat_ws(' ', count(*), sum(length(label)), min(label), max(label)) FROM public.orders");
  EXPECT_EQ(rows_copied("ALTER TABLE orders ALTER label TYPE varchar(100), ALTER price TYPE numeric(14, 2);"
                        "UPDATE orders SET label = repeat('long', 20), price = 123456789012.25 WHERE id = 5"),
            "0");
  expect_equal(
      "SELECT concat_ws(' ', count(*), sum(price), max(price), max(length(label)), sum(seven)) FROM public.orders");
  EXPECT_EQ(db_.differences(), "");
}

// DuckDB alters no table that somebody gave an index.
TEST_F(InPlace, a_target_that_cannot_be_altered_is_copied_again) {
  EXPECT_EQ(rows_copied("CREATE TABLE orders(id int PRIMARY KEY, v int); INSERT INTO orders VALUES (1, 1), (2, 2);"
                        "CREATE TABLE quiet(id int PRIMARY KEY, v int); INSERT INTO quiet VALUES (1, 1), (2, 2)"),
            "4");
  for (const std::string table : {"orders", "quiet"}) {
    DuckReader(db_.file(), DuckReader::Access::read_write)
        .exec("CREATE INDEX mine_" + table + " ON public." + table + " (v)");
  }
  EXPECT_EQ(rows_copied("ALTER TABLE orders RENAME v TO w; INSERT INTO orders VALUES (3, 3);"
                        "ALTER TABLE quiet RENAME v TO w"),
            "5");
  EXPECT_EQ(db_.differences(), "");
}

}  // namespace
}  // namespace walbrook::test
