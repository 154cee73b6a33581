// Frames of every message kind, built by hand from the protocol's description: not by an encoder, so that no mistake is
// made twice.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace walbrook::pgoutput {

struct NamedFrame {
  std::string name;
  std::string bytes;
};

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

// `old` is 'K', 'O' or 0 for an update without an old tuple.
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

inline std::vector<NamedFrame> all_frames() {
  return {{"Begin", begin_frame()},        {"Commit", commit_frame()},    {"Origin", origin_frame()},
          {"Relation", relation_frame()},  {"Type", type_frame()},        {"Insert", insert_frame()},
          {"Update", update_frame('\0')},  {"Update", update_frame('K')}, {"Update", update_frame('O')},
          {"Delete", delete_frame('K')},   {"Delete", delete_frame('O')}, {"Truncate", truncate_frame(0)},
          {"Truncate", truncate_frame(3)}, {"Message", message_frame()}};
}

}  // namespace walbrook::pgoutput
