// Bytes to message views. Pure: never reads past the frame, never asserts on input, and a frame with bytes left over is
// as wrong as one that is cut short.
#pragma once

#include "postgres/protocol/message.h"

namespace walbrook::postgres {

// `frame`: what one XLogData carries behind its header. Borrowed by the result. `wire`: what was asked for in
// START_REPLICATION, and whether the frame stands in a streamed block.
[[nodiscard]] Decoded<Message> decode(std::string_view frame, const Wire& wire = {});

}  // namespace walbrook::postgres
