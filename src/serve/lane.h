// A kind of request with threads of its own, so that it never waits behind requests of other kinds.
//
// A job is made by the reception's thread (local_server.cpp) and answered by one of the lane's threads. It keeps its
// thread until its answer was sent or given up: what waits to be sent is then bounded by the number of threads, however
// slowly clients read.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "destination/open_destination.h"
#include "serve/http_message.h"

namespace walbrook::serve {

struct Answer {
  int status = 200;
  std::string body;  // JSON
};

class Job {
 public:
  explicit Job(HttpRequest request) : request_(std::move(request)) {}
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  [[nodiscard]] const HttpRequest& request() const { return request_; }

  // Nobody wants the answer any more: the query that runs for it is interrupted. To be called again until
  // is_answered(): DuckDB forgets an interrupt that comes between two statements.
  void cancel();
  [[nodiscard]] bool is_cancelled() const { return cancelled_; }
  [[nodiscard]] bool is_answered() const { return answered_; }
  // REQUIRES: is_answered().
  [[nodiscard]] Answer& answer() { return answer_; }
  // The answer was sent, or nobody takes it: its thread goes on.
  void release();

  // The query of the lane's thread, for the time of its answer.
  class Running {
   public:
    Running(Job& job, destination::ReadSession& session);
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    ~Running();

   private:
    Job& job_;
  };

 private:
  friend class Lane;
  HttpRequest request_;
  std::atomic<bool> cancelled_ = false;
  std::atomic<bool> answered_ = false;
  Answer answer_;  // the lane's thread until it is answered, then the reception's

  std::mutex mutex_;
  std::condition_variable released_changed_;
  destination::ReadSession* session_ = nullptr;
  bool released_ = false;
};

class Lane {
 public:
  struct Options {
    int threads = 1;
    std::size_t most_waiting = 128;  // jobs that have no thread yet; as many as there are connections
    // Added to the threads' nice value, so that the system prefers the threads that load.
    int nice = 0;
  };
  using Work = std::function<Answer(Job&)>;

  // `work` answers a job and throws nothing; `answered` is called after it, by the lane's thread.
  Lane(const Options& options, Work work, std::function<void()> answered);
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;
  ~Lane();  // waits for the jobs in hand

  // How many jobs go before it; nullopt: too many wait already.
  [[nodiscard]] std::optional<std::size_t> put(const std::shared_ptr<Job>& job);
  // False: a thread has it already.
  bool take_back(const std::shared_ptr<Job>& job);
  // Jobs that wait are forgotten, and no more are taken.
  void close();

 private:
  void run();

  Options options_;
  Work work_;
  std::function<void()> answered_;
  std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Job>> waiting_;
  int free_;
  bool closed_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace walbrook::serve
