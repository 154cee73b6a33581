#include "base/bytes.h"

#include <gtest/gtest.h>

namespace walbrook {
namespace {

TEST(ByteReader, reads_back_what_the_writer_wrote) {
  ByteWriter out;
  out.u8(0xFE);
  out.u16(0xFEDC);
  out.u32(0xFEDCBA98);
  out.u64(0xFEDCBA9876543210);
  out.c_string("name");
  out.bytes("raw");
  ByteReader in(out.str());
  EXPECT_EQ(in.u8(), 0xFE);
  EXPECT_EQ(in.u16(), 0xFEDC);
  EXPECT_EQ(in.u32(), 0xFEDCBA98);
  EXPECT_EQ(in.u64(), 0xFEDCBA9876543210);
  EXPECT_EQ(in.c_string(), "name");
  EXPECT_EQ(in.bytes(3), "raw");
  EXPECT_TRUE(in.at_end());
  EXPECT_FALSE(in.failed());
}

TEST(ByteReader, signed_integers_are_twos_complement) {
  ByteWriter out;
  out.u16(0xFFFF);
  out.u32(0x80000000);
  out.u64(0xFFFFFFFFFFFFFFFE);
  ByteReader in(out.str());
  EXPECT_EQ(in.i16(), -1);
  EXPECT_EQ(in.i32(), INT32_MIN);
  EXPECT_EQ(in.i64(), -2);
}

TEST(ByteReader, a_failed_read_stays_where_it_began_and_fails_for_good) {
  ByteReader in("\x01\x02\x03");
  EXPECT_EQ(in.u16(), 0x0102);
  EXPECT_EQ(in.u32(), 0U);
  EXPECT_TRUE(in.failed());
  EXPECT_EQ(in.offset(), 2U);
  EXPECT_EQ(in.u8(), 0);  // this needs one byte more
  EXPECT_EQ(in.bytes(0), "");
  EXPECT_EQ(in.c_string(), "");
  EXPECT_EQ(in.offset(), 2U);
}

TEST(ByteReader, a_string_needs_its_nul) {
  ByteReader in("abc");
  EXPECT_EQ(in.c_string(), "");
  EXPECT_TRUE(in.failed());
}

TEST(ByteReader, a_length_beyond_every_memory_fails) {
  ByteReader in("abc");
  EXPECT_EQ(in.bytes(SIZE_MAX), "");
  EXPECT_TRUE(in.failed());
}

}  // namespace
}  // namespace walbrook
