#include "postgres/protocol/decoder.h"

#include <gtest/gtest.h>

#include "test/unit/postgres/frames.h"

namespace walbrook::postgres {
namespace {

template <class T>
T decoded(const std::string& frame, const Wire& wire = {}) {
  auto message = decode(frame, wire);
  if (!message) throw std::runtime_error(message.error().message);
  return std::get<T>(std::move(*message));
}

DecodeError error_of(const std::string& frame, const Wire& wire = {}) {
  const auto message = decode(frame, wire);
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
  EXPECT_EQ(cells.next().kind, CellKind::null);  // one call too many
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

TEST(Decoder, messages_of_a_block_carry_an_xid) {
  EXPECT_EQ(decoded<Relation>(in_block(relation_frame()), version_4_block).xid, 733U);
  EXPECT_EQ(decoded<Relation>(in_block(relation_frame()), version_4_block).oid, 16400U);
  EXPECT_EQ(decoded<Type>(in_block(type_frame()), version_4_block).xid, 733U);
  EXPECT_EQ(decoded<Insert>(in_block(insert_frame()), version_4_block).xid, 733U);
  EXPECT_EQ(decoded<Update>(in_block(update_frame('K')), version_4_block).xid, 733U);
  EXPECT_EQ(decoded<Delete>(in_block(delete_frame('O')), version_4_block).xid, 733U);
  EXPECT_EQ(decoded<Truncate>(in_block(truncate_frame(0)), version_4_block).xid, 733U);
  EXPECT_EQ(decoded<LogicalMessage>(in_block(message_frame()), version_4_block).xid, 733U);
  EXPECT_EQ(decoded<Insert>(insert_frame(), version_4).xid, 0U);
}

TEST(Decoder, an_origin_carries_no_xid_in_a_block_either) {
  EXPECT_EQ(decoded<Origin>(origin_frame(), version_4_block).commit_lsn, Lsn{0xABCDEF});
}

TEST(Decoder, stream_start_and_stop) {
  EXPECT_EQ(decoded<StreamStart>(stream_start_frame(), version_4), (StreamStart{.xid = 731, .first_segment = true}));
  EXPECT_FALSE(decoded<StreamStart>(with_byte(stream_start_frame(), 5, 0), version_4).first_segment);
  decoded<StreamStop>(stream_stop_frame(), version_4_block);
}

TEST(Decoder, stream_commit) {
  EXPECT_EQ(decoded<StreamCommit>(stream_commit_frame(), version_4),
            (StreamCommit{.xid = 731,
                          .flags = 0,
                          .commit_lsn = Lsn{0x16B374D848},
                          .end_lsn = Lsn{0x16B374D878},
                          .commit_time = 946'684'801'000'000}));
}

TEST(Decoder, stream_abort) {
  EXPECT_EQ(decoded<StreamAbort>(stream_abort_frame(), version_4),
            (StreamAbort{.xid = 731, .subxid = 733, .abort_lsn = {}, .abort_time = 0}));
  EXPECT_EQ(
      decoded<StreamAbort>(parallel_abort_frame(), version_4_parallel),
      (StreamAbort{.xid = 731, .subxid = 733, .abort_lsn = Lsn{0x16B374D848}, .abort_time = 946'684'802'000'000}));
}

TEST(Decoder, two_phase_commit) {
  const auto begin_bytes = begin_prepare_frame();
  const auto begin = decoded<BeginPrepare>(begin_bytes, version_4);
  EXPECT_EQ(begin.prepare_lsn, Lsn{0x16B374D848});
  EXPECT_EQ(begin.end_lsn, Lsn{0x16B374D878});
  EXPECT_EQ(begin.prepare_time, 946'684'801'000'000);
  EXPECT_EQ(begin.xid, 731U);
  EXPECT_EQ(begin.gid, "a gid");
  const auto prepare_bytes = prepared_frame('P');
  EXPECT_EQ(decoded<Prepare>(prepare_bytes, version_4),
            (Prepare{0, begin.prepare_lsn, begin.end_lsn, begin.prepare_time, 731, "a gid"}));
  const auto commit_bytes = prepared_frame('K');
  EXPECT_EQ(decoded<CommitPrepared>(commit_bytes, version_4),
            (CommitPrepared{0, begin.prepare_lsn, begin.end_lsn, begin.prepare_time, 731, "a gid"}));
  const auto stream_bytes = prepared_frame('p');
  EXPECT_EQ(decoded<StreamPrepare>(stream_bytes, version_4),
            (StreamPrepare{0, begin.prepare_lsn, begin.end_lsn, begin.prepare_time, 731, "a gid"}));
  const auto rollback_bytes = rollback_prepared_frame();
  EXPECT_EQ(
      decoded<RollbackPrepared>(rollback_bytes, version_4),
      (RollbackPrepared{0, begin.prepare_lsn, begin.end_lsn, begin.prepare_time, 946'684'802'000'000, 731, "a gid"}));
}

TEST(Decoder, a_kind_of_a_later_version_is_refused_by_its_name) {
  for (const auto& frame : all_frames()) {
    const auto message = decode(frame.bytes, frame.wire);
    ASSERT_TRUE(message) << frame.name;
    const auto& kind = kind_of(*message);
    EXPECT_EQ(kind.name, frame.name);
    EXPECT_EQ(kind.byte, frame.bytes[0]);
    for (int protocol = 1; protocol <= 4; ++protocol) {
      Wire wire = frame.wire;
      wire.protocol = protocol;
      EXPECT_EQ(decode(frame.bytes, wire).has_value(), protocol >= kind.protocol) << frame.name << " in " << protocol;
    }
  }
  const auto error = error_of(begin_prepare_frame(), {.protocol = 2});
  EXPECT_EQ(error.message,
            "pgoutput: a Begin Prepare message (0x62) belongs to protocol version 3, this stream has version 2");
  EXPECT_EQ(error.offset, 0U);
}

TEST(Decoder, blocks_are_followed) {
  Wire wire = version_4;
  follow(StreamStop{}, wire);
  EXPECT_FALSE(wire.in_stream);
  follow(StreamStart{}, wire);
  EXPECT_TRUE(wire.in_stream);
  follow(Insert{}, wire);
  EXPECT_TRUE(wire.in_stream);
  follow(StreamStop{}, wire);
  EXPECT_FALSE(wire.in_stream);
}

struct Wrong {
  std::string frame;
  std::size_t offset;
  std::string message;
  Wire wire = {};
};

TEST(Decoder, errors_say_where_and_what) {
  const std::string tuple("I\0\0\0\1N\0\3n", 9);  // three columns, of which one is present
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
      {with_byte(insert_frame(), 5, 'K'), 5, "Insert: 0x4b in the place of 'N'"},
      {with_byte(insert_frame(), 6, 0xFF), 6, "Insert: a tuple of -252 columns"},
      {with_byte(insert_frame(), 8, 'x'), 8, "Insert: column 1 of 4 is of the unknown kind 0x78"},
      {with_byte(insert_frame(), 9, 0xFF), 9, "Insert: column 1 of 4 has the length -16777214"},
      {tuple, 9, "Insert: the tuple has 3 columns, the frame ends in column 2"},
      {tuple + std::string("t\0\0\0\5abc", 8), 14, "Insert: the tuple has 3 columns, the frame ends in column 2"},
      {with_byte(update_frame('\0'), 5, 'X'), 5, "Update: 0x58 in the place of 'K', 'O' or 'N'"},
      {with_byte(update_frame('K'), 15, 'O'), 15, "Update: 0x4f in the place of 'N'"},
      {with_byte(delete_frame('K'), 5, 'N'), 5, "Delete: 0x4e in the place of 'K' or 'O'"},
      {with_byte(truncate_frame(0), 5, 4), 5, "Truncate: unknown options 0x04"},
      {with_byte(truncate_frame(0), 1, 0xFF), 1,
       "Truncate: 4278190082 relations are announced, the frame has room for 2"},
      {with_byte(message_frame(), 1, 2), 1, "Message: unknown flags 0x02"},
      {with_byte(message_frame(), 17, 0xFF), 17, "Message: a content of -16777211 bytes"},
      {with_byte(in_block(message_frame()), 5, 2), 5, "Message: unknown flags 0x02", version_4_block},
      {with_byte(in_block(truncate_frame(0)), 9, 4), 9, "Truncate: unknown options 0x04", version_4_block},
      {std::string("I\0\0\0\0", 5) + insert_frame().substr(1), 1, "Insert: a streamed transaction's xid is 0",
       version_4_block},
      {std::string("S\0\0\0\0\1", 6), 1, "Stream Start: a streamed transaction's xid is 0", version_4},
      {with_byte(stream_start_frame(), 5, 2), 5, "Stream Start: unknown mark of a first segment 0x02", version_4},
      {"EE", 1, "Stream Stop: 1 bytes are left over", version_4_block},
      {with_byte(stream_commit_frame(), 5, 1), 5, "Stream Commit: unknown flags 0x01", version_4},
      {stream_abort_frame(), 9, "Stream Abort: the frame of 9 bytes ends before the message does", version_4_parallel},
      {parallel_abort_frame(), 9, "Stream Abort: 16 bytes are left over", version_4},
      {with_byte(with_byte(parallel_abort_frame(), 17, 0x7F), 18, 0xFF), 17,
       "Stream Abort: the abort time is out of range", version_4_parallel},
      {with_byte(with_byte(begin_prepare_frame(), 17, 0x7F), 18, 0xFF), 17,
       "Begin Prepare: the prepare time is out of range", version_4},
      {with_byte(with_byte(prepared_frame('K'), 18, 0x7F), 19, 0xFF), 18,
       "Commit Prepared: the commit time is out of range", version_4},
      {with_byte(with_byte(rollback_prepared_frame(), 26, 0x7F), 27, 0xFF), 26,
       "Rollback Prepared: the rollback time is out of range", version_4},
  };
  for (const auto& wrong : all) {
    const auto error = error_of(wrong.frame, wrong.wire);
    EXPECT_EQ(error.message, wrong.message);
    EXPECT_EQ(error.offset, wrong.offset) << wrong.message;
  }
}

}  // namespace
}  // namespace walbrook::postgres
