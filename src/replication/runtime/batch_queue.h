// What lies between the receiver and the loader: batches in commit order, bounded by the bytes that they hold and by
// their number. Each costs a commit of the destination: thousands of small ones would keep a run that is to end at work
// for minutes.
//
// Threads: the receiver pushes, the loader takes; nobody else. Neither waits in here: each is woken when the other has
// done what it may be waiting for. Invariants:
//   * batches leave in the order in which they came;
//   * `idle_position` is only ever set while every commit before it was pushed: so when the loader holds nothing and
//     the queue is empty, everything before that position is durable, and it may become the checkpoint;
//   * a batch larger than the bound is taken all the same when the queue is empty (it is already in memory).
//
// One interleaving: the receiver pushes batch 7, reads a keepalive at 0/9000 with nothing open, and sets the idle
// position 0/9000. The loader, which still applies 6, comes back, sees 7, applies it; then it sees an empty queue and
// 0/9000, and commits that as the checkpoint. Had the receiver begun batch 8 in between, it would not have set the
// position.
#pragma once

#include <deque>
#include <functional>
#include <mutex>

#include "replication/core/batch_flow.h"

namespace walbrook::replication {

inline constexpr std::size_t queued_batches_at_most = 16;

class BatchQueue final : public BatchSink, public BatchFeed {
 public:
  // `wake_loader` is called when there is something to take, `wake_receiver` when there is room again after a push was
  // refused; each by the other's thread.
  BatchQueue(std::size_t bytes_bound, std::function<void()> wake_loader, std::function<void()> wake_receiver);

  // Receiver.
  [[nodiscard]] bool try_push(Batch& batch) override;
  void set_idle_position(Lsn position) override;
  [[nodiscard]] bool is_drained() const override;
  // No batch will follow.
  void close();

  // Loader.
  [[nodiscard]] Taken take() override;
  void finish_batch() override;

  // Any thread.
  [[nodiscard]] std::size_t bytes() const;
  [[nodiscard]] std::int64_t oldest_commit_time() const;  // of what is queued or in hand; 0 = nothing

 private:
  const std::size_t bytes_bound_;
  const std::function<void()> wake_loader_;
  const std::function<void()> wake_receiver_;
  mutable std::mutex mutex_;  // guards everything below
  std::deque<Batch> batches_;
  std::size_t bytes_ = 0;
  Lsn idle_position_;
  std::int64_t in_hand_commit_time_ = 0;
  bool in_hand_ = false;
  bool refused_ = false;  // the receiver waits for room
  bool closed_ = false;
};

}  // namespace walbrook::replication
