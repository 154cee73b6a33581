#include "postgres/protocol/encoder.h"

#include <gtest/gtest.h>

#include <set>

#include "postgres/protocol/decoder.h"
#include "test/unit/postgres/frames.h"
#include "test/unit/postgres/generated_messages.h"

namespace walbrook::postgres {
namespace {

TEST(Encoder, writes_what_the_protocol_says) {
  std::set<std::size_t> kinds;
  for (const auto& [name, frame, wire] : all_frames()) {
    const auto message = decode(frame, wire);
    ASSERT_TRUE(message) << name;
    EXPECT_EQ(encode(*message, wire), frame) << name;
    kinds.insert(message->index());
  }
  EXPECT_EQ(kinds.size(), message_kinds.size()) << "frames.h lacks a kind of message";
}

TEST(Encoder, xids_stand_in_blocks_alone) {
  for (const auto& [name, frame, wire] : frames_of_blocks()) {
    const auto of_block = in_block(frame);
    const auto message = decode(of_block, version_4_block);
    ASSERT_TRUE(message) << name;
    EXPECT_EQ(encode(*message, version_4), frame) << name;
  }
}

TEST(Encoder, tuples_are_made_of_cells) {
  const TupleBytes bytes({{CellKind::text, "42"},
                          {CellKind::null, {}},
                          {CellKind::unchanged, {}},
                          {CellKind::binary, std::string_view("\0\1", 2)}});
  EXPECT_EQ(encode(Insert{.xid = 0, .relation = 16400, .after = bytes.tuple()}), insert_frame());
  EXPECT_EQ(TupleBytes({}).tuple(), Tuple());
}

TEST(Encoder, what_was_written_is_read_back) {
  MessageGenerator generator(20261122);
  for (int round = 0; round < 20'000; ++round) {
    const Wire wire = generator.wire();
    const auto message = generator.message(wire);
    const auto frame = encode(message, wire);
    const auto read = decode(frame, wire);
    ASSERT_TRUE(read) << kind_of(message).name << ", round " << round << ": " << read.error().message;
    ASSERT_EQ(*read, message) << kind_of(message).name << ", round " << round;
  }
}

// Every kind with every wire format that has it, so that none is left to chance.
TEST(Encoder, every_kind_in_every_version_in_and_out_of_blocks) {
  MessageGenerator generator(7);
  for (std::size_t kind = 0; kind < message_kinds.size(); ++kind) {
    for (int protocol = message_kinds[kind].protocol; protocol <= 4; ++protocol) {
      for (const bool in_stream : {false, true}) {
        for (const bool parallel : {false, true}) {
          const Wire wire{.protocol = protocol, .in_stream = in_stream, .parallel_streaming = parallel};
          for (int round = 0; round < 50; ++round) {
            const auto message = generator.message(kind, wire);
            const auto frame = encode(message, wire);
            const auto read = decode(frame, wire);
            ASSERT_TRUE(read) << message_kinds[kind].name << ": " << read.error().message;
            ASSERT_EQ(*read, message) << message_kinds[kind].name;
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace walbrook::postgres
