// Blocks of transactions that are sent before they end, and how such a transaction ends. Since version 2.
//
// Reading and writing of each message behind its kind byte, the two of one message together, for decoder.cpp and
// encoder.cpp. Fields are in the order of PostgreSQL's src/backend/replication/logical/proto.c.
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
