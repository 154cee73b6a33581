// The search itself: each way in which a value may differ is found, and the smallest such value is shown.
#include "test/four_ways/smallest_differences.h"

#include <gtest/gtest.h>

#include "test/support/postgres_server.h"
#include "test/support/temp_folder.h"

namespace walbrook::test {
namespace {

class Differences : public ::testing::Test {
 protected:
  Differences() : folder_("differences"), database_(PostgresServer::shared()) {
    Sql(database_.conninfo())
        .exec(
            "CREATE TABLE t(id bigint PRIMARY KEY, f float8, i interval, n numeric(5,2)); "
            "CREATE PUBLICATION walbrook FOR TABLE t; "
            "INSERT INTO t VALUES (1, 7, '1 mon', 100.25), (2, 0, '1 day', 1.5), (3, NULL, NULL, 'NaN')");
    for (const auto& file : files()) {
      in(file,
         "CREATE SCHEMA public; "
         "CREATE TABLE public.t(id BIGINT, f DOUBLE, i INTERVAL, n DECIMAL(5,2), n__v_text VARCHAR); "
         "INSERT INTO public.t VALUES (1, 7, INTERVAL 1 MONTH, 100.25, NULL), (2, 0, INTERVAL 1 DAY, 1.5, NULL), "
         "(3, NULL, NULL, NULL, 'NaN')");
    }
  }

  [[nodiscard]] std::vector<std::filesystem::path> files() const {
    return {folder_ / "one.duckdb", folder_ / "other.duckdb"};
  }
  static void in(const std::filesystem::path& file, const std::string& sql) {
    DuckReader(file, DuckReader::Access::read_write).exec(sql);
  }
  [[nodiscard]] std::string between_copies() const {
    return SmallestDifferences(database_.conninfo(), files()).between_copies("t");
  }
  [[nodiscard]] std::string from_source() const {
    return SmallestDifferences(database_.conninfo(), files()).from_source("t");
  }

 private:
  TempFolder folder_;
  ScratchDatabase database_;
};

TEST_F(Differences, equal_copies_have_none) {
  EXPECT_EQ(between_copies(), "");
  EXPECT_EQ(from_source(), "");
}

TEST_F(Differences, equal_values_that_are_printed_differently_differ) {
  // An UPDATE would not do: DuckDB keeps the old value if the new one is equal to it.
  in(files()[1],
     "DELETE FROM public.t WHERE id < 3; "
     "INSERT INTO public.t VALUES (1, 7, INTERVAL 30 DAYS, 100.25, NULL), (2, '-0'::DOUBLE, INTERVAL 1 DAY, 1.5, "
     "NULL)");
  const auto text = between_copies();
  EXPECT_NE(text.find("column f, type double precision; the smallest is id 2"), std::string::npos) << text;
  EXPECT_NE(text.find("other            '-0.0'"), std::string::npos) << text;
  EXPECT_NE(text.find("column i, type interval; the smallest is id 1"), std::string::npos) << text;
}

TEST_F(Differences, overflow_columns_and_lost_rows_differ) {
  in(files()[1], "UPDATE public.t SET n = NULL, n__v_text = '1.50' WHERE id = 2");
  const auto moved = between_copies();
  EXPECT_NE(moved.find("other            NULL, overflow '1.50'"), std::string::npos) << moved;
  in(files()[1], "DELETE FROM public.t WHERE id = 3");
  EXPECT_EQ(between_copies(), "table t: one has 3 rows, other has 2\n");
}

TEST_F(Differences, the_smallest_value_that_differs_from_the_source_is_shown) {
  for (const auto& file : files()) in(file, "UPDATE public.t SET n = 7 WHERE id < 3");
  EXPECT_EQ(between_copies(), "");
  const auto text = from_source();
  EXPECT_NE(text.find("in 2 rows of table t, column n, type numeric(5,2); the smallest is id 2"), std::string::npos)
      << text;
  EXPECT_NE(text.find("source           '1.50'"), std::string::npos) << text;
}

}  // namespace
}  // namespace walbrook::test
