// Where changes come from: (LSN, pgoutput frame) pairs, whatever is in them.
//
// One shape for three sources: the stream of a walsender (walsender_stream.h), a peek at a slot (slot_peek.h) and a
// capture file. What a source needs beyond that is its own business: the walsender's reader answers keepalives and
// reply requests, asks for the server's position and watches for silence, inside of these very calls.
//
// Threads: one owns the reader; `interrupt` alone may be called by others. Whoever owns it calls `poll`, `wait_until`
// or `confirm` again by `answer_due` at the latest. Example: the queue behind the caller is full, so that it waits for
// room and does not poll. It calls `confirm` each time that it wakes, which answers the server in time.
#pragma once

#include <string_view>

#include "base/clock.h"
#include "base/lsn.h"
#include "base/source_text.h"

namespace walbrook::postgres {

// One XLogData.
struct Frame {
  Lsn lsn;                 // of the WAL record it was made from; not what anything is compared by
  std::string_view bytes;  // valid until the next call of the reader
};

enum class Poll {
  frame,  // the frame was set
  idle,   // no whole frame is there now
  ended,  // there is none left, and none will come
};

class ChangeReader {
 public:
  ChangeReader() = default;
  ChangeReader(const ChangeReader&) = delete;
  ChangeReader& operator=(const ChangeReader&) = delete;
  virtual ~ChangeReader() = default;

  // Does not block. After `ended` it says so again. Throws Error(connection) when the connection broke,
  // Error(source_not_ready) when the slot was lost, Error(protocol) when what came is no frame.
  [[nodiscard]] virtual Poll poll(Frame& out) = 0;
  // Blocks until there may be something to poll, `until` is reached or `interrupt` was called, also since the last
  // wait. May return early. Throws as `poll` does.
  virtual void wait_until(SteadyTime until) = 0;
  // Ends a `wait_until`. Any thread.
  virtual void interrupt() = 0;

  // The reader yields every transaction with a commit_lsn at or after this position, and may yield earlier ones.
  // Unset: the source does not tell.
  [[nodiscard]] virtual Lsn begins_at() const = 0;
  // Everything that was committed before this position has been yielded by `poll`. The end of a transaction that was
  // yielded, which may lie further on, is in its Commit message. Unset: the source does not tell.
  [[nodiscard]] virtual Lsn position() const = 0;
  // Everything before `durable` is durable here and need not come again; unset: nothing is known yet. A source that
  // keeps its place whatever was read ignores it. Throws Error(connection).
  // REQUIRES: `durable` is unset or not before that of the last call.
  virtual void confirm(Lsn durable) = 0;
  // When one of the calls above has to be made again, or the source may end the stream.
  [[nodiscard]] virtual SteadyTime answer_due() const { return SteadyTime::max(); }
  // How the text of its frames is converted, names and values alike; nullptr: it is UTF-8. Lives as long as the reader.
  [[nodiscard]] virtual const SourceText* encoding() const { return nullptr; }
};

// The next frame, waiting for it. False: the reader has ended.
[[nodiscard]] inline bool next_frame(ChangeReader& reader, Frame& out) {
  while (true) {
    const auto polled = reader.poll(out);
    if (polled != Poll::idle) return polled == Poll::frame;
    reader.wait_until(reader.answer_due());
  }
}

}  // namespace walbrook::postgres
