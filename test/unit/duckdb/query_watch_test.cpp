// What the query watch reads from DuckDB and from the system.
#include "destination/duckdb/query_watch.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <vector>

namespace walbrook::destination::duckdb {
namespace {

TEST(QueryWatch, reads_sizes_as_duckdb_shows_them) {
  EXPECT_EQ(bytes_of_setting("183.1 MiB"), 191'994'265U);
  EXPECT_EQ(bytes_of_setting("1.0 GiB"), 1U << 30U);
  EXPECT_EQ(bytes_of_setting("512 bytes"), 512U);
  EXPECT_EQ(bytes_of_setting("192MB"), 192'000'000U);
  EXPECT_EQ(bytes_of_setting("80%"), 0U);
  EXPECT_EQ(bytes_of_setting(""), 0U);
}

TEST(QueryWatch, sees_what_the_process_takes) {
  const int statm = ::open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  const auto before = resident_bytes(statm);
  EXPECT_GT(before, 1'000'000U);
  const std::vector<char> block(50'000'000, 'x');
  EXPECT_GT(resident_bytes(statm), before + 40'000'000U);
  EXPECT_EQ(block.back(), 'x');
  ::close(statm);
  EXPECT_EQ(resident_bytes(-1), 0U);
}

}  // namespace
}  // namespace walbrook::destination::duckdb
