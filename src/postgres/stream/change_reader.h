// A change reader delivers changes as (LSN, pgoutput frame) pairs, whatever is in the frames.
//
// Three sources have this interface: the stream of a walsender (walsender_stream.h), a peek at a slot (slot_peek.h) and
// a capture file. What a source needs beyond it is its own business: the walsender's reader answers keepalives and
// reply requests, asks for the server's position and watches for silence, inside these very calls.
//
// Threads: one thread owns the reader, and others may call `interrupt` alone. The owner calls `poll`, `wait_until` or
// `confirm` again by `answer_due` at the latest. Example: the queue that the owner fills is full, so it waits for room
// and does not poll. It calls `confirm` each time that it wakes, which answers the server in time.
#pragma once

#include <string_view>

#include "base/clock.h"
#include "base/lsn.h"
#include "base/source_text.h"

namespace walbrook::postgres {

// One XLogData.
struct Frame {
  Lsn lsn;                 // of the WAL record it was made from; nothing is compared by it
  std::string_view bytes;  // valid until the next call of the reader
};

enum class Poll {
  frame,  // the frame was set
  idle,   // no whole frame has arrived yet
  ended,  // there are no more frames, and none will come
};

class ChangeReader {
 public:
  ChangeReader() = default;
  ChangeReader(const ChangeReader&) = delete;
  ChangeReader& operator=(const ChangeReader&) = delete;
  virtual ~ChangeReader() = default;

  // Sets `out` if a frame is there, and does not block. After `ended` it returns `ended` again. Throws
  // Error(connection) if the connection broke, Error(source_not_ready) if the slot was lost, Error(protocol) if what
  // arrived is not a frame.
  [[nodiscard]] virtual Poll poll(Frame& out) = 0;
  // Blocks until there may be something to poll, `until` is reached, or `interrupt` is called; a call since the last
  // wait counts too. May return early. Throws as `poll` does.
  virtual void wait_until(SteadyTime until) = 0;
  // Ends a `wait_until`. Any thread may call it.
  virtual void interrupt() = 0;

  // The reader yields every transaction with a commit_lsn at or after this position, and may yield earlier ones. It is
  // unset if the source does not report it.
  [[nodiscard]] virtual Lsn begins_at() const = 0;
  // Everything committed before this position has been yielded by `poll`. The end of a transaction that was yielded may
  // lie further on; its Commit message holds it. The position is unset if the source does not report it.
  [[nodiscard]] virtual Lsn position() const = 0;
  // Everything before `durable` is durable here and need not be sent again; unset: nothing is known yet. A source that
  // keeps its place whatever was read ignores the call. Throws Error(connection).
  // REQUIRES: `durable` is unset or not before that of the last call.
  virtual void confirm(Lsn durable) = 0;
  // Returns when one of the calls above has to be made again. Otherwise the source may end the stream.
  [[nodiscard]] virtual SteadyTime answer_due() const { return SteadyTime::max(); }
  // Converts the text of the frames, names and values alike; nullptr if it is UTF-8. Lives as long as the reader.
  [[nodiscard]] virtual const SourceText* encoding() const { return nullptr; }
};

// Waits for the next frame and sets `out` to it. Returns false if the reader has ended.
[[nodiscard]] inline bool next_frame(ChangeReader& reader, Frame& out) {
  while (true) {
    const auto polled = reader.poll(out);
    if (polled != Poll::idle) return polled == Poll::frame;
    reader.wait_until(reader.answer_due());
  }
}

}  // namespace walbrook::postgres
