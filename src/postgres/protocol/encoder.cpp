#include "postgres/protocol/encoder.h"

#include "postgres/protocol/prepared_messages.h"
#include "postgres/protocol/relation_messages.h"
#include "postgres/protocol/row_messages.h"
#include "postgres/protocol/stream_messages.h"
#include "postgres/protocol/transaction_messages.h"

namespace walbrook::postgres {

std::string encode(const Message& message, const Wire& wire) {
  FrameWriter frame{.wire = wire};
  frame.out.u8(static_cast<std::uint8_t>(kind_of(message).byte));
  std::visit([&frame](const auto& each) { write(frame, each); }, message);
  return frame.out.take();
}

TupleBytes::TupleBytes(const std::vector<Cell>& cells) : size_(static_cast<std::uint16_t>(cells.size())) {
  ByteWriter out;
  for (const auto& cell : cells) {
    out.u8(static_cast<std::uint8_t>(cell.kind));
    if (cell.kind != CellKind::text && cell.kind != CellKind::binary) continue;
    out.u32(static_cast<std::uint32_t>(cell.bytes.size()));
    out.bytes(cell.bytes);
  }
  bytes_ = out.take();
}

}  // namespace walbrook::postgres
