// Where changes come from: (LSN, pgoutput frame) pairs, knowing nothing of what is in them.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/lsn.h"
#include "base/source_text.h"

namespace walbrook::source {

// One XLogData.
struct Frame {
  Lsn lsn;                 // of the WAL record it was made from; not what anything is compared by
  std::string_view bytes;  // valid until the next call of the reader
};

enum class ReadResult {
  frame,    // `out` was set
  nothing,  // no whole frame is there now
};

// Not thread-safe: one thread owns it.
class ChangeReader {
 public:
  ChangeReader() = default;
  ChangeReader(const ChangeReader&) = delete;
  ChangeReader& operator=(const ChangeReader&) = delete;
  virtual ~ChangeReader() = default;

  // Does not block. Throws Error(connection) when the connection broke, Error(source_not_ready) when the slot was lost.
  virtual ReadResult read(Frame& out) = 0;
  // Blocks until there is something to read, `timeout` is over or `interrupt` was called.
  virtual void wait(milliseconds timeout) = 0;
  // Ends a `wait` at once; the only call that other threads may make.
  virtual void interrupt() = 0;

  // The stream holds every transaction with a commit_lsn at or after this position, and may hold earlier ones.
  [[nodiscard]] virtual Lsn begins_at() const = 0;
  // Everything that was committed before this position has been yielded by `read`. Keepalives move it; the end of a
  // transaction that was yielded, which may lie further on, stands in its Commit message.
  [[nodiscard]] virtual Lsn received() const = 0;
  // The server asked for an answer since the last feedback.
  [[nodiscard]] virtual bool reply_requested() const = 0;
  // Tells the server what is durable; `ask_reply` makes it answer with its position.
  virtual void send_feedback(Lsn durable, bool ask_reply) = 0;
  // How long the server waits for feedback (wal_sender_timeout); 0 = for ever.
  [[nodiscard]] virtual milliseconds sender_timeout() const = 0;
  // How the text of its frames is converted, names and values alike; nullptr: it is UTF-8. Lives as long as the reader.
  [[nodiscard]] virtual const SourceText* encoding() const { return nullptr; }
};

}  // namespace walbrook::source
