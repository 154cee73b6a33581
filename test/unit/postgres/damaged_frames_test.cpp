// Frames that are cut, too long, or have a wrong byte: each results in a typed error or a valid message, and what was
// decoded can be read. Every frame is in memory of exactly its size, so that AddressSanitizer finds reads beyond it.
#include <gtest/gtest.h>

#include <random>

#include "postgres/protocol/decoder.h"
#include "postgres/protocol/encoder.h"
#include "test/unit/postgres/frames.h"
#include "test/unit/postgres/generated_messages.h"

namespace walbrook::postgres {
namespace {

std::string_view view_of(const std::vector<char>& bytes) {
  return {bytes.data(), bytes.size()};
}

void expect_error_within(const Decoded<Message>& message, std::size_t size, const std::string& name) {
  ASSERT_FALSE(message) << name << " of " << size << " bytes";
  EXPECT_LE(message.error().offset, size) << name;
  EXPECT_TRUE(message.error().message.starts_with(name + ": ")) << message.error().message;
}

void expect_truncations_fail(const std::string& name, const std::string& frame, const Wire& wire, std::size_t step) {
  for (std::size_t length = 1; length < frame.size(); length += step) {
    const std::vector<char> cut(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(length));
    expect_error_within(decode(view_of(cut), wire), length, name);
  }
}

// Returns true if the frame was decoded in spite of the damage. The message must then encode to its bytes, no more and
// no less.
bool survives(const std::vector<char>& damaged, const Wire& wire) {
  const auto message = decode(view_of(damaged), wire);
  if (message) {
    EXPECT_EQ(encode(*message, wire), view_of(damaged));
    return true;
  }
  EXPECT_LE(message.error().offset, damaged.size());
  EXPECT_FALSE(message.error().message.empty());
  return false;
}

TEST(DamagedFrames, every_truncation_is_an_error) {
  EXPECT_FALSE(decode(""));
  for (const auto& [name, frame, wire] : all_frames()) {
    ASSERT_TRUE(decode(frame, wire)) << name;
    expect_truncations_fail(name, frame, wire, 1);
  }
}

TEST(DamagedFrames, every_trailing_byte_is_an_error) {
  for (const auto& [name, frame, wire] : all_frames()) {
    for (const char extra : {'\0', 'n', '\xFF'}) {
      const auto message = decode(frame + extra, wire);
      ASSERT_FALSE(message) << name;
      EXPECT_EQ(message.error().offset, frame.size()) << name;
      EXPECT_EQ(message.error().message, name + ": 1 bytes are left over");
    }
  }
}

TEST(DamagedFrames, every_other_byte_is_an_error_or_another_message) {
  std::size_t decoded_all_the_same = 0;
  for (const auto& [name, frame, wire] : all_frames()) {
    for (std::size_t offset = 0; offset < frame.size(); ++offset) {
      for (unsigned flip = 1; flip < 256; ++flip) {
        std::vector<char> damaged(frame.begin(), frame.end());
        damaged[offset] = static_cast<char>(static_cast<unsigned char>(damaged[offset]) ^ flip);
        if (survives(damaged, wire)) ++decoded_all_the_same;
      }
    }
  }
  EXPECT_GT(decoded_all_the_same, 0U);  // bytes of an OID, an LSN, a value
}

// A frame that is read in another context: inside or outside of a block, or in another version.
TEST(DamagedFrames, the_wrong_wire_is_an_error_or_another_message) {
  for (const auto& frame : all_frames()) {
    const std::vector<char> bytes(frame.bytes.begin(), frame.bytes.end());
    for (int protocol = 1; protocol <= 4; ++protocol) {
      for (const bool in_stream : {false, true}) {
        for (const bool parallel : {false, true}) {
          survives(bytes, {.protocol = protocol, .in_stream = in_stream, .parallel_streaming = parallel});
        }
      }
    }
  }
}

TEST(DamagedFrames, generated_ones_too) {
  std::mt19937_64 random(4711);
  MessageGenerator generator(4711);
  for (int round = 0; round < 4000; ++round) {
    const Wire wire = generator.wire();
    const std::string frame = encode(generator.message(wire), wire);
    const auto name = std::string(kind_of(*decode(frame, wire)).name);
    expect_truncations_fail(name, frame, wire, frame.size() / 50 + 1);
    for (int flip = 0; flip < 16; ++flip) {
      std::vector<char> damaged(frame.begin(), frame.end());
      const auto at = random() % damaged.size();
      damaged[at] = static_cast<char>(static_cast<unsigned char>(damaged[at]) ^ (1U << (random() % 8)));
      survives(damaged, wire);
    }
  }
}

TEST(DamagedFrames, noise) {
  std::mt19937_64 random(42);
  for (int round = 0; round < 100'000; ++round) {
    std::vector<char> noise(random() % 40);
    for (auto& byte : noise) byte = static_cast<char>(random());
    if (!noise.empty()) noise[0] = message_kinds[random() % message_kinds.size()].byte;
    survives(noise, {.protocol = 4, .in_stream = random() % 2 == 0, .parallel_streaming = random() % 2 == 0});
  }
}

}  // namespace
}  // namespace walbrook::postgres
