#include "serve/lane.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace walbrook::serve {

void Job::cancel() {
  cancelled_ = true;
  const std::scoped_lock lock(mutex_);
  if (session_ != nullptr) session_->interrupt();
}

void Job::release() {
  {
    const std::scoped_lock lock(mutex_);
    released_ = true;
  }
  released_changed_.notify_all();
}

Job::Running::Running(Job& job, destination::ReadSession& session) : job_(job) {
  const std::scoped_lock lock(job_.mutex_);
  job_.session_ = &session;
}

Job::Running::~Running() {
  const std::scoped_lock lock(job_.mutex_);
  job_.session_ = nullptr;
}

Lane::Lane(const Options& options, Work work, std::function<void()> answered)
    : options_(options), work_(std::move(work)), answered_(std::move(answered)), free_(options.threads) {
  try {
    for (int i = 0; i < options.threads; ++i) threads_.emplace_back([this] { run(); });
  } catch (...) {
    close();  // ends the threads that were started
    throw;
  }
}

Lane::~Lane() {
  close();
  for (auto& thread : threads_) thread.join();
}

std::optional<std::size_t> Lane::put(const std::shared_ptr<Job>& job) {
  std::size_t ahead = 0;
  {
    const std::scoped_lock lock(mutex_);
    if (closed_ || waiting_.size() >= options_.most_waiting + static_cast<std::size_t>(free_)) return std::nullopt;
    waiting_.push_back(job);
    ahead = waiting_.size() - std::min(waiting_.size(), static_cast<std::size_t>(free_));
  }
  changed_.notify_one();
  return ahead;
}

bool Lane::take_back(const std::shared_ptr<Job>& job) {
  const std::scoped_lock lock(mutex_);
  return std::erase(waiting_, job) > 0;
}

void Lane::close() {
  {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
    waiting_.clear();
  }
  changed_.notify_all();
}

void Lane::run() {
  if (options_.nice != 0) {
    // Linux has a nice value per thread. If raising it is refused, the threads run like all others.
    const auto thread = static_cast<id_t>(::syscall(SYS_gettid));
    static_cast<void>(::setpriority(PRIO_PROCESS, thread, ::getpriority(PRIO_PROCESS, thread) + options_.nice));
  }
  while (true) {
    std::shared_ptr<Job> job;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return closed_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      job = std::move(waiting_.front());
      waiting_.pop_front();
      --free_;
    }
    job->answer_ = work_(*job);
    job->answered_ = true;
    answered_();
    {
      std::unique_lock lock(job->mutex_);
      job->released_changed_.wait(lock, [&job] { return job->released_; });
    }
    const std::scoped_lock lock(mutex_);
    ++free_;
  }
}

}  // namespace walbrook::serve
