#include "postgres/protocol/stream_messages.h"

namespace walbrook::postgres {

// Stream Start: 'S' xid:u32 first_segment:u8
Decoded<Message> read_stream_start(FrameReader& frame) {
  StreamStart start{};
  start.xid = frame.streamed_xid();
  start.first_segment = frame.flags(1, "mark of a first segment") == 1;
  return whole(frame, start);
}
void write(FrameWriter& frame, const StreamStart& start) {
  frame.out.u32(start.xid);
  frame.out.u8(start.first_segment ? 1 : 0);
}

// Stream Stop: 'E'
Decoded<Message> read_stream_stop(FrameReader& frame) {
  return whole(frame, StreamStop{});
}
void write(FrameWriter& /*frame*/, const StreamStop& /*stop*/) {}

// Stream Commit: 'c' xid:u32 flags:u8 commit_lsn:u64 end_lsn:u64 commit_time:i64        No flag is defined.
Decoded<Message> read_stream_commit(FrameReader& frame) {
  StreamCommit commit{};
  commit.xid = frame.streamed_xid();
  commit.flags = frame.flags(0);
  commit.commit_lsn = frame.lsn();
  commit.end_lsn = frame.lsn();
  commit.commit_time = frame.time("commit");
  return whole(frame, commit);
}
void write(FrameWriter& frame, const StreamCommit& commit) {
  frame.out.u32(commit.xid);
  frame.out.u8(commit.flags);
  frame.lsn(commit.commit_lsn);
  frame.lsn(commit.end_lsn);
  frame.time(commit.commit_time);
}

// Stream Abort: 'A' xid:u32 subxid:u32 [abort_lsn:u64 abort_time:i64]
// The last two fields depend on streaming 'parallel', not on the protocol's version.
Decoded<Message> read_stream_abort(FrameReader& frame) {
  StreamAbort abort{};
  abort.xid = frame.streamed_xid();
  abort.subxid = frame.streamed_xid();
  if (frame.wire.parallel_streaming) {
    abort.abort_lsn = frame.lsn();
    abort.abort_time = frame.time("abort");
  }
  return whole(frame, abort);
}
void write(FrameWriter& frame, const StreamAbort& abort) {
  frame.out.u32(abort.xid);
  frame.out.u32(abort.subxid);
  if (frame.wire.parallel_streaming) {
    frame.lsn(abort.abort_lsn);
    frame.time(abort.abort_time);
  }
}

}  // namespace walbrook::postgres
