#include "replication/runtime/package_queue.h"

#include <utility>

namespace walbrook::replication {
namespace {

std::int64_t commit_time(const LoadPackage& package) {
  return package.transactions.empty() ? 0 : package.transactions.front().commit_time;
}

}  // namespace

bool PackageQueue::try_push(LoadPackage& package) {
  const std::lock_guard lock(mutex_);
  if (packages_.size() >= queued_packages_at_most) return false;
  if (!packages_.empty() && bytes_ + package.bytes > bytes_bound_) return false;
  bytes_ += package.bytes;
  packages_.push_back(std::move(package));
  changed_.notify_all();
  return true;
}

void PackageQueue::wait_for_room(milliseconds timeout) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, timeout, [this] { return packages_.empty(); });
}

void PackageQueue::set_idle_position(Lsn position) {
  const std::lock_guard lock(mutex_);
  if (position <= idle_position_) return;
  idle_position_ = position;
  woken_ = true;
  changed_.notify_all();
}

bool PackageQueue::hungry() const {
  const std::lock_guard lock(mutex_);
  return packages_.empty() && !in_hand_;
}

void PackageQueue::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

PackageQueue::Taken PackageQueue::take(milliseconds timeout) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, timeout, [this] { return !packages_.empty() || closed_ || woken_; });
  woken_ = false;
  Taken taken;
  if (packages_.empty()) {
    taken.idle_position = idle_position_;
    taken.closed = closed_;
    return taken;
  }
  taken.package = std::move(packages_.front());
  packages_.pop_front();
  bytes_ -= taken.package->bytes;
  in_hand_ = true;
  in_hand_commit_time_ = commit_time(*taken.package);
  changed_.notify_all();
  return taken;
}

void PackageQueue::finished() {
  const std::lock_guard lock(mutex_);
  in_hand_ = false;
  in_hand_commit_time_ = 0;
  changed_.notify_all();
}

void PackageQueue::wake() {
  const std::lock_guard lock(mutex_);
  woken_ = true;
  changed_.notify_all();
}

std::size_t PackageQueue::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

std::int64_t PackageQueue::oldest_commit_time() const {
  const std::lock_guard lock(mutex_);
  if (in_hand_commit_time_ != 0) return in_hand_commit_time_;
  return packages_.empty() ? 0 : commit_time(packages_.front());
}

bool PackageQueue::drained() const {
  const std::lock_guard lock(mutex_);
  return packages_.empty() && !in_hand_;
}

}  // namespace walbrook::replication
