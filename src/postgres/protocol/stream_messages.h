// The messages of transactions that are sent before they end: their blocks and their endings. Since version 2.
//
// The functions read and write what follows a message's kind byte, for decoder.cpp and encoder.cpp. The reader and the
// writer of a message are defined next to each other. Fields are in the order of PostgreSQL's
// src/backend/replication/logical/proto.c.
#pragma once

#include "postgres/protocol/frame.h"

namespace walbrook::postgres {

[[nodiscard]] Decoded<Message> read_stream_start(FrameReader& frame);
[[nodiscard]] Decoded<Message> read_stream_stop(FrameReader& frame);
[[nodiscard]] Decoded<Message> read_stream_commit(FrameReader& frame);
[[nodiscard]] Decoded<Message> read_stream_abort(FrameReader& frame);
void write(FrameWriter& frame, const StreamStart& start);
void write(FrameWriter& frame, const StreamStop& stop);
void write(FrameWriter& frame, const StreamCommit& commit);
void write(FrameWriter& frame, const StreamAbort& abort);

}  // namespace walbrook::postgres
