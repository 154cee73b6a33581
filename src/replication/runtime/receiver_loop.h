// The body of a receiver's thread: it steps the receiver, and sleeps until the time that the step returned or until it
// is woken.
//
// Threads: one thread calls `read` and `answer_until`; any thread calls `wake`. The thread sleeps in one of two places,
// on the socket of the open stream or at the doorbell, so a wake reaches both. The place where the thread does not
// sleep keeps the wake, and the next sleep there ends at once. Interleaving: the receiver finds the queue full and is
// about to sleep at the doorbell; the loader takes a batch and wakes it; the sleep returns at once, and the batch in
// its hands finds room. Later, the interrupt that the stream has kept costs one step that finds nothing.
#pragma once

#include <functional>
#include <stop_token>

#include "replication/core/receiver.h"
#include "replication/runtime/doorbell.h"

namespace walbrook::replication {

class ReceiverLoop {
 public:
  // Borrows both for its lifetime.
  ReceiverLoop(Receiver& receiver, const Clock& clock) : receiver_(receiver), clock_(clock) {}

  // Reads until `stop`, or until the receiver has reached the end of what it was asked for. Calls `stepped` after each
  // step. Throws the error with which the run cannot continue.
  void read(const std::stop_token& stop, const std::function<void()>& stepped);
  // Pushes the whole transactions that were read, until the queue has room for them or `is_over`.
  void step_down(const std::function<bool()>& is_over);
  // Answers keepalives until `is_over`. REQUIRES: the thread that makes it true calls `wake`.
  void answer_until(const std::function<bool()>& is_over);
  void wake();

 private:
  void wait(const Wait& wait);

  Receiver& receiver_;
  const Clock& clock_;
  Doorbell bell_;
};

}  // namespace walbrook::replication
