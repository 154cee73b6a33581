#include "postgres/protocol/decoder.h"

#include "postgres/protocol/prepared_messages.h"
#include "postgres/protocol/relation_messages.h"
#include "postgres/protocol/row_messages.h"
#include "postgres/protocol/stream_messages.h"
#include "postgres/protocol/transaction_messages.h"

namespace walbrook::postgres {
namespace {

using Reader = Decoded<Message> (*)(FrameReader&);

// The readers are in the order of Message's alternatives, like message_kinds.
constexpr std::array<Reader, message_kinds.size()> readers = {read_begin,
                                                              read_commit,
                                                              read_origin,
                                                              read_relation,
                                                              read_type,
                                                              read_insert,
                                                              read_update,
                                                              read_delete,
                                                              read_truncate,
                                                              read_logical_message,
                                                              read_stream_start,
                                                              read_stream_stop,
                                                              read_stream_commit,
                                                              read_stream_abort,
                                                              read_begin_prepare,
                                                              read_prepare,
                                                              read_commit_prepared,
                                                              read_rollback_prepared,
                                                              read_stream_prepare};

constexpr std::uint8_t no_kind = 0xFF;
constexpr auto kind_by_byte = [] {
  std::array<std::uint8_t, 256> kinds{};
  for (auto& kind : kinds) kind = no_kind;
  for (std::size_t i = 0; i < message_kinds.size(); ++i) {
    kinds[static_cast<unsigned char>(message_kinds[i].byte)] = static_cast<std::uint8_t>(i);
  }
  return kinds;
}();

}  // namespace

Decoded<Message> decode(std::string_view bytes, const Wire& wire) {
  FrameReader frame{.name = "pgoutput", .bytes = bytes, .wire = wire, .in = ByteReader(bytes)};
  if (bytes.empty()) return wrong_at(0, frame, "an empty frame");
  const auto byte = frame.in.u8();
  const auto index = kind_by_byte[byte];
  if (index == no_kind) return wrong_at(0, frame, fmt::format("unknown message kind 0x{:02x}", byte));
  const auto& kind = message_kinds[index];
  if (kind.protocol > wire.protocol) {
    return wrong_at(0, frame,
                    fmt::format("a {} message (0x{:02x}) belongs to protocol version {}, this stream has version {}",
                                kind.name, byte, kind.protocol, wire.protocol));
  }
  frame.name = kind.name;
  return readers[index](frame);
}

}  // namespace walbrook::postgres
