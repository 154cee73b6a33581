#include "postgres/protocol/prepared_messages.h"

namespace walbrook::postgres {
namespace {

// flags:u8 lsn:u64 end_lsn:u64 time:i64 xid:u32 gid:string          Shared by Prepare, Commit Prepared, Stream Prepare.
template <class Ending>
Decoded<Message> read_ending(FrameReader& frame, Lsn Ending::*lsn, Timestamp Ending::*time, std::string_view what) {
  Ending ending{};
  ending.flags = frame.flags(0);
  ending.*lsn = frame.lsn();
  ending.end_lsn = frame.lsn();
  ending.*time = frame.time(what);
  ending.xid = frame.in.u32();
  ending.gid = frame.in.c_string();
  return whole(frame, ending);
}
template <class Ending>
void write_ending(FrameWriter& frame, const Ending& ending, Lsn lsn, Timestamp time) {
  frame.out.u8(ending.flags);
  frame.lsn(lsn);
  frame.lsn(ending.end_lsn);
  frame.time(time);
  frame.out.u32(ending.xid);
  frame.out.c_string(ending.gid);
}

}  // namespace

// Begin Prepare: 'b' prepare_lsn:u64 end_lsn:u64 prepare_time:i64 xid:u32 gid:string
Decoded<Message> read_begin_prepare(FrameReader& frame) {
  BeginPrepare begin{};
  begin.prepare_lsn = frame.lsn();
  begin.end_lsn = frame.lsn();
  begin.prepare_time = frame.time("prepare");
  begin.xid = frame.in.u32();
  begin.gid = frame.in.c_string();
  return whole(frame, begin);
}
void write(FrameWriter& frame, const BeginPrepare& begin) {
  frame.lsn(begin.prepare_lsn);
  frame.lsn(begin.end_lsn);
  frame.time(begin.prepare_time);
  frame.out.u32(begin.xid);
  frame.out.c_string(begin.gid);
}

// Prepare: 'P' flags:u8 prepare_lsn:u64 end_lsn:u64 prepare_time:i64 xid:u32 gid:string
Decoded<Message> read_prepare(FrameReader& frame) {
  return read_ending(frame, &Prepare::prepare_lsn, &Prepare::prepare_time, "prepare");
}
void write(FrameWriter& frame, const Prepare& prepare) {
  write_ending(frame, prepare, prepare.prepare_lsn, prepare.prepare_time);
}

// Commit Prepared: 'K' flags:u8 commit_lsn:u64 end_lsn:u64 commit_time:i64 xid:u32 gid:string
Decoded<Message> read_commit_prepared(FrameReader& frame) {
  return read_ending(frame, &CommitPrepared::commit_lsn, &CommitPrepared::commit_time, "commit");
}
void write(FrameWriter& frame, const CommitPrepared& commit) {
  write_ending(frame, commit, commit.commit_lsn, commit.commit_time);
}

// Rollback Prepared: 'r' flags:u8 prepare_end_lsn:u64 rollback_end_lsn:u64 prepare_time:i64 rollback_time:i64
//                        xid:u32 gid:string
Decoded<Message> read_rollback_prepared(FrameReader& frame) {
  RollbackPrepared rollback{};
  rollback.flags = frame.flags(0);
  rollback.prepare_end_lsn = frame.lsn();
  rollback.rollback_end_lsn = frame.lsn();
  rollback.prepare_time = frame.time("prepare");
  rollback.rollback_time = frame.time("rollback");
  rollback.xid = frame.in.u32();
  rollback.gid = frame.in.c_string();
  return whole(frame, rollback);
}
void write(FrameWriter& frame, const RollbackPrepared& rollback) {
  frame.out.u8(rollback.flags);
  frame.lsn(rollback.prepare_end_lsn);
  frame.lsn(rollback.rollback_end_lsn);
  frame.time(rollback.prepare_time);
  frame.time(rollback.rollback_time);
  frame.out.u32(rollback.xid);
  frame.out.c_string(rollback.gid);
}

// Stream Prepare: 'p' flags:u8 prepare_lsn:u64 end_lsn:u64 prepare_time:i64 xid:u32 gid:string
// The transaction was streamed; its rows arrived in blocks before.
Decoded<Message> read_stream_prepare(FrameReader& frame) {
  return read_ending(frame, &StreamPrepare::prepare_lsn, &StreamPrepare::prepare_time, "prepare");
}
void write(FrameWriter& frame, const StreamPrepare& prepare) {
  write_ending(frame, prepare, prepare.prepare_lsn, prepare.prepare_time);
}

}  // namespace walbrook::postgres
