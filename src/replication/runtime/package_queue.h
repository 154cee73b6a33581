// What lies between the receiver and the loader: packages in commit order, bounded by the bytes that they hold and by
// their number. Each costs a commit of the destination: thousands of small ones would keep a run that is to end at work
// for minutes.
//
// Threads: the receiver pushes, the loader takes; nobody else. Invariants:
//   * packages leave in the order in which they came;
//   * `idle_position` is only ever set while every commit before it was pushed: so when the loader holds nothing and
//     the queue is empty, everything before that position is durable, and it may become the checkpoint;
//   * a package larger than the bound is taken all the same when the queue is empty (it is already in memory).
//
// One interleaving: the receiver pushes package 7, reads a keepalive at 0/9000 with nothing open, and sets the idle
// position 0/9000. The loader, which still applies 6, comes back, sees 7, applies it; then it sees an empty queue and
// 0/9000, and commits that as the checkpoint. Had the receiver begun package 8 in between, it would not have set the
// position.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>

#include "base/clock.h"
#include "model/load_package.h"

namespace walbrook::replication {

inline constexpr std::size_t queued_packages_at_most = 16;

class PackageQueue {
 public:
  explicit PackageQueue(std::size_t bytes_bound) : bytes_bound_(bytes_bound) {}

  // Receiver. False: there is no room now; the package is untouched.
  [[nodiscard]] bool try_push(LoadPackage& package);
  void wait_for_room(milliseconds timeout);
  void set_idle_position(Lsn position);
  // The loader waits for work: whatever is there should be cut and pushed.
  [[nodiscard]] bool hungry() const;
  // No package will follow.
  void close();

  struct Taken {
    std::optional<LoadPackage> package;
    Lsn idle_position;    // with no package: everything before it is durable once the loader's hands are empty
    bool closed = false;  // with no package: none will come
  };
  // Loader. Waits up to `timeout` for a package; returns without one at once when the queue is closed or was woken.
  [[nodiscard]] Taken take(milliseconds timeout);
  // The package that was taken last is done with; until then the loader is not hungry.
  void finished();
  void wake();  // any thread: ends the loader's wait

  [[nodiscard]] std::size_t bytes() const;
  [[nodiscard]] std::int64_t oldest_commit_time() const;  // of what is queued or in hand; 0 = nothing
  [[nodiscard]] bool drained() const;                     // nothing queued, nothing in hand

 private:
  const std::size_t bytes_bound_;
  mutable std::mutex mutex_;  // guards everything below
  std::condition_variable changed_;
  std::deque<LoadPackage> packages_;
  std::size_t bytes_ = 0;
  Lsn idle_position_;
  std::int64_t in_hand_commit_time_ = 0;
  bool in_hand_ = false;
  bool woken_ = false;
  bool closed_ = false;
};

}  // namespace walbrook::replication
