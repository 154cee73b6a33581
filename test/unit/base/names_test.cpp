#include "base/names.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace walbrook {
namespace {

TEST(Names, slot_names_follow_postgres_rule) {
  check_slot_name("--slot", "walbrook_2");
  check_slot_name("--slot", std::string(63, 'a'));
  for (const std::string& bad : {std::string(), std::string("Walbrook"), std::string("a-b"), std::string("a b"),
                                 std::string("ä"), std::string(64, 'a')}) {
    EXPECT_THROW(check_slot_name("--slot", bad), Error) << bad;
  }
  try {
    check_slot_name("--slot", "My-Slot");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::configuration);
    EXPECT_NE(error.cause().find("--slot \"My-Slot\""), std::string::npos) << error.cause();
  }
}

TEST(Names, other_names_are_bound_by_length_alone) {
  check_name("--publication", "My Publication");
  EXPECT_THROW(check_name("--publication", ""), Error);
  EXPECT_THROW(check_name("--publication", std::string(64, 'a')), Error);
}

TEST(Names, lsn) {
  EXPECT_EQ(parse_lsn("--until-lsn", "16/B374D848").to_string(), "16/B374D848");
  for (const char* bad : {"", "16", "16/", "/1", "0/0", "1/123456789", "16/B374D848 ", "g/1"}) {
    EXPECT_THROW(static_cast<void>(parse_lsn("--until-lsn", bad)), Error) << bad;
  }
}

TEST(Names, sizes_and_counts) {
  EXPECT_EQ(parse_size("f", "65536", 1), 65536U);
  EXPECT_EQ(parse_size("f", "64MB", 1), 64U << 20U);
  EXPECT_EQ(parse_size("f", "64 kB", 1), 64U << 10U);
  EXPECT_EQ(parse_size("f", "1GB", 1), 1U << 30U);
  for (const char* bad : {"", "MB", "-1", "1.5MB", "1PB", "99999999999GB", "12", "64MB ", " 64MB"}) {
    EXPECT_THROW(static_cast<void>(parse_size("f", bad, 4096)), Error) << bad;
  }
  EXPECT_EQ(parse_count("f", "1", 1, 10), 1U);
  for (const char* bad : {"", "0", "11", "1x", "-1", "1 ", "99999999999999999999999"}) {
    EXPECT_THROW(static_cast<void>(parse_count("f", bad, 1, 10)), Error) << bad;
  }
}

TEST(Names, memory_settings_are_those_of_their_owners) {
  for (const char* good : {"256MB", "64kB", "1GB", "65536"}) check_postgres_memory("f", good);
  for (const char* bad : {"256mb", "1.5GB", "", "lots", "0"})
    EXPECT_THROW(check_postgres_memory("f", bad), Error) << bad;
  for (const char* good : {"512MB", "1.5GiB", "80%", "2 GB"}) check_duckdb_memory("f", good);
  for (const char* bad : {"512", "", "GB", "1.2.3GB", "1GB; DROP"})
    EXPECT_THROW(check_duckdb_memory("f", bad), Error) << bad;
}

TEST(Names, the_nearest_known_word_is_found) {
  const std::vector<std::string> flags = {"--source", "--slot", "--destination", "--dataset", "--table", "--follow"};
  EXPECT_EQ(nearest("--tabel", flags), "--table");
  EXPECT_EQ(nearest("--soruce", flags), "--source");
  EXPECT_EQ(nearest("--dest", flags), "--destination");
  EXPECT_EQ(nearest("--folow", flags), "--follow");
  EXPECT_EQ(nearest("--completely-else", flags), "");
}

}  // namespace
}  // namespace walbrook
