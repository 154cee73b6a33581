// The body of a receiver's thread: steps the receiver, and sleeps until it says so or somebody wakes it.
//
// Threads: one calls `read` and `answer_until`; any thread calls `wake`. The thread sleeps in one of two places, on the
// open stream's socket or on the doorbell, so a wake reaches both; the one in which it does not sleep keeps it, and the
// next sleep there ends at once. Interleaving: the receiver finds the queue full and is about to sleep on the doorbell;
// the loader takes a batch and wakes it; the sleep returns at once, the batch in its hands finds room, and later
// the interrupt that the stream has kept costs one step that finds nothing.
#pragma once

#include <functional>
#include <stop_token>

#include "replication/core/receiver.h"
#include "replication/runtime/doorbell.h"

namespace walbrook::replication {

class ReceiverLoop {
 public:
  // Borrows both.
  ReceiverLoop(Receiver& receiver, const Clock& clock) : receiver_(receiver), clock_(clock) {}

  // Until `stop`, or until the receiver has reached the end of what it was asked for. `stepped` is called after each
  // step. Throws what the run cannot go on with.
  void read(const std::stop_token& stop, const std::function<void()>& stepped);
  // Hands over what is whole, until that has room or `is_over`.
  void step_down(const std::function<bool()>& is_over);
  // Answers keepalives until then. REQUIRES: whoever makes it true calls `wake`.
  void answer_until(const std::function<bool()>& is_over);
  void wake();

 private:
  void wait(const Wait& wait);

  Receiver& receiver_;
  const Clock& clock_;
  Doorbell bell_;
};

}  // namespace walbrook::replication
