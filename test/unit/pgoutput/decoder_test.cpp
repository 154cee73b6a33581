#include "pgoutput/decoder.h"

#include <gtest/gtest.h>

#include "test/unit/pgoutput/frames.h"

namespace walbrook::pgoutput {
namespace {

template <class T>
T decoded(const std::string& frame) {
  auto message = decode(frame);
  if (!message) throw std::runtime_error(message.error().message);
  return std::get<T>(std::move(*message));
}

DecodeError error_of(const std::string& frame) {
  const auto message = decode(frame);
  if (message) throw std::runtime_error("it was decoded");
  return message.error();
}

std::string with_byte(std::string frame, std::size_t offset, unsigned char byte) {
  frame.at(offset) = static_cast<char>(byte);
  return frame;
}

void expect_tuple(const Tuple& tuple) {
  ASSERT_EQ(tuple.size(), 4);
  auto cells = tuple.cells();
  const auto text = cells.next();
  EXPECT_EQ(text.kind, CellKind::text);
  EXPECT_EQ(text.bytes, "42");
  EXPECT_EQ(cells.next().kind, CellKind::null);
  EXPECT_EQ(cells.next().kind, CellKind::unchanged);
  const auto binary = cells.next();
  EXPECT_EQ(binary.kind, CellKind::binary);
  EXPECT_EQ(binary.bytes, std::string_view("\0\1", 2));
  EXPECT_EQ(cells.next().kind, CellKind::null);  // asked once too often
  EXPECT_EQ(cells.next().kind, CellKind::null);
}

void expect_key_tuple(const Tuple& tuple) {
  ASSERT_EQ(tuple.size(), 2);
  auto cells = tuple.cells();
  EXPECT_EQ(cells.next().bytes, "k");
  EXPECT_EQ(cells.next().kind, CellKind::null);
}

TEST(Decoder, begin) {
  const auto begin = decoded<Begin>(begin_frame());
  EXPECT_EQ(begin.final_lsn, Lsn{0x16B374D848});
  EXPECT_EQ(begin.commit_time, 946'684'801'000'000);
  EXPECT_EQ(begin.xid, 731U);
}

TEST(Decoder, commit) {
  const auto commit = decoded<Commit>(commit_frame());
  EXPECT_EQ(commit.flags, 0);
  EXPECT_EQ(commit.commit_lsn, Lsn{0x16B374D848});
  EXPECT_EQ(commit.end_lsn, Lsn{0x16B374D878});
  EXPECT_EQ(commit.commit_time, 946'684'799'000'000);
}

TEST(Decoder, origin) {
  const auto frame = origin_frame();
  const auto origin = decoded<Origin>(frame);
  EXPECT_EQ(origin.commit_lsn, Lsn{0xABCDEF});
  EXPECT_EQ(origin.name, "upstream");
}

TEST(Decoder, relation) {
  const auto frame = relation_frame();
  const auto relation = decoded<Relation>(frame);
  EXPECT_EQ(relation.oid, 16400U);
  EXPECT_EQ(relation.schema, "public");
  EXPECT_EQ(relation.name, "orders");
  EXPECT_EQ(relation.identity, 'd');
  ASSERT_EQ(relation.columns.size(), 2U);
  EXPECT_TRUE(relation.columns[0].in_key);
  EXPECT_EQ(relation.columns[0].name, "id");
  EXPECT_EQ(relation.columns[0].type_oid, 23U);
  EXPECT_EQ(relation.columns[0].typmod, -1);
  EXPECT_FALSE(relation.columns[1].in_key);
  EXPECT_EQ(relation.columns[1].name, "amount");
  EXPECT_EQ(relation.columns[1].type_oid, 1700U);
  EXPECT_EQ(relation.columns[1].typmod, 786438);
}

TEST(Decoder, type) {
  const auto frame = type_frame();
  const auto type = decoded<Type>(frame);
  EXPECT_EQ(type.oid, 16390U);
  EXPECT_EQ(type.schema, "public");
  EXPECT_EQ(type.name, "mood");
}

TEST(Decoder, insert) {
  const auto frame = insert_frame();
  const auto insert = decoded<Insert>(frame);
  EXPECT_EQ(insert.relation, 16400U);
  expect_tuple(insert.after);
}

TEST(Decoder, update_without_an_old_tuple) {
  const auto frame = update_frame('\0');
  const auto update = decoded<Update>(frame);
  EXPECT_EQ(update.relation, 16400U);
  EXPECT_EQ(update.old_kind, OldTuple::none);
  EXPECT_EQ(update.before.size(), 0);
  expect_tuple(update.after);
}

TEST(Decoder, update_with_an_old_tuple) {
  for (const char kind : {'K', 'O'}) {
    const auto frame = update_frame(kind);
    const auto update = decoded<Update>(frame);
    EXPECT_EQ(update.relation, 16400U);
    EXPECT_EQ(update.old_kind, kind == 'K' ? OldTuple::key : OldTuple::full);
    expect_key_tuple(update.before);
    expect_tuple(update.after);
  }
}

TEST(Decoder, deletion) {
  for (const char kind : {'K', 'O'}) {
    const auto frame = delete_frame(kind);
    const auto deletion = decoded<Delete>(frame);
    EXPECT_EQ(deletion.relation, 16400U);
    EXPECT_EQ(deletion.old_kind, kind == 'K' ? OldTuple::key : OldTuple::full);
    expect_key_tuple(deletion.before);
  }
}

TEST(Decoder, truncate) {
  for (std::uint8_t options = 0; options < 4; ++options) {
    const auto truncate = decoded<Truncate>(truncate_frame(options));
    EXPECT_EQ(truncate.relations, (std::vector<Oid>{16400, 16500}));
    EXPECT_EQ(truncate.cascade, (options & 1) != 0);
    EXPECT_EQ(truncate.restart_identity, (options & 2) != 0);
  }
}

TEST(Decoder, logical_message) {
  const auto frame = message_frame();
  const auto message = decoded<LogicalMessage>(frame);
  EXPECT_TRUE(message.transactional);
  EXPECT_EQ(message.lsn, Lsn{0x16B374D848});
  EXPECT_EQ(message.prefix, "prefix");
  EXPECT_EQ(message.content, std::string_view("a\0b\0c", 5));
  EXPECT_FALSE(decoded<LogicalMessage>(with_byte(frame, 1, 0)).transactional);
}

TEST(Decoder, values_are_views_into_the_frame) {
  const auto frame = insert_frame();
  const auto text = decoded<Insert>(frame).after.cells().next().bytes;
  EXPECT_EQ(text.data(), frame.data() + frame.find("42"));
}

TEST(Decoder, tuples_of_no_columns_and_empty_values) {
  const auto none = decoded<Insert>(std::string("I\0\0\0\1N\0\0", 8));
  EXPECT_EQ(none.after.size(), 0);
  const std::string frame("I\0\0\0\1N\0\1t\0\0\0\0", 13);
  const auto cell = decoded<Insert>(frame).after.cells().next();
  EXPECT_EQ(cell.kind, CellKind::text);
  EXPECT_EQ(cell.bytes, "");
}

TEST(Decoder, a_cursor_over_any_bytes_stays_in_them) {
  for (const std::string& bytes : {std::string(), std::string("t"), std::string("t\0\0\0\5ab", 7),
                                   std::string("b\xFF\xFF\xFF\xFF", 5), std::string("xyz"), std::string("u")}) {
    auto cells = Tuple(9, bytes).cells();
    for (int i = 0; i < 9; ++i) EXPECT_EQ(cells.next().bytes, "");
  }
}

// Every truncation of every message kind is an error that names the kind and a byte in the frame.
TEST(Decoder, every_truncation_is_an_error) {
  for (const auto& [name, frame] : all_frames()) {
    ASSERT_TRUE(decode(frame)) << name;
    EXPECT_EQ(error_of("").offset, 0U);
    for (std::size_t length = 1; length < frame.size(); ++length) {
      // A copy of its own size: the address sanitizer sees every read behind it.
      const std::vector<char> cut(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(length));
      const auto message = decode({cut.data(), cut.size()});
      ASSERT_FALSE(message) << name << " of " << length << " bytes";
      EXPECT_LE(message.error().offset, length) << name;
      EXPECT_TRUE(message.error().message.starts_with(name + ": ")) << message.error().message;
    }
  }
}

TEST(Decoder, every_trailing_byte_is_an_error) {
  for (const auto& [name, frame] : all_frames()) {
    for (const char extra : {'\0', 'n', '\xFF'}) {
      const auto error = error_of(frame + extra);
      EXPECT_EQ(error.offset, frame.size()) << name;
      EXPECT_EQ(error.message, name + ": 1 bytes are left over");
    }
  }
}

// What was decoded from damaged bytes can be read: the address sanitizer watches.
std::size_t touch(const Tuple& tuple) {
  std::size_t sum = 0;
  auto cells = tuple.cells();
  for (int i = 0; i < tuple.size(); ++i) {
    for (const char c : cells.next().bytes) sum += static_cast<unsigned char>(c);
  }
  return sum;
}

std::size_t touch(const Message& message) {
  if (const auto* insert = std::get_if<Insert>(&message)) return touch(insert->after);
  if (const auto* update = std::get_if<Update>(&message)) return touch(update->before) + touch(update->after);
  if (const auto* deletion = std::get_if<Delete>(&message)) return touch(deletion->before);
  std::size_t sum = 0;
  if (const auto* relation = std::get_if<Relation>(&message)) {
    for (const auto& column : relation->columns) sum += std::string(column.name).size();
  }
  if (const auto* logical = std::get_if<LogicalMessage>(&message)) sum += std::string(logical->content).size();
  return sum;
}

TEST(Decoder, no_flipped_byte_crashes) {
  std::size_t decoded_all_the_same = 0;
  for (const auto& [name, frame] : all_frames()) {
    for (std::size_t offset = 0; offset < frame.size(); ++offset) {
      for (unsigned flip = 1; flip < 256; ++flip) {
        std::vector<char> damaged(frame.begin(), frame.end());
        damaged[offset] = static_cast<char>(static_cast<unsigned char>(damaged[offset]) ^ flip);
        const auto message = decode({damaged.data(), damaged.size()});
        if (message) {
          ++decoded_all_the_same;
          touch(*message);
        } else {
          ASSERT_LE(message.error().offset, damaged.size()) << name;
          ASSERT_FALSE(message.error().message.empty());
        }
      }
    }
  }
  EXPECT_GT(decoded_all_the_same, 0U);  // bytes of an OID, an LSN, a value
}

struct Wrong {
  std::string frame;
  std::size_t offset;
  std::string message;
};

TEST(Decoder, errors_say_where_and_what) {
  const std::string tuple("I\0\0\0\1N\0\3n", 9);  // three columns, one of them is there
  const std::vector<Wrong> all = {
      {"", 0, "pgoutput: an empty frame"},
      {"X", 0, "pgoutput: unknown message kind 0x58"},
      {with_byte(with_byte(begin_frame(), 9, 0x7F), 10, 0xFF), 9, "Begin: the commit time is out of range"},
      {with_byte(commit_frame(), 1, 1), 1, "Commit: unknown flags 0x01"},
      {with_byte(commit_frame(), 18, 0x7F), 18, "Commit: the commit time is out of range"},
      {with_byte(relation_frame(), 19, 'x'), 19, "Relation: unknown replica identity 0x78"},
      {with_byte(relation_frame(), 20, 0x80), 20, "Relation: -32766 columns"},
      {with_byte(relation_frame(), 22, 2), 22, "Relation: column 1 of 2 has unknown flags 0x02"},
      {with_byte(relation_frame(), 21, 3), relation_frame().size(),
       "Relation: 3 columns are named, the frame ends in column 3"},
      {relation_frame().substr(0, 10), 5, "Relation: the frame of 10 bytes ends before the message does"},
      {"Y\1\1\1\1public", 5, "Type: the frame of 11 bytes ends before the message does"},
      {with_byte(insert_frame(), 5, 'K'), 5, "Insert: 0x4b where 'N' should stand"},
      {with_byte(insert_frame(), 6, 0xFF), 6, "Insert: a tuple of -252 columns"},
      {with_byte(insert_frame(), 8, 'x'), 8, "Insert: column 1 of 4 is of the unknown kind 0x78"},
      {with_byte(insert_frame(), 9, 0xFF), 9, "Insert: column 1 of 4 has the length -16777214"},
      {tuple, 9, "Insert: the tuple says 3 columns, the frame ends in column 2"},
      {tuple + std::string("t\0\0\0\5abc", 8), 14, "Insert: the tuple says 3 columns, the frame ends in column 2"},
      {with_byte(update_frame('\0'), 5, 'X'), 5, "Update: 0x58 where 'K', 'O' or 'N' should stand"},
      {with_byte(update_frame('K'), 15, 'O'), 15, "Update: 0x4f where 'N' should stand"},
      {with_byte(delete_frame('K'), 5, 'N'), 5, "Delete: 0x4e where 'K' or 'O' should stand"},
      {with_byte(truncate_frame(0), 5, 4), 5, "Truncate: unknown options 0x04"},
      {with_byte(truncate_frame(0), 1, 0xFF), 1, "Truncate: 4278190082 relations are said, the frame has room for 2"},
      {with_byte(message_frame(), 1, 2), 1, "Message: unknown flags 0x02"},
      {with_byte(message_frame(), 17, 0xFF), 17, "Message: a content of -16777211 bytes"},
  };
  for (const auto& wrong : all) {
    const auto error = error_of(wrong.frame);
    EXPECT_EQ(error.message, wrong.message);
    EXPECT_EQ(error.offset, wrong.offset) << wrong.message;
  }
}

}  // namespace
}  // namespace walbrook::pgoutput
