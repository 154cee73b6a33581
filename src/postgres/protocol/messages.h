// Reading and writing of each message behind its kind byte, for decoder.cpp and encoder.cpp. The two of one message
// stand together, a file for each family. Fields are in the order of PostgreSQL's
// src/backend/replication/logical/proto.c.
#pragma once

#include "postgres/protocol/frame.h"

namespace walbrook::postgres {

// transaction_messages.cpp
[[nodiscard]] Decoded<Message> read_begin(FrameReader& frame);
[[nodiscard]] Decoded<Message> read_commit(FrameReader& frame);
[[nodiscard]] Decoded<Message> read_origin(FrameReader& frame);
[[nodiscard]] Decoded<Message> read_logical_message(FrameReader& frame);
void write(FrameWriter& frame, const Begin& begin);
void write(FrameWriter& frame, const Commit& commit);
void write(FrameWriter& frame, const Origin& origin);
void write(FrameWriter& frame, const LogicalMessage& message);

// relation_messages.cpp
[[nodiscard]] Decoded<Message> read_relation(FrameReader& frame);
[[nodiscard]] Decoded<Message> read_type(FrameReader& frame);
void write(FrameWriter& frame, const Relation& relation);
void write(FrameWriter& frame, const Type& type);

// row_messages.cpp
[[nodiscard]] Decoded<Message> read_insert(FrameReader& frame);
[[nodiscard]] Decoded<Message> read_update(FrameReader& frame);
[[nodiscard]] Decoded<Message> read_delete(FrameReader& frame);
[[nodiscard]] Decoded<Message> read_truncate(FrameReader& frame);
void write(FrameWriter& frame, const Insert& insert);
void write(FrameWriter& frame, const Update& update);
void write(FrameWriter& frame, const Delete& deletion);
void write(FrameWriter& frame, const Truncate& truncate);

// stream_messages.cpp
[[nodiscard]] Decoded<Message> read_stream_start(FrameReader& frame);
[[nodiscard]] Decoded<Message> read_stream_stop(FrameReader& frame);
[[nodiscard]] Decoded<Message> read_stream_commit(FrameReader& frame);
[[nodiscard]] Decoded<Message> read_stream_abort(FrameReader& frame);
void write(FrameWriter& frame, const StreamStart& start);
void write(FrameWriter& frame, const StreamStop& stop);
void write(FrameWriter& frame, const StreamCommit& commit);
void write(FrameWriter& frame, const StreamAbort& abort);

// prepared_messages.cpp
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
