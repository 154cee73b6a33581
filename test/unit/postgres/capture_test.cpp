#include "postgres/protocol/capture.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <sstream>

#include "cli/decode/decode_line.h"
#include "postgres/protocol/decoder.h"
#include "postgres/protocol/encoder.h"
#include "postgres/values/value_text.h"
#include "test/unit/postgres/captures.h"
#include "test/unit/postgres/frames.h"

namespace walbrook::postgres {
namespace {

constexpr CaptureHeader header{.server_version = 180004,
                               .protocol = 4,
                               .streaming = Streaming::parallel,
                               .binary = true,
                               .messages = false,
                               .two_phase = true};

std::string whole_capture() {
  return to_line(header) + captured(Lsn{0x16B374D848}, begin_frame()) + captured(Lsn{1}, "") +
         captured(Lsn{2}, insert_frame());
}

// Returns all frames. Throws Error.
std::vector<std::pair<Lsn, std::string>> read_all(const std::string& bytes) {
  CaptureReader reader(std::make_unique<std::istringstream>(bytes), "some.capture");
  std::vector<std::pair<Lsn, std::string>> frames;
  Frame frame;
  while (next_frame(reader, frame)) frames.emplace_back(frame.lsn, frame.bytes);
  EXPECT_EQ(reader.poll(frame), Poll::ended) << "it says so again";
  return frames;
}

std::string read_error(const std::string& bytes) {
  try {
    read_all(bytes);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::protocol);
    return error.cause();
  }
  return "it was read";
}

TEST(Capture, what_was_written_is_read_back) {
  EXPECT_EQ(to_line(header),
            "walbrook capture 1 server=180004 protocol=4 streaming=parallel binary=yes messages=no two_phase=yes\n");
  const CaptureReader reader(std::make_unique<std::istringstream>(whole_capture()), "some.capture");
  EXPECT_EQ(reader.header(), header);
  EXPECT_EQ(reader.header().wire().protocol, 4);
  EXPECT_TRUE(reader.header().wire().parallel_streaming);
  EXPECT_EQ(read_all(whole_capture()),
            (std::vector<std::pair<Lsn, std::string>>{
                {Lsn{0x16B374D848}, begin_frame()}, {Lsn{1}, ""}, {Lsn{2}, insert_frame()}}));
  EXPECT_TRUE(read_all(to_line(header)).empty());
}

TEST(Capture, a_cut_one_gives_its_whole_frames_and_an_error) {
  const auto whole = whole_capture();
  const std::set<std::size_t> between_frames = {to_line(header).size(), to_line(header).size() + 12 + 21,
                                                to_line(header).size() + 12 + 21 + 12};
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const bool between = between_frames.contains(length);
    EXPECT_EQ(read_error(whole.substr(0, length)) == "it was read", between) << length;
  }
}

TEST(Capture, wrong_ones_are_told) {
  EXPECT_EQ(read_error("hello\n"),
            "some.capture is not a capture: it does not begin with a line \"walbrook capture 1 …\"");
  EXPECT_EQ(read_error(std::string(5000, 'x')),
            "some.capture is not a capture: it does not begin with a line \"walbrook capture 1 …\"");
  for (const std::string word :
       {"server=x", "protocol=0", "protocol=5", "streaming=maybe", "binary=1", "new=yes", "yes", ""}) {
    EXPECT_EQ(read_error("walbrook capture 1 server=150018 " + word + "\n"),
              "some.capture is a capture of an unknown version: its first line is \"" + word + "\"");
  }
  EXPECT_EQ(read_error(to_line(header) + std::string("\0\0\0\0\0\0\0\1\xFF\0\0\0", 12)),
            "the capture some.capture cannot be read on at frame 1: the frame's length is 4278190080 bytes");
  EXPECT_EQ(read_error(to_line(header) + std::string("\0\0\0\0\0\0\0\1\x3F\0\0\0....", 16)),
            "the capture some.capture cannot be read on at frame 1: the frame of 1056964608 bytes is cut off");
}

