// pgoutput's messages, protocol versions 1 to 4, as views over the frame.
//                                     https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html
//
// From version 2 on a large transaction may be streamed before it ends. It is sent in blocks between Stream Start and
// Stream Stop; blocks of several transactions alternate. Messages in a block carry the xid of the (sub)transaction that
// made them. Outside of blocks that xid is 0.
//
// A view is valid as long as the frame's bytes are. Two views are equal if their contents are equal. Nothing here uses
// a clock, a server or a thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/expected.h"
#include "base/lsn.h"
#include "model/source_type.h"

namespace walbrook::postgres {

// Microseconds since 1970-01-01 UTC; on the wire they count from 2000-01-01.
using Timestamp = std::int64_t;
inline constexpr std::int64_t postgres_epoch_us = 946'684'800'000'000;

struct Begin {
  Lsn final_lsn;  // commit_lsn of the transaction
  Timestamp commit_time;
  std::uint32_t xid;
  friend bool operator==(const Begin&, const Begin&) = default;
};
struct Commit {
  std::uint8_t flags;
  Lsn commit_lsn;
  Lsn end_lsn;
  Timestamp commit_time;
  friend bool operator==(const Commit&, const Commit&) = default;
};
struct Origin {
  Lsn commit_lsn;  // at the origin
  std::string_view name;
  friend bool operator==(const Origin&, const Origin&) = default;
};
struct RelationColumn {
  bool in_key;
  std::string_view name;
  Oid type_oid;
  std::int32_t typmod;
  friend bool operator==(const RelationColumn&, const RelationColumn&) = default;
};
struct Relation {
  std::uint32_t xid;  // as in every message that may be in a streamed block: of the (sub)transaction, else 0
  Oid oid;
  std::string_view schema;  // as sent: empty for pg_catalog
  std::string_view name;
  char identity;  // 'd', 'n', 'f', 'i'
  std::vector<RelationColumn> columns;
  friend bool operator==(const Relation&, const Relation&) = default;
};
struct Type {
  std::uint32_t xid;
  Oid oid;
  std::string_view schema;
  std::string_view name;
  friend bool operator==(const Type&, const Type&) = default;
};

enum class CellKind : char { null = 'n', unchanged = 'u', text = 't', binary = 'b' };
struct Cell {
  CellKind kind;
  std::string_view bytes;  // of text and binary
};
// TupleData. The decoder has walked it to its end, so `next` cannot fail in the first `size()` calls. Further calls
// return NULL.
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
  [[nodiscard]] std::string_view bytes() const { return cells_; }  // of the cells, as on the wire
  friend bool operator==(const Tuple&, const Tuple&) = default;

 private:
  std::uint16_t size_ = 0;
  std::string_view cells_;
};

enum class OldTuple : char { none = 0, key = 'K', full = 'O' };
struct Insert {
  std::uint32_t xid;
  Oid relation;
  Tuple after;
  friend bool operator==(const Insert&, const Insert&) = default;
};
struct Update {
  std::uint32_t xid;
  Oid relation;
  OldTuple old_kind;
  Tuple before;  // empty when old_kind is none
  Tuple after;
  friend bool operator==(const Update&, const Update&) = default;
};
struct Delete {
  std::uint32_t xid;
  Oid relation;
  OldTuple old_kind;  // key or full
  Tuple before;
  friend bool operator==(const Delete&, const Delete&) = default;
};
struct Truncate {
  std::uint32_t xid;
  std::vector<Oid> relations;
  bool cascade;
  bool restart_identity;
  friend bool operator==(const Truncate&, const Truncate&) = default;
};
struct LogicalMessage {
  std::uint32_t xid;
  bool transactional;
  Lsn lsn;
  std::string_view prefix;
  std::string_view content;
  friend bool operator==(const LogicalMessage&, const LogicalMessage&) = default;
};

// Version 2: a block of a streamed transaction. Blocks do not nest.
struct StreamStart {
  std::uint32_t xid;   // of the top-level transaction
  bool first_segment;  // nothing of it was streamed before
  friend bool operator==(const StreamStart&, const StreamStart&) = default;
};
struct StreamStop {
  friend bool operator==(const StreamStop&, const StreamStop&) = default;
};
struct StreamCommit {
  std::uint32_t xid;
  std::uint8_t flags;
  Lsn commit_lsn;
  Lsn end_lsn;
  Timestamp commit_time;
  friend bool operator==(const StreamCommit&, const StreamCommit&) = default;
};
// One (sub)transaction was rolled back, and none below or above it: each one that was streamed gets its own message.
struct StreamAbort {
  std::uint32_t xid;     // top-level
  std::uint32_t subxid;  // = xid: the whole transaction
  // Both are set only in version 4 with streaming 'parallel'; otherwise they are unset and 0.
  Lsn abort_lsn;
  Timestamp abort_time;
  friend bool operator==(const StreamAbort&, const StreamAbort&) = default;
};

