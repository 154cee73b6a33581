// pgoutput's messages, protocol versions 1 to 4, as views over the frame.
//                                     https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html
//
// From version 2 on a large transaction may be streamed before it ends: in blocks between Stream Start and Stream Stop,
// of several transactions in turn. Messages in a block carry the xid of the (sub)transaction that made them; outside of
// blocks that xid is 0.
//
// A view is valid as long as the frame's bytes are. Nothing here asks a clock, a server or a thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/expected.h"
#include "base/lsn.h"
#include "schema/source_type.h"

namespace walbrook::pgoutput {

// Microseconds since 1970-01-01 UTC; on the wire they count from 2000-01-01.
using Timestamp = std::int64_t;
inline constexpr std::int64_t postgres_epoch_us = 946'684'800'000'000;

struct Begin {
  Lsn final_lsn;  // commit_lsn of the transaction
  Timestamp commit_time;
  std::uint32_t xid;
};
struct Commit {
  std::uint8_t flags;
  Lsn commit_lsn;
  Lsn end_lsn;
  Timestamp commit_time;
};
struct Origin {
  Lsn commit_lsn;  // at the origin
  std::string_view name;
};
struct RelationColumn {
  bool in_key;
  std::string_view name;
  Oid type_oid;
  std::int32_t typmod;
};
struct Relation {
  std::uint32_t xid;  // as in every message that may stand in a streamed block: of the (sub)transaction, else 0
  Oid oid;
  std::string_view schema;  // as sent: empty for pg_catalog
  std::string_view name;
  char identity;  // 'd', 'n', 'f', 'i'
  std::vector<RelationColumn> columns;
};
struct Type {
  std::uint32_t xid;
  Oid oid;
  std::string_view schema;
  std::string_view name;
};

enum class CellKind : char { null = 'n', unchanged = 'u', text = 't', binary = 'b' };
struct Cell {
  CellKind kind;
  std::string_view bytes;  // of text and binary
};
// TupleData. The decoder has walked it to its end: `next` cannot fail `size()` times; asked more often, it answers
// NULL.
class Tuple {
 public:
  Tuple() = default;
  Tuple(std::uint16_t size, std::string_view cells) : size_(size), cells_(cells) {}
  [[nodiscard]] std::uint16_t size() const { return size_; }

  class Cursor {
   public:
    explicit Cursor(std::string_view cells) : in_(cells) {}
    Cell next() {
      const std::uint8_t kind = in_.u8();
      if (kind == 't' || kind == 'b') {
        const auto bytes = in_.bytes(in_.u32());
        if (!in_.failed()) return {static_cast<CellKind>(kind), bytes};
      }
      return {kind == 'u' ? CellKind::unchanged : CellKind::null, {}};
    }

   private:
    ByteReader in_;
  };
  [[nodiscard]] Cursor cells() const { return Cursor(cells_); }

 private:
  std::uint16_t size_ = 0;
  std::string_view cells_;
};

enum class OldTuple : char { none = 0, key = 'K', full = 'O' };
struct Insert {
  std::uint32_t xid;
  Oid relation;
  Tuple after;
};
struct Update {
  std::uint32_t xid;
  Oid relation;
  OldTuple old_kind;
  Tuple before;  // empty when old_kind is none
  Tuple after;
};
struct Delete {
  std::uint32_t xid;
  Oid relation;
  OldTuple old_kind;  // key or full
  Tuple before;
};
struct Truncate {
  std::uint32_t xid;
  std::vector<Oid> relations;
  bool cascade;
  bool restart_identity;
};
struct LogicalMessage {
  std::uint32_t xid;
  bool transactional;
  Lsn lsn;
  std::string_view prefix;
  std::string_view content;
};

// Version 2: a block of a streamed transaction. Blocks do not nest.
struct StreamStart {
  std::uint32_t xid;   // of the top-level transaction
  bool first_segment;  // nothing of it was streamed before
};
struct StreamStop {};
struct StreamCommit {
  std::uint32_t xid;
  std::uint8_t flags;
  Lsn commit_lsn;
  Lsn end_lsn;
  Timestamp commit_time;
};
// One (sub)transaction was rolled back, nothing beneath or above it: each that was streamed gets a message of its own.
struct StreamAbort {
  std::uint32_t xid;     // top-level
  std::uint32_t subxid;  // = xid: the whole transaction
  // Version 4 with streaming 'parallel' alone; else unset and 0.
  Lsn abort_lsn;
  Timestamp abort_time;
};

// Version 3: two-phase commit.
struct BeginPrepare {
  Lsn prepare_lsn;
  Lsn end_lsn;  // of the prepared transaction
  Timestamp prepare_time;
  std::uint32_t xid;
  std::string_view gid;
};
struct Prepare {
  std::uint8_t flags;
  Lsn prepare_lsn;
  Lsn end_lsn;
  Timestamp prepare_time;
  std::uint32_t xid;
  std::string_view gid;
};
struct CommitPrepared {
  std::uint8_t flags;
  Lsn commit_lsn;
  Lsn end_lsn;
  Timestamp commit_time;
  std::uint32_t xid;
  std::string_view gid;
};
struct RollbackPrepared {
  std::uint8_t flags;
  Lsn prepare_end_lsn;
  Lsn rollback_end_lsn;
  Timestamp prepare_time;
  Timestamp rollback_time;
  std::uint32_t xid;
  std::string_view gid;
};
struct StreamPrepare {
  std::uint8_t flags;
  Lsn prepare_lsn;
  Lsn end_lsn;
  Timestamp prepare_time;
  std::uint32_t xid;
  std::string_view gid;
};

using Message = std::variant<Begin, Commit, Origin, Relation, Type, Insert, Update, Delete, Truncate, LogicalMessage,
                             StreamStart, StreamStop, StreamCommit, StreamAbort, BeginPrepare, Prepare, CommitPrepared,
                             RollbackPrepared, StreamPrepare>;

// What a frame's meaning depends on beside its bytes.
struct Wire {
  int protocol = 1;                 // proto_version, 1 to 4: kinds of a later version are errors
  bool in_stream = false;           // between Stream Start and Stream Stop: messages carry an xid
  bool parallel_streaming = false;  // streaming 'parallel' was asked for: Stream Abort carries LSN and time
};

struct DecodeError {
  std::size_t offset;   // byte in the frame at which it cannot be read on
  std::string message;  // "Insert: the tuple says 3 columns, the frame ends in the second"
};
template <class T>
using Decoded = Expected<T, DecodeError>;

}  // namespace walbrook::pgoutput
