// Messages for one thread: any thread posts, which wakes the owner, and the owner takes them all. Catalog poll,
// snapshot workers, loader and local server communicate by mailboxes.
#pragma once

#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace walbrook::replication {

template <class T>
class Mailbox {
 public:
  // `wake` is called after every post, by the posting thread.
  explicit Mailbox(std::function<void()> wake) : wake_(std::move(wake)) {}

  void post(T message) {
    {
      const std::lock_guard lock(mutex_);
      messages_.push_back(std::move(message));
    }
    wake_();
  }
  // Returns what was posted, in that order. Does not wait.
  [[nodiscard]] std::vector<T> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(messages_, {});
  }

 private:
  std::function<void()> wake_;
  std::mutex mutex_;  // guards messages_
  std::vector<T> messages_;
};

}  // namespace walbrook::replication
