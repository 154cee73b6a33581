// The messages that enclose a transaction, and those that accompany its rows: Begin, Commit, Origin, Message.
//
// The functions read and write what follows a message's kind byte, for decoder.cpp and encoder.cpp. The reader and the
// writer of a message are defined next to each other. Fields are in the order of PostgreSQL's
// src/backend/replication/logical/proto.c.
#pragma once

#include "postgres/protocol/frame.h"

namespace walbrook::postgres {

[[nodiscard]] Decoded<Message> read_begin(FrameReader& frame);
[[nodiscard]] Decoded<Message> read_commit(FrameReader& frame);
[[nodiscard]] Decoded<Message> read_origin(FrameReader& frame);
[[nodiscard]] Decoded<Message> read_logical_message(FrameReader& frame);
void write(FrameWriter& frame, const Begin& begin);
void write(FrameWriter& frame, const Commit& commit);
void write(FrameWriter& frame, const Origin& origin);
void write(FrameWriter& frame, const LogicalMessage& message);

}  // namespace walbrook::postgres
