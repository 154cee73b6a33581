// Frames of every message kind, built by hand from the protocol's documentation and not by the encoder, so that no
// mistake is made twice.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "postgres/protocol/message.h"

namespace walbrook::postgres {

struct NamedFrame {
  std::string name;
  std::string bytes;
  Wire wire = {};
};

inline constexpr Wire version_4{.protocol = 4};
inline constexpr Wire version_4_block{.protocol = 4, .in_stream = true};
inline constexpr Wire version_4_parallel{.protocol = 4, .parallel_streaming = true};

inline void put_cell(ByteWriter& out, char kind, std::string_view bytes) {
  out.u8(static_cast<std::uint8_t>(kind));
  out.u32(static_cast<std::uint32_t>(bytes.size()));
  out.bytes(bytes);
}

// Four columns: text '42', NULL, an unchanged TOAST value, binary 00 01.
inline void put_tuple(ByteWriter& out) {
  out.u16(4);
  put_cell(out, 't', "42");
  out.u8('n');
  out.u8('u');
  put_cell(out, 'b', std::string_view("\0\1", 2));
}

// A key's tuple: text 'k', and a column that was not sent.
inline void put_key_tuple(ByteWriter& out) {
  out.u16(2);
  put_cell(out, 't', "k");
  out.u8('n');
}

inline std::string begin_frame() {
  ByteWriter out;
  out.u8('B');
  out.u64(0x16B374D848);
  out.u64(1'000'000);  // 2000-01-01 00:00:01
  out.u32(731);
  return out.take();
}

inline std::string commit_frame() {
  ByteWriter out;
  out.u8('C');
  out.u8(0);
  out.u64(0x16B374D848);
  out.u64(0x16B374D878);
  out.u64(static_cast<std::uint64_t>(-1'000'000));  // a second before 2000
  return out.take();
}

inline std::string origin_frame() {
  ByteWriter out;
  out.u8('O');
  out.u64(0xABCDEF);
  out.c_string("upstream");
  return out.take();
}

inline std::string relation_frame() {
  ByteWriter out;
  out.u8('R');
  out.u32(16400);
  out.c_string("public");
  out.c_string("orders");
  out.u8('d');
  out.u16(2);
  out.u8(1);
  out.c_string("id");
  out.u32(23);
  out.u32(0xFFFFFFFF);
  out.u8(0);
  out.c_string("amount");
  out.u32(1700);
  out.u32(786438);
  return out.take();
}

inline std::string type_frame() {
  ByteWriter out;
  out.u8('Y');
  out.u32(16390);
  out.c_string("public");
  out.c_string("mood");
  return out.take();
}

inline std::string insert_frame() {
  ByteWriter out;
  out.u8('I');
  out.u32(16400);
  out.u8('N');
  put_tuple(out);
  return out.take();
}

// `old` is 'K', 'O', or 0 for an update without an old tuple.
inline std::string update_frame(char old) {
  ByteWriter out;
  out.u8('U');
  out.u32(16400);
  if (old != 0) {
    out.u8(static_cast<std::uint8_t>(old));
    put_key_tuple(out);
  }
  out.u8('N');
  put_tuple(out);
  return out.take();
}

inline std::string delete_frame(char old) {
  ByteWriter out;
  out.u8('D');
  out.u32(16400);
  out.u8(static_cast<std::uint8_t>(old));
  put_key_tuple(out);
  return out.take();
}

inline std::string truncate_frame(std::uint8_t options) {
  ByteWriter out;
  out.u8('T');
  out.u32(2);
  out.u8(options);
  out.u32(16400);
  out.u32(16500);
  return out.take();
}

inline std::string message_frame() {
  ByteWriter out;
  out.u8('M');
  out.u8(1);
  out.u64(0x16B374D848);
  out.c_string("prefix");
  out.u32(5);
  out.bytes(std::string_view("a\0b\0c", 5));
  return out.take();
}

// Returns the frame as it is in a streamed block of (sub)transaction 733.
inline std::string in_block(const std::string& frame) {
  return frame.substr(0, 1) + std::string("\0\0\x02\xDD", 4) + frame.substr(1);
}

inline std::string stream_start_frame() {
  return {"S\0\0\x02\xDB\1", 6};
}

inline std::string stream_stop_frame() {
  return "E";
}

inline std::string stream_commit_frame() {
  ByteWriter out;
  out.u8('c');
  out.u32(731);
  out.u8(0);
  out.u64(0x16B374D848);
  out.u64(0x16B374D878);
  out.u64(1'000'000);
  return out.take();
}

inline std::string stream_abort_frame() {
  return {"A\0\0\x02\xDB\0\0\x02\xDD", 9};
}

// As it is sent with streaming 'parallel'.
inline std::string parallel_abort_frame() {
  ByteWriter out;
  out.bytes(stream_abort_frame());
  out.u64(0x16B374D848);
  out.u64(2'000'000);
  return out.take();
}

inline std::string begin_prepare_frame() {
  ByteWriter out;
  out.u8('b');
  out.u64(0x16B374D848);
  out.u64(0x16B374D878);
  out.u64(1'000'000);
  out.u32(731);
  out.c_string("a gid");
  return out.take();
}

// Prepare, Commit Prepared and Stream Prepare.
inline std::string prepared_frame(char kind) {
  ByteWriter out;
  out.u8(static_cast<std::uint8_t>(kind));
  out.u8(0);
  out.bytes(begin_prepare_frame().substr(1));
  return out.take();
}

inline std::string rollback_prepared_frame() {
  ByteWriter out;
  out.u8('r');
  out.u8(0);
  out.u64(0x16B374D848);
  out.u64(0x16B374D878);
  out.u64(1'000'000);
  out.u64(2'000'000);
  out.u32(731);
  out.c_string("a gid");
  return out.take();
}

// The frames that may be in a streamed block, where they carry an xid.
inline std::vector<NamedFrame> frames_of_blocks() {
  return {{"Relation", relation_frame()},  {"Type", type_frame()},        {"Insert", insert_frame()},
          {"Update", update_frame('\0')},  {"Update", update_frame('K')}, {"Update", update_frame('O')},
          {"Delete", delete_frame('K')},   {"Delete", delete_frame('O')}, {"Truncate", truncate_frame(0)},
          {"Truncate", truncate_frame(3)}, {"Message", message_frame()}};
}

inline std::vector<NamedFrame> all_frames() {
  std::vector<NamedFrame> all = {{"Begin", begin_frame()},
                                 {"Commit", commit_frame()},
                                 {"Origin", origin_frame()},
                                 {"Origin", origin_frame(), version_4_block},
                                 {"Stream Start", stream_start_frame(), version_4},
                                 {"Stream Stop", stream_stop_frame(), version_4_block},
                                 {"Stream Commit", stream_commit_frame(), version_4},
                                 {"Stream Abort", stream_abort_frame(), version_4},
                                 {"Stream Abort", parallel_abort_frame(), version_4_parallel},
                                 {"Begin Prepare", begin_prepare_frame(), version_4},
                                 {"Prepare", prepared_frame('P'), version_4},
                                 {"Commit Prepared", prepared_frame('K'), version_4},
                                 {"Rollback Prepared", rollback_prepared_frame(), version_4},
                                 {"Stream Prepare", prepared_frame('p'), version_4}};
  for (const auto& frame : frames_of_blocks()) {
    all.push_back(frame);
    all.push_back({frame.name, in_block(frame.bytes), version_4_block});
  }
  return all;
}

}  // namespace walbrook::postgres
