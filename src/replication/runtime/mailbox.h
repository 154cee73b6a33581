// Messages for one thread: any thread posts, the owner takes them all. What catalog poll, copier and loader tell each
// other.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace walbrook::replication {

template <class T>
class Mailbox {
 public:
  // `posted` is called behind every post, by the posting thread: to wake an owner that waits elsewhere. May be empty.
  explicit Mailbox(std::function<void()> posted = {}) : posted_(std::move(posted)) {}

  void post(T message) {
    {
      const std::lock_guard lock(mutex_);
      messages_.push_back(std::move(message));
    }
    changed_.notify_all();
    if (posted_) posted_();
  }
  // What has come; waits up to `timeout` for the first.
  [[nodiscard]] std::vector<T> take(milliseconds timeout = milliseconds(0)) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, timeout, [this] { return !messages_.empty() || woken_; });
    woken_ = false;
    return std::exchange(messages_, {});
  }
  void wake() {
    const std::lock_guard lock(mutex_);
    woken_ = true;
    changed_.notify_all();
  }

 private:
  std::function<void()> posted_;
  std::mutex mutex_;  // guards messages_ and woken_
  std::condition_variable changed_;
  std::vector<T> messages_;
  bool woken_ = false;
};

}  // namespace walbrook::replication
