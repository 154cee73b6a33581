// What happened to rows: Insert, Update, Delete, Truncate.
//
// Reading and writing of each message behind its kind byte, the two of one message together, for decoder.cpp and
// encoder.cpp. Fields are in the order of PostgreSQL's src/backend/replication/logical/proto.c.
#pragma once

#include "postgres/protocol/frame.h"

namespace walbrook::postgres {

[[nodiscard]] Decoded<Message> read_insert(FrameReader& frame);
[[nodiscard]] Decoded<Message> read_update(FrameReader& frame);
[[nodiscard]] Decoded<Message> read_delete(FrameReader& frame);
[[nodiscard]] Decoded<Message> read_truncate(FrameReader& frame);
void write(FrameWriter& frame, const Insert& insert);
void write(FrameWriter& frame, const Update& update);
void write(FrameWriter& frame, const Delete& deletion);
void write(FrameWriter& frame, const Truncate& truncate);

}  // namespace walbrook::postgres
