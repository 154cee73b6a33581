#include "postgres/protocol/relation_messages.h"

namespace walbrook::postgres {

// Relation: 'R' [xid:u32] oid:u32 schema:string name:string identity:u8
//               columns:i16 { flags:u8 name:string type:u32 typmod:i32 }*               1 part of the key.
Decoded<Message> read_relation(FrameReader& frame) {
  ByteReader& in = frame.in;
  Relation relation{};
  relation.xid = frame.block_xid();
  relation.oid = in.u32();
  relation.schema = in.c_string();
  relation.name = in.c_string();
  const auto identity_at = in.offset();
  relation.identity = static_cast<char>(in.u8());
  const auto count_at = in.offset();
  const int count = in.i16();
  if (in.failed() || frame.wrong) return whole(frame, std::move(relation));
  if (std::string_view("dnfi").find(relation.identity) == std::string_view::npos) {
    return wrong_at(identity_at, frame,
                    fmt::format("unknown replica identity 0x{:02x}", static_cast<unsigned char>(relation.identity)));
  }
  if (count < 0) return wrong_at(count_at, frame, fmt::format("{} columns", count));
  relation.columns.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    const auto flags_at = in.offset();
    const auto flags = in.u8();
    if (flags > 1) {
      return wrong_at(flags_at, frame, fmt::format("column {} of {} has unknown flags 0x{:02x}", i + 1, count, flags));
    }
    const auto name = in.c_string();
    const Oid type = in.u32();
    const auto typmod = in.i32();
    if (in.failed()) {
      return wrong_at(in.offset(), frame,
                      fmt::format("{} columns are named, the frame ends in column {}", count, i + 1));
    }
    relation.columns.push_back({.in_key = flags == 1, .name = name, .type_oid = type, .typmod = typmod});
  }
  return whole(frame, std::move(relation));
}
void write(FrameWriter& frame, const Relation& relation) {
  ByteWriter& out = frame.out;
  frame.block_xid(relation.xid);
  out.u32(relation.oid);
  out.c_string(relation.schema);
  out.c_string(relation.name);
  out.u8(static_cast<std::uint8_t>(relation.identity));
  out.u16(static_cast<std::uint16_t>(relation.columns.size()));
  for (const auto& column : relation.columns) {
    out.u8(column.in_key ? 1 : 0);
    out.c_string(column.name);
    out.u32(column.type_oid);
    out.u32(static_cast<std::uint32_t>(column.typmod));
  }
}

// Type: 'Y' [xid:u32] oid:u32 schema:string name:string               Of a domain: its own OID, its base type's name.
Decoded<Message> read_type(FrameReader& frame) {
  Type type{};
  type.xid = frame.block_xid();
  type.oid = frame.in.u32();
  type.schema = frame.in.c_string();
  type.name = frame.in.c_string();
  return whole(frame, type);
}
void write(FrameWriter& frame, const Type& type) {
  frame.block_xid(type.xid);
  frame.out.u32(type.oid);
  frame.out.c_string(type.schema);
  frame.out.c_string(type.name);
}

}  // namespace walbrook::postgres
