// Decodes bytes into message views. Decoding is pure: it never reads past the frame and never asserts on input. A frame
// with bytes left over is as wrong as one that is cut short.
#pragma once

#include "postgres/protocol/message.h"

namespace walbrook::postgres {

// `frame`: what one XLogData carries after its header; the result borrows it. `wire`: what START_REPLICATION requested,
// and whether the frame is in a streamed block.
[[nodiscard]] Decoded<Message> decode(std::string_view frame, const Wire& wire = {});

}  // namespace walbrook::postgres
