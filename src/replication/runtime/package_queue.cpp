#include "replication/runtime/package_queue.h"

#include <utility>

#include "base/check.h"

namespace walbrook::replication {
namespace {

// Of the first transaction in it; 0: it holds none.
std::int64_t commit_time(const LoadPackage& package) {
  return std::visit(
      [](const auto& each) -> std::int64_t {
        if constexpr (requires { each.transactions; }) {
          return each.transactions.empty() ? 0 : each.transactions.front().commit_time;
        } else {
          return 0;
        }
      },
      package);
}

std::size_t held_bytes(const LoadPackage& package) {
  return std::visit(
      [](const auto& each) -> std::size_t {
        if constexpr (requires { each.bytes; }) {
          return each.bytes;
        } else {
          return 0;
        }
      },
      package);
}

}  // namespace

PackageQueue::PackageQueue(std::size_t bytes_bound, std::function<void()> wake_loader,
                           std::function<void()> wake_receiver)
    : bytes_bound_(bytes_bound), wake_loader_(std::move(wake_loader)), wake_receiver_(std::move(wake_receiver)) {}

bool PackageQueue::try_push(LoadPackage& package) {
  const auto bytes = held_bytes(package);
  {
    const std::lock_guard lock(mutex_);
    const bool full =
        packages_.size() >= queued_packages_at_most || (!packages_.empty() && bytes_ + bytes > bytes_bound_);
    refused_ = full;
    if (full) return false;
    bytes_ += bytes;
    packages_.push_back(std::move(package));
    WALBROOK_CHECK(packages_.size() == 1 || bytes_ <= bytes_bound_, "{} packages hold {} bytes, {} are allowed",
                   packages_.size(), bytes_, bytes_bound_);
  }
  wake_loader_();
  return true;
}

void PackageQueue::set_idle_position(Lsn position) {
  {
    const std::lock_guard lock(mutex_);
    if (position <= idle_position_) return;
    idle_position_ = position;
  }
  wake_loader_();
}

bool PackageQueue::drained() const {
  const std::lock_guard lock(mutex_);
  return packages_.empty() && !in_hand_;
}

void PackageQueue::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  wake_loader_();
}

PackageFeed::Taken PackageQueue::take() {
  Taken taken;
  {
    const std::lock_guard lock(mutex_);
    if (packages_.empty()) {
      taken.idle_position = idle_position_;
      taken.closed = closed_;
      return taken;
    }
    taken.package = std::move(packages_.front());
    packages_.pop_front();
    bytes_ -= held_bytes(*taken.package);
    in_hand_ = true;
    in_hand_commit_time_ = commit_time(*taken.package);
    if (!std::exchange(refused_, false)) return taken;
  }
  wake_receiver_();
  return taken;
}

void PackageQueue::finished() {
  const std::lock_guard lock(mutex_);
  in_hand_ = false;
  in_hand_commit_time_ = 0;
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

}  // namespace walbrook::replication
