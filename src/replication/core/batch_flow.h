// The two ends of what lies between receiver and loader. Batches leave in the order in which they came.
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

  // False: there is no room now; the batch is untouched, and the receiver is woken once there is.
  [[nodiscard]] virtual bool try_push(Batch& batch) = 0;
  // REQUIRES: every commit before `position` was pushed, and no transaction is open.
  virtual void set_idle_position(Lsn position) = 0;
  // Nothing is queued and nothing in hand: what was pushed is durable, and the loader waits for more.
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
    Lsn idle_position;    // with no batch: everything before it is durable once the loader's hands are empty
    bool closed = false;  // with no batch: none will come
  };
  // Does not wait. The batch counts as in hand until `finish_batch`.
  [[nodiscard]] virtual Taken take() = 0;
  virtual void finish_batch() = 0;
};

}  // namespace walbrook::replication
