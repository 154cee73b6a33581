#include "postgres/protocol/transaction_messages.h"

namespace walbrook::postgres {

// Begin: 'B' final_lsn:u64 commit_time:i64 xid:u32
Decoded<Message> read_begin(FrameReader& frame) {
  Begin begin{};
  begin.final_lsn = frame.lsn();
  begin.commit_time = frame.time("commit");
  begin.xid = frame.in.u32();
  return whole(frame, begin);
}
void write(FrameWriter& frame, const Begin& begin) {
  frame.lsn(begin.final_lsn);
  frame.time(begin.commit_time);
  frame.out.u32(begin.xid);
}

// Commit: 'C' flags:u8 commit_lsn:u64 end_lsn:u64 commit_time:i64                       No flag is defined.
Decoded<Message> read_commit(FrameReader& frame) {
  Commit commit{};
  commit.flags = frame.flags(0);
  commit.commit_lsn = frame.lsn();
  commit.end_lsn = frame.lsn();
  commit.commit_time = frame.time("commit");
  return whole(frame, commit);
}
void write(FrameWriter& frame, const Commit& commit) {
  frame.out.u8(commit.flags);
  frame.lsn(commit.commit_lsn);
  frame.lsn(commit.end_lsn);
  frame.time(commit.commit_time);
}

// Origin: 'O' commit_lsn:u64 name:string                 Also sent after Stream Start, without an xid even there.
Decoded<Message> read_origin(FrameReader& frame) {
  Origin origin{};
  origin.commit_lsn = frame.lsn();
  origin.name = frame.in.c_string();
  return whole(frame, origin);
}
void write(FrameWriter& frame, const Origin& origin) {
  frame.lsn(origin.commit_lsn);
  frame.out.c_string(origin.name);
}

// Message: 'M' [xid:u32] flags:u8 lsn:u64 prefix:string length:i32 content              1 transactional.
Decoded<Message> read_logical_message(FrameReader& frame) {
  LogicalMessage message{};
  message.xid = frame.block_xid();
  message.transactional = frame.flags(1) == 1;
  message.lsn = frame.lsn();
  message.prefix = frame.in.c_string();
  const auto length_at = frame.in.offset();
  const auto length = frame.in.i32();
  if (length < 0) return wrong_at(length_at, frame, fmt::format("a content of {} bytes", length));
  message.content = frame.in.bytes(static_cast<std::size_t>(length));
  return whole(frame, message);
}
void write(FrameWriter& frame, const LogicalMessage& message) {
  frame.block_xid(message.xid);
  frame.out.u8(message.transactional ? 1 : 0);
  frame.lsn(message.lsn);
  frame.out.c_string(message.prefix);
  frame.out.u32(static_cast<std::uint32_t>(message.content.size()));
  frame.out.bytes(message.content);
}

}  // namespace walbrook::postgres
