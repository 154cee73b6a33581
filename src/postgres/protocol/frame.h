// One frame while it is read or written. The readers and writers of all messages (*_messages.h) share it.
#pragma once

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "postgres/protocol/message.h"

namespace walbrook::postgres {

// Reads past the frame's end return zeros, and the first wrong field is kept. `whole` checks both once, at the end.
struct FrameReader {
  std::string_view name;  // of the message's kind, for errors
  std::string_view bytes;
  const Wire& wire;
  ByteReader in;
  std::optional<DecodeError> wrong = std::nullopt;

  void complain(std::size_t offset, std::string_view what) {
    if (!wrong && !in.failed()) wrong = DecodeError{offset, fmt::format("{}: {}", name, what)};
  }

  Lsn lsn() { return Lsn{in.u64()}; }
  // Reads an Int64 that counts microseconds since 2000-01-01.
  Timestamp time(std::string_view what) {
    const auto at = in.offset();
    Timestamp since_1970 = 0;
    if (__builtin_add_overflow(in.i64(), postgres_epoch_us, &since_1970)) {
      complain(at, fmt::format("the {} time is out of range", what));
    }
    return since_1970;
  }
  // Reads the xid of a streamed transaction. PostgreSQL too treats 0 as an error here.
  std::uint32_t streamed_xid() {
    const auto at = in.offset();
    const auto xid = in.u32();
    if (xid == 0) complain(at, "a streamed transaction's xid is 0");
    return xid;
  }
  // Reads the xid with which messages begin in a streamed block, and nowhere else.
  std::uint32_t block_xid() { return wire.in_stream ? streamed_xid() : 0; }
  // Reads flags, of which those in `known` are defined.
  std::uint8_t flags(unsigned known, std::string_view what = "flags") {
    const auto at = in.offset();
    const auto flags = in.u8();
    if ((flags & ~known) != 0) complain(at, fmt::format("unknown {} 0x{:02x}", what, flags));
    return flags;
  }
};

[[nodiscard]] inline Unexpected<DecodeError> wrong_at(std::size_t offset, const FrameReader& frame,
                                                      std::string_view what) {
  return Unexpected{DecodeError{offset, fmt::format("{}: {}", frame.name, what)}};
}

// Returns the message once its last field was read, unless a field was wrong or the frame is too short or too long.
template <class T>
Decoded<Message> whole(FrameReader& frame, T&& message) {
  if (frame.wrong) return Unexpected{*std::move(frame.wrong)};
  if (frame.in.failed()) {
    return wrong_at(frame.in.offset(), frame,
                    fmt::format("the frame of {} bytes ends before the message does", frame.bytes.size()));
  }
  if (!frame.in.at_end()) {
    return wrong_at(frame.in.offset(), frame, fmt::format("{} bytes are left over", frame.in.remaining()));
  }
  return Message(std::forward<T>(message));
}

struct FrameWriter {
  const Wire& wire;
  ByteWriter out = {};

  void lsn(Lsn lsn) { out.u64(lsn.value); }
  void time(Timestamp time) {
    out.u64(static_cast<std::uint64_t>(time) - static_cast<std::uint64_t>(postgres_epoch_us));
  }
  void block_xid(std::uint32_t xid) {
    if (wire.in_stream) out.u32(xid);
  }
};

}  // namespace walbrook::postgres