TEST(Captures, every_message_of_every_server_is_decoded_and_encoded_to_the_same_bytes) {
  std::map<std::string, std::set<std::string_view>> kinds;  // by what was recorded
  std::set<int> servers;
  for (const auto& recorded : all_captures()) {
    auto wire = recorded.header.wire();
    servers.insert(recorded.header.server_version / 10000);
    EXPECT_EQ(recorded.name.substr(0, 2), std::to_string(recorded.header.server_version / 10000));
    EXPECT_FALSE(recorded.frames.empty()) << recorded.name;
    for (const auto& frame : recorded.frames) {
      const auto message = decode(frame, wire);
      ASSERT_TRUE(message) << recorded.name << ": " << message.error().message;
      ASSERT_EQ(encode(*message, wire), frame) << recorded.name << ", " << kind_of(*message).name;
      kinds[recorded.name.substr(3)].insert(kind_of(*message).name);
      kinds["all"].insert(kind_of(*message).name);
      follow(*message, wire);
    }
    EXPECT_FALSE(wire.in_stream) << recorded.name;
  }
  EXPECT_EQ(servers, (std::set<int>{14, 15, 16, 17, 18}));
  EXPECT_EQ(kinds["all"].size(), message_kinds.size());
  const std::set<std::string_view> of_version_1 = {"Begin",  "Commit", "Origin", "Relation", "Type",
                                                   "Insert", "Update", "Delete", "Truncate", "Message"};
  EXPECT_EQ(kinds["text"], of_version_1);
  EXPECT_EQ(kinds["binary"], of_version_1);
  auto streamed = of_version_1;
  streamed.insert({"Stream Start", "Stream Stop", "Stream Commit", "Stream Abort"});
  EXPECT_EQ(kinds["streaming"], streamed);
  EXPECT_EQ(kinds["parallel"], streamed);
  for (const auto* kind : {"Begin Prepare", "Prepare", "Commit Prepared", "Rollback Prepared", "Stream Prepare"}) {
    EXPECT_TRUE(kinds["two-phase"].contains(kind)) << kind;
  }
}

// Returns the cells of all rows, one after the other.
std::vector<std::string> inserted_values(const Recorded& recorded) {
  std::map<Oid, std::vector<Oid>> column_types;
  std::vector<std::string> values;
  auto wire = recorded.header.wire();
  for (const auto& frame : recorded.frames) {
    const auto message = decode(frame, wire);
    if (const auto* relation = std::get_if<Relation>(&*message)) {
      auto& types = column_types[relation->oid];
      types.clear();
      for (const auto& column : relation->columns) types.push_back(column.type_oid);
    }
    const auto* insert = std::get_if<Insert>(&*message);
    if (insert == nullptr) continue;
    auto cells = insert->after.cells();
    for (const Oid type : column_types[insert->relation]) {
      const auto cell = cells.next();
      if (cell.kind != CellKind::binary) {
        values.emplace_back(cell.bytes);
      } else {
        values.push_back(binary_to_text(type, cell.bytes).value_or("(binary)"));
      }
    }
  }
  return values;
}

// The same rows were recorded in both formats: PostgreSQL's own text shows the binary value.
TEST(Captures, binary_values_read_as_the_server_prints_them) {
  std::map<std::string, std::vector<std::string>> text, binary;
  for (const auto& recorded : all_captures()) {
    if (recorded.name.ends_with("-text")) text[recorded.name.substr(0, 2)] = inserted_values(recorded);
    if (recorded.name.ends_with("-binary")) binary[recorded.name.substr(0, 2)] = inserted_values(recorded);
  }
  ASSERT_EQ(text.size(), 5U);
  for (const auto& [server, values] : text) {
    const auto& read = binary[server];
    ASSERT_EQ(read.size(), values.size()) << server;
    std::set<std::string> otherwise;
    int not_read = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (read[i] == "(binary)") {
        ++not_read;
      } else if (read[i] != values[i]) {
        otherwise.insert(values[i] + " as " + read[i]);
      }
    }
    EXPECT_EQ(otherwise,
              (std::set<std::string>{"0.00 as 0", "1 year 2 mons 3 days 04:05:06 as 14 mons 3 days 04:05:06"}))
        << server;
    EXPECT_LE(not_read, 10) << server;  // inet, arrays, enum, composite, domain, bits, range, money
  }
}

}  // namespace
}  // namespace walbrook::postgres
