// What frames a transaction, and what is said beside its rows: Begin, Commit, Origin, Message.
//
// Reading and writing of each message behind its kind byte, the two of one message together, for decoder.cpp and
// encoder.cpp. Fields are in the order of PostgreSQL's src/backend/replication/logical/proto.c.
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
