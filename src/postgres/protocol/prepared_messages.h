// The messages of two-phase commit, since version 3. None of them has a defined flag.
//
// The functions read and write what follows a message's kind byte, for decoder.cpp and encoder.cpp. The reader and the
// writer of a message are defined next to each other. Fields are in the order of PostgreSQL's
// src/backend/replication/logical/proto.c.
#pragma once

#include "postgres/protocol/frame.h"

namespace walbrook::postgres {

[[nodiscard]] Decoded<Message> read_begin_prepare(FrameReader& frame);
[[nodiscard]] Decoded<Message> read_prepare(FrameReader& frame);
[[nodiscard]] Decoded<Message> read_commit_prepared(FrameReader& frame);
[[nodiscard]] Decoded<Message> read_rollback_prepared(FrameReader& frame);
[[nodiscard]] Decoded<Message> read_stream_prepare(FrameReader& frame);
void write(FrameWriter& frame, const BeginPrepare& begin);
void write(FrameWriter& frame, const Prepare& prepare);
void write(FrameWriter& frame, const CommitPrepared& commit);
void write(FrameWriter& frame, const RollbackPrepared& rollback);
void write(FrameWriter& frame, const StreamPrepare& prepare);

}  // namespace walbrook::postgres