// Version 3: two-phase commit.
struct BeginPrepare {
  Lsn prepare_lsn;
  Lsn end_lsn;  // of the prepared transaction
  Timestamp prepare_time;
  std::uint32_t xid;
  std::string_view gid;
  friend bool operator==(const BeginPrepare&, const BeginPrepare&) = default;
};
struct Prepare {
  std::uint8_t flags;
  Lsn prepare_lsn;
  Lsn end_lsn;
  Timestamp prepare_time;
  std::uint32_t xid;
  std::string_view gid;
  friend bool operator==(const Prepare&, const Prepare&) = default;
};
struct CommitPrepared {
  std::uint8_t flags;
  Lsn commit_lsn;
  Lsn end_lsn;
  Timestamp commit_time;
  std::uint32_t xid;
  std::string_view gid;
  friend bool operator==(const CommitPrepared&, const CommitPrepared&) = default;
};
struct RollbackPrepared {
  std::uint8_t flags;
  Lsn prepare_end_lsn;
  Lsn rollback_end_lsn;
  Timestamp prepare_time;
  Timestamp rollback_time;
  std::uint32_t xid;
  std::string_view gid;
  friend bool operator==(const RollbackPrepared&, const RollbackPrepared&) = default;
};
struct StreamPrepare {
  std::uint8_t flags;
  Lsn prepare_lsn;
  Lsn end_lsn;
  Timestamp prepare_time;
  std::uint32_t xid;
  std::string_view gid;
  friend bool operator==(const StreamPrepare&, const StreamPrepare&) = default;
};

using Message = std::variant<Begin, Commit, Origin, Relation, Type, Insert, Update, Delete, Truncate, LogicalMessage,
                             StreamStart, StreamStop, StreamCommit, StreamAbort, BeginPrepare, Prepare, CommitPrepared,
                             RollbackPrepared, StreamPrepare>;

struct MessageKind {
  char byte;              // the first byte of its frames
  std::string_view name;  // as in the protocol's documentation
  int protocol;           // the version that introduced it
};
// The entries are in the order of Message's alternatives.
inline constexpr std::array<MessageKind, std::variant_size_v<Message>> message_kinds = {{
    {'B', "Begin", 1},
    {'C', "Commit", 1},
    {'O', "Origin", 1},
    {'R', "Relation", 1},
    {'Y', "Type", 1},
    {'I', "Insert", 1},
    {'U', "Update", 1},
    {'D', "Delete", 1},
    {'T', "Truncate", 1},
    {'M', "Message", 1},
    {'S', "Stream Start", 2},
    {'E', "Stream Stop", 2},
    {'c', "Stream Commit", 2},
    {'A', "Stream Abort", 2},
    {'b', "Begin Prepare", 3},
    {'P', "Prepare", 3},
    {'K', "Commit Prepared", 3},
    {'r', "Rollback Prepared", 3},
    {'p', "Stream Prepare", 3},
}};
[[nodiscard]] inline const MessageKind& kind_of(const Message& message) {
  return message_kinds[message.index()];
}

inline constexpr int newest_protocol = 4;
inline constexpr int first_protocol_of_prepared = 3;  // messages of two-phase commit

// Returns the newest protocol version of a server, given its version (150018 is 15): 14 has 2 (streaming), 15 has 3
// (two-phase commit), 16 and later have 4 (parallel streaming).
[[nodiscard]] constexpr int newest_protocol_of(int server_version) {
  return std::clamp(server_version / 10'000 - 12, 1, newest_protocol);
}
// Returns whether a protocol version supports streaming "parallel". Stream Abort then carries an LSN and a time.
[[nodiscard]] constexpr bool streams_in_parallel(int protocol) {
  return protocol >= 4;
}
// The option `streaming`: whether large transactions are sent before they end.
enum class Streaming { off, on, parallel };

// What the meaning of a frame depends on besides its bytes.
struct Wire {
  int protocol = 1;                 // proto_version, 1 to newest_protocol: kinds of a later version are errors
  bool in_stream = false;           // between Stream Start and Stream Stop: messages carry an xid
  bool parallel_streaming = false;  // streaming 'parallel' was requested: Stream Abort carries LSN and time
};

// Updates `wire` if a streamed block begins or ends with `message`. Call it for each frame in turn.
inline void follow(const Message& message, Wire& wire) {
  if (std::holds_alternative<StreamStart>(message)) wire.in_stream = true;
  if (std::holds_alternative<StreamStop>(message)) wire.in_stream = false;
}

struct DecodeError {
  std::size_t offset;   // byte in the frame at which decoding failed
  std::string message;  // "Insert: the tuple says 3 columns, the frame ends in the second"
};
template <class T>
using Decoded = Expected<T, DecodeError>;

}  // namespace walbrook::postgres
