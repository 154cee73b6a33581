#include "postgres/protocol/row_messages.h"

namespace walbrook::postgres {
namespace {

// TupleData: columns:i16 { 'n' | 'u' | ('t'|'b') length:i32 bytes }*
// The function walks the tuple to its end, so that a Cursor over it cannot fail later.
std::optional<Unexpected<DecodeError>> read_tuple(FrameReader& frame, Tuple& tuple) {
  ByteReader& in = frame.in;
  const auto count_at = in.offset();
  const int count = in.i16();
  if (in.failed()) return wrong_at(in.offset(), frame, "the frame ends where a tuple should begin");
  if (count < 0) return wrong_at(count_at, frame, fmt::format("a tuple of {} columns", count));
  const auto begin = in.offset();
  for (int i = 0; i < count; ++i) {
    const auto kind_at = in.offset();
    switch (const auto kind = in.u8()) {
      case 'n':
      case 'u':
        continue;
      case 't':
      case 'b': {
        const auto length = in.i32();
        if (length < 0) {
          return wrong_at(kind_at + 1, frame, fmt::format("column {} of {} has the length {}", i + 1, count, length));
        }
        in.bytes(static_cast<std::size_t>(length));
        if (!in.failed()) continue;
        break;
      }
      default:
        if (in.failed()) break;
        return wrong_at(kind_at, frame,
                        fmt::format("column {} of {} is of the unknown kind 0x{:02x}", i + 1, count, kind));
    }
    return wrong_at(in.offset(), frame,
                    fmt::format("the tuple has {} columns, the frame ends in column {}", count, i + 1));
  }
  tuple = Tuple(static_cast<std::uint16_t>(count), frame.bytes.substr(begin, in.offset() - begin));
  return std::nullopt;
}
void write_tuple(ByteWriter& out, char kind, const Tuple& tuple) {
  out.u8(static_cast<std::uint8_t>(kind));
  out.u16(tuple.size());
  out.bytes(tuple.bytes());
}

Unexpected<DecodeError> unexpected_tuple(const FrameReader& frame, std::uint8_t kind, std::string_view wanted) {
  if (frame.wrong) return Unexpected{*frame.wrong};
  if (frame.in.failed()) return wrong_at(frame.in.offset(), frame, "the frame ends where a tuple should begin");
  return wrong_at(frame.in.offset() - 1, frame, fmt::format("0x{:02x} in the place of {}", kind, wanted));
}

}  // namespace

// Insert: 'I' [xid:u32] relation:u32 'N' TupleData
Decoded<Message> read_insert(FrameReader& frame) {
  Insert insert{};
  insert.xid = frame.block_xid();
  insert.relation = frame.in.u32();
  if (const auto kind = frame.in.u8(); kind != 'N') return unexpected_tuple(frame, kind, "'N'");
  if (const auto failed = read_tuple(frame, insert.after)) return *failed;
  return whole(frame, insert);
}
void write(FrameWriter& frame, const Insert& insert) {
  frame.block_xid(insert.xid);
  frame.out.u32(insert.relation);
  write_tuple(frame.out, 'N', insert.after);
}

// Update: 'U' [xid:u32] relation:u32 [('K'|'O') TupleData] 'N' TupleData
// K: the key changed or is stored out of line. Only the replica identity's columns are sent; the others arrive as 'n'
// and mean "not sent". O: REPLICA IDENTITY FULL sends the whole old row.
Decoded<Message> read_update(FrameReader& frame) {
  Update update{};
  update.xid = frame.block_xid();
  update.relation = frame.in.u32();
  auto kind = frame.in.u8();
  if (kind == 'K' || kind == 'O') {
    update.old_kind = static_cast<OldTuple>(kind);
    if (const auto failed = read_tuple(frame, update.before)) return *failed;
    kind = frame.in.u8();
    if (kind != 'N') return unexpected_tuple(frame, kind, "'N'");
  }
  if (kind != 'N') return unexpected_tuple(frame, kind, "'K', 'O' or 'N'");
  if (const auto failed = read_tuple(frame, update.after)) return *failed;
  return whole(frame, update);
}
void write(FrameWriter& frame, const Update& update) {
  frame.block_xid(update.xid);
  frame.out.u32(update.relation);
  if (update.old_kind != OldTuple::none) write_tuple(frame.out, static_cast<char>(update.old_kind), update.before);
  write_tuple(frame.out, 'N', update.after);
}

// Delete: 'D' [xid:u32] relation:u32 ('K'|'O') TupleData                                K and O as in Update.
Decoded<Message> read_delete(FrameReader& frame) {
  Delete deletion{};
  deletion.xid = frame.block_xid();
  deletion.relation = frame.in.u32();
  const auto kind = frame.in.u8();
  if (kind != 'K' && kind != 'O') return unexpected_tuple(frame, kind, "'K' or 'O'");
  deletion.old_kind = static_cast<OldTuple>(kind);
  if (const auto failed = read_tuple(frame, deletion.before)) return *failed;
  return whole(frame, deletion);
}
void write(FrameWriter& frame, const Delete& deletion) {
  frame.block_xid(deletion.xid);
  frame.out.u32(deletion.relation);
  write_tuple(frame.out, static_cast<char>(deletion.old_kind), deletion.before);
}

// Truncate: 'T' [xid:u32] relations:i32 options:u8 { relation:u32 }*                    1 CASCADE, 2 RESTART IDENTITY.
Decoded<Message> read_truncate(FrameReader& frame) {
  ByteReader& in = frame.in;
  Truncate truncate{};
  truncate.xid = frame.block_xid();
  const auto count_at = in.offset();
  const auto count = in.u32();
  const auto options = frame.flags(3, "options");
  if (in.failed() || frame.wrong) return whole(frame, std::move(truncate));
  truncate.cascade = (options & 1U) != 0;
  truncate.restart_identity = (options & 2U) != 0;
  if (count > in.remaining() / 4) {  // checked before memory is allocated for them
    return wrong_at(count_at, frame,
                    fmt::format("{} relations are announced, the frame has room for {}", count, in.remaining() / 4));
  }
  truncate.relations.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) truncate.relations.push_back(in.u32());
  return whole(frame, std::move(truncate));
}
void write(FrameWriter& frame, const Truncate& truncate) {
  frame.block_xid(truncate.xid);
  frame.out.u32(static_cast<std::uint32_t>(truncate.relations.size()));
  frame.out.u8(static_cast<std::uint8_t>((truncate.cascade ? 1U : 0U) | (truncate.restart_identity ? 2U : 0U)));
  for (const Oid relation : truncate.relations) frame.out.u32(relation);
}

}  // namespace walbrook::postgres
