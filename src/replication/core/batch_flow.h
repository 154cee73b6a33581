// The two ends of the queue between the receiver and the loader. Batches leave in the order in which they came. The
// receiver's thread uses one end, the loader's thread the other.
#pragma once

#include <optional>

#include "model/batch.h"

namespace walbrook::replication {

// The receiver's end.
class BatchSink {
 public:
  BatchSink() = default;
  BatchSink(const BatchSink&) = delete;
  BatchSink& operator=(const BatchSink&) = delete;
  virtual ~BatchSink() = default;

  // Moves `batch` into the queue. Returns false if there is no room: `batch` is untouched, and the receiver is woken
  // once there is room.
  [[nodiscard]] virtual bool try_push(Batch& batch) = 0;
  // Reports a position of the stream that may become the checkpoint without a batch. REQUIRES: every commit before
  // `position` was pushed, and no transaction is open.
  virtual void set_idle_position(Lsn position) = 0;
  // Nothing is queued and no batch is in hand: everything that was pushed is durable.
  [[nodiscard]] virtual bool is_drained() const = 0;
};

// The loader's end.
class BatchFeed {
 public:
  BatchFeed() = default;
  BatchFeed(const BatchFeed&) = delete;
  BatchFeed& operator=(const BatchFeed&) = delete;
  virtual ~BatchFeed() = default;

  struct Taken {
    std::optional<Batch> batch;
    // Without a batch: everything before this position is durable.
    Lsn idle_position;
    bool closed = false;  // without a batch: none will come
  };
  // Takes the next batch, without waiting. The batch counts as in hand until `finish_batch`.
  [[nodiscard]] virtual Taken take() = 0;
  virtual void finish_batch() = 0;
};

}  // namespace walbrook::replication
