// What rows look like: Relation and Type.
//
// Reading and writing of each message behind its kind byte, the two of one message together, for decoder.cpp and
// encoder.cpp. Fields are in the order of PostgreSQL's src/backend/replication/logical/proto.c.
#pragma once

#include "postgres/protocol/frame.h"

namespace walbrook::postgres {

[[nodiscard]] Decoded<Message> read_relation(FrameReader& frame);
[[nodiscard]] Decoded<Message> read_type(FrameReader& frame);
void write(FrameWriter& frame, const Relation& relation);
void write(FrameWriter& frame, const Type& type);

}  // namespace walbrook::postgres
