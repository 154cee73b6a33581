#include "replication/runtime/batch_queue.h"

#include <utility>

#include "base/check.h"

namespace walbrook::replication {
namespace {

// Returns the commit time of the first transaction in the batch, or 0 if it holds none.
std::int64_t commit_time(const Batch& batch) {
  return std::visit(
      [](const auto& each) -> std::int64_t {
        if constexpr (requires { each.transactions; }) {
          return each.transactions.empty() ? 0 : each.transactions.front().commit_time;
        } else {
          return 0;
        }
      },
      batch);
}

std::size_t held_bytes(const Batch& batch) {
  return std::visit(
      [](const auto& each) -> std::size_t {
        if constexpr (requires { each.bytes; }) {
          return each.bytes;
        } else {
          return 0;
        }
      },
      batch);
}

}  // namespace

BatchQueue::BatchQueue(std::size_t bytes_bound, std::function<void()> wake_loader, std::function<void()> wake_receiver)
    : bytes_bound_(bytes_bound), wake_loader_(std::move(wake_loader)), wake_receiver_(std::move(wake_receiver)) {}

bool BatchQueue::try_push(Batch& batch) {
  const auto bytes = held_bytes(batch);
  {
    const std::lock_guard lock(mutex_);
    const bool full = batches_.size() >= queued_batches_at_most || (!batches_.empty() && bytes_ + bytes > bytes_bound_);
    refused_ = full;
    if (full) return false;
    bytes_ += bytes;
    batches_.push_back(std::move(batch));
    WALBROOK_CHECK(batches_.size() == 1 || bytes_ <= bytes_bound_, "{} batches hold {} bytes, {} are allowed",
                   batches_.size(), bytes_, bytes_bound_);
  }
  wake_loader_();
  return true;
}

void BatchQueue::set_idle_position(Lsn position) {
  {
    const std::lock_guard lock(mutex_);
    if (position <= idle_position_) return;
    idle_position_ = position;
  }
  wake_loader_();
}

bool BatchQueue::is_drained() const {
  const std::lock_guard lock(mutex_);
  return batches_.empty() && !in_hand_;
}

void BatchQueue::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  wake_loader_();
}

BatchFeed::Taken BatchQueue::take() {
  Taken taken;
  {
    const std::lock_guard lock(mutex_);
    if (batches_.empty()) {
      taken.idle_position = idle_position_;
      taken.closed = closed_;
      return taken;
    }
    taken.batch = std::move(batches_.front());
    batches_.pop_front();
    bytes_ -= held_bytes(*taken.batch);
    in_hand_ = true;
    in_hand_commit_time_ = commit_time(*taken.batch);
    if (!std::exchange(refused_, false)) return taken;
  }
  wake_receiver_();
  return taken;
}

void BatchQueue::finish_batch() {
  const std::lock_guard lock(mutex_);
  in_hand_ = false;
  in_hand_commit_time_ = 0;
}

std::size_t BatchQueue::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

std::int64_t BatchQueue::oldest_commit_time() const {
  const std::lock_guard lock(mutex_);
  if (in_hand_commit_time_ != 0) return in_hand_commit_time_;
  return batches_.empty() ? 0 : commit_time(batches_.front());
}

}  // namespace walbrook::replication
