#include "pgoutput/decoder.h"

#include <fmt/format.h>

#include <limits>
#include <optional>
#include <utility>

namespace walbrook::pgoutput {
namespace {

// The frame that is being read: what every reader below needs, and what an error says of it.
struct Frame {
  std::string_view name;  // of the message's kind, for errors
  std::string_view bytes;
  ByteReader in;
};

Unexpected<DecodeError> wrong_at(std::size_t offset, const Frame& frame, std::string_view what) {
  return Unexpected{DecodeError{offset, fmt::format("{}: {}", frame.name, what)}};
}

// Behind the last field: the message, unless the frame was too short or too long for it. Reads of a frame that is too
// short give zeros, so `message` is looked at only here.
template <class T>
Decoded<Message> whole(const Frame& frame, T&& message) {
  if (frame.in.failed()) {
    return wrong_at(frame.in.offset(), frame,
                    fmt::format("the frame of {} bytes ends before the message does", frame.bytes.size()));
  }
  if (!frame.in.at_end()) {
    return wrong_at(frame.in.offset(), frame, fmt::format("{} bytes are left over", frame.in.remaining()));
  }
  return Message(std::forward<T>(message));
}

Lsn read_lsn(ByteReader& in) {
  return Lsn{in.u64()};
}

// Int64, microseconds since 2000. False when it is no time that can be counted from 1970.
bool read_timestamp(ByteReader& in, Timestamp& out) {
  return !__builtin_add_overflow(in.i64(), postgres_epoch_us, &out);
}

// Begin: 'B' final_lsn:u64 commit_time:i64 xid:u32
Decoded<Message> read_begin(Frame& frame) {
  Begin begin{};
  begin.final_lsn = read_lsn(frame.in);
  const auto at = frame.in.offset();
  if (!read_timestamp(frame.in, begin.commit_time)) return wrong_at(at, frame, "the commit time is out of range");
  begin.xid = frame.in.u32();
  return whole(frame, begin);
}

// Commit: 'C' flags:u8 commit_lsn:u64 end_lsn:u64 commit_time:i64                       No flag is defined.
Decoded<Message> read_commit(Frame& frame) {
  Commit commit{};
  commit.flags = frame.in.u8();
  if (commit.flags != 0) return wrong_at(1, frame, fmt::format("unknown flags 0x{:02x}", commit.flags));
  commit.commit_lsn = read_lsn(frame.in);
  commit.end_lsn = read_lsn(frame.in);
  const auto at = frame.in.offset();
  if (!read_timestamp(frame.in, commit.commit_time)) return wrong_at(at, frame, "the commit time is out of range");
  return whole(frame, commit);
}

// Origin: 'O' commit_lsn:u64 name:string
Decoded<Message> read_origin(Frame& frame) {
  Origin origin{};
  origin.commit_lsn = read_lsn(frame.in);
  origin.name = frame.in.c_string();
  return whole(frame, origin);
}

// Relation: 'R' oid:u32 schema:string name:string identity:u8 columns:i16 { flags:u8 name:string type:u32 typmod:i32 }*
// The one flag of a column is 1, part of the key.
Decoded<Message> read_relation(Frame& frame) {
  ByteReader& in = frame.in;
  Relation relation{};
  relation.oid = in.u32();
  relation.schema = in.c_string();
  relation.name = in.c_string();
  const auto identity_at = in.offset();
  relation.identity = static_cast<char>(in.u8());
  const auto count_at = in.offset();
  const int count = in.i16();
  if (in.failed()) return whole(frame, std::move(relation));
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

// Type: 'Y' oid:u32 schema:string name:string
Decoded<Message> read_type(Frame& frame) {
  Type type{};
  type.oid = frame.in.u32();
  type.schema = frame.in.c_string();
  type.name = frame.in.c_string();
  return whole(frame, type);
}

// TupleData: columns:i16 { 'n' | 'u' | ('t'|'b') length:i32 bytes }*
// Walks it to its end, so that a Cursor over it cannot fail later.
std::optional<Unexpected<DecodeError>> read_tuple(Frame& frame, Tuple& tuple) {
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
                    fmt::format("the tuple says {} columns, the frame ends in column {}", count, i + 1));
  }
  tuple = Tuple(static_cast<std::uint16_t>(count), frame.bytes.substr(begin, in.offset() - begin));
  return std::nullopt;
}

Unexpected<DecodeError> unexpected_tuple(const Frame& frame, std::uint8_t kind, std::string_view wanted) {
  if (frame.in.failed()) return wrong_at(frame.in.offset(), frame, "the frame ends where a tuple should begin");
  return wrong_at(frame.in.offset() - 1, frame, fmt::format("0x{:02x} where {} should stand", kind, wanted));
}

// Insert: 'I' relation:u32 'N' TupleData
Decoded<Message> read_insert(Frame& frame) {
  Insert insert{};
  insert.relation = frame.in.u32();
  if (const auto kind = frame.in.u8(); kind != 'N') return unexpected_tuple(frame, kind, "'N'");
  if (const auto failed = read_tuple(frame, insert.after)) return *failed;
  return whole(frame, insert);
}

// Update: 'U' relation:u32 [('K'|'O') TupleData] 'N' TupleData
// K: the key changed, or is stored out of line; only the replica identity's columns are sent, the others arrive as 'n'
// and mean "not sent". O: REPLICA IDENTITY FULL, the whole old row.
Decoded<Message> read_update(Frame& frame) {
  Update update{};
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

// Delete: 'D' relation:u32 ('K'|'O') TupleData                                          K and O as in Update.
Decoded<Message> read_delete(Frame& frame) {
  Delete deletion{};
  deletion.relation = frame.in.u32();
  const auto kind = frame.in.u8();
  if (kind != 'K' && kind != 'O') return unexpected_tuple(frame, kind, "'K' or 'O'");
  deletion.old_kind = static_cast<OldTuple>(kind);
  if (const auto failed = read_tuple(frame, deletion.before)) return *failed;
  return whole(frame, deletion);
}

// Truncate: 'T' relations:i32 options:u8 { relation:u32 }*                              1 CASCADE, 2 RESTART IDENTITY.
Decoded<Message> read_truncate(Frame& frame) {
  ByteReader& in = frame.in;
  Truncate truncate{};
  const auto count = in.u32();
  const auto options = in.u8();
  if (in.failed()) return whole(frame, std::move(truncate));
  if ((options & ~3U) != 0) return wrong_at(5, frame, fmt::format("unknown options 0x{:02x}", options));
  truncate.cascade = (options & 1U) != 0;
  truncate.restart_identity = (options & 2U) != 0;
  if (count > in.remaining() / 4) {  // said before anything is allocated for them
    return wrong_at(1, frame,
                    fmt::format("{} relations are said, the frame has room for {}", count, in.remaining() / 4));
  }
  truncate.relations.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) truncate.relations.push_back(in.u32());
  return whole(frame, std::move(truncate));
}

// Message: 'M' flags:u8 lsn:u64 prefix:string length:i32 content                        1 transactional.
Decoded<Message> read_logical_message(Frame& frame) {
  ByteReader& in = frame.in;
  LogicalMessage message{};
  const auto flags = in.u8();
  if (flags > 1) return wrong_at(1, frame, fmt::format("unknown flags 0x{:02x}", flags));
  message.transactional = flags == 1;
  message.lsn = read_lsn(in);
  message.prefix = in.c_string();
  const auto length_at = in.offset();
  const auto length = in.i32();
  if (length < 0) return wrong_at(length_at, frame, fmt::format("a content of {} bytes", length));
  message.content = in.bytes(static_cast<std::size_t>(length));
  return whole(frame, message);
}

}  // namespace

Decoded<Message> decode(std::string_view bytes, const Wire& /*wire*/) {
  Frame frame{"pgoutput", bytes, ByteReader(bytes)};
  if (bytes.empty()) return wrong_at(0, frame, "an empty frame");
  const auto read = [&frame](std::string_view name, Decoded<Message> (*reader)(Frame&)) {
    frame.name = name;
    return reader(frame);
  };
  switch (const auto kind = frame.in.u8()) {
    case 'B':
      return read("Begin", read_begin);
    case 'C':
      return read("Commit", read_commit);
    case 'D':
      return read("Delete", read_delete);
    case 'I':
      return read("Insert", read_insert);
    case 'M':
      return read("Message", read_logical_message);
    case 'O':
      return read("Origin", read_origin);
    case 'R':
      return read("Relation", read_relation);
    case 'T':
      return read("Truncate", read_truncate);
    case 'U':
      return read("Update", read_update);
    case 'Y':
      return read("Type", read_type);
    default:
      return wrong_at(0, frame, fmt::format("unknown message kind 0x{:02x}; this reads protocol version 1", kind));
  }
}

}  // namespace walbrook::pgoutput
