// The queue between the receiver and the loader. It holds batches in commit order, bounded by their bytes and by their
// number. Each batch costs a commit of the destination: thousands of small ones would keep a run that is to end at work
// for minutes.
//
// Threads: only the receiver pushes, and only the loader takes. Neither waits in here: each is woken when the other has
// done what it may be waiting for. Invariants:
//   * batches leave in the order in which they came;
//   * `idle_position` is set only while every commit before it has been pushed. So when the loader holds nothing and
//     the queue is empty, everything before that position is durable, and it may become the checkpoint;
//   * a batch larger than the bound is accepted when the queue is empty, because it is in memory already.
//
// One interleaving: the receiver pushes batch 7, reads a keepalive at 0/9000 with no transaction open, and sets the
// idle position 0/9000. The loader, which is still applying batch 6, comes back, finds batch 7 and applies it. Then it
// finds an empty queue and 0/9000, and commits that position as the checkpoint. If the receiver had begun batch 8 in
// between, it would not have set the position.
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
  // `wake_loader` is called by the receiver's thread when there is something to take; `wake_receiver` is called by the
  // loader's thread when there is room again after a push was refused.
  BatchQueue(std::size_t bytes_bound, std::function<void()> wake_loader, std::function<void()> wake_receiver);

  // Called by the receiver only.
  [[nodiscard]] bool try_push(Batch& batch) override;
  void set_idle_position(Lsn position) override;
  [[nodiscard]] bool is_drained() const override;
  // Announces that no batch will follow.
  void close();

  // Called by the loader only.
  [[nodiscard]] Taken take() override;
  void finish_batch() override;

  // Called by any thread.
  [[nodiscard]] std::size_t bytes() const;
  [[nodiscard]] std::int64_t oldest_commit_time() const;  // of the batches that are queued or in hand; 0 = none

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
  bool refused_ = false;  // the last push was refused, and the receiver waits for room
  bool closed_ = false;
};

}  // namespace walbrook::replication
