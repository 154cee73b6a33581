// The messages that report changes of rows: Insert, Update, Delete, Truncate.
//
// The functions read and write what follows a message's kind byte, for decoder.cpp and encoder.cpp. The reader and the
// writer of a message are defined next to each other. Fields are in the order of PostgreSQL's
// src/backend/replication/logical/proto.c.
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
