// The messages that describe tables and their types: Relation and Type.
//
// The functions read and write what follows a message's kind byte, for decoder.cpp and encoder.cpp. The reader and the
// writer of a message are defined next to each other. Fields are in the order of PostgreSQL's
// src/backend/replication/logical/proto.c.
#pragma once

#include "postgres/protocol/frame.h"

namespace walbrook::postgres {

[[nodiscard]] Decoded<Message> read_relation(FrameReader& frame);
[[nodiscard]] Decoded<Message> read_type(FrameReader& frame);
void write(FrameWriter& frame, const Relation& relation);
void write(FrameWriter& frame, const Type& type);

}  // namespace walbrook::postgres
