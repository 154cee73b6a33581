// A lane serves one kind of request with its own threads, so that it never waits for requests of other kinds.
//
// The reception's thread (local_server.cpp) creates a job, and one of the lane's threads answers it. That thread stays
// with the job until the answer was sent or given up. Memory for unsent answers is therefore bounded by the number of
// threads, however slowly clients read.
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

  // Called when nobody waits for the answer any more. Interrupts the query that runs for the job. Must be called again
  // until is_answered(), because DuckDB forgets an interrupt that comes between two statements.
  void cancel();
  [[nodiscard]] bool is_cancelled() const { return cancelled_; }
  [[nodiscard]] bool is_answered() const { return answered_; }
  // REQUIRES: is_answered().
  [[nodiscard]] Answer& answer() { return answer_; }
  // Called when the answer was sent or given up: lets the job's thread continue.
  void release();

  // Registers the query that the lane's thread runs for a job, for as long as the object lives.
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
  Answer answer_;  // the lane's thread writes it; after answered_, the reception's thread owns it

  std::mutex mutex_;
  std::condition_variable released_changed_;
  destination::ReadSession* session_ = nullptr;
  bool released_ = false;
};

class Lane {
 public:
  struct Options {
    int threads = 1;
    std::size_t most_waiting = 128;  // jobs without a thread; as many as there are connections
    // Added to the threads' nice value, so that the system prefers the threads that load.
    int nice = 0;
  };
  using Work = std::function<Answer(Job&)>;

  // `work` answers a job and must not throw. The lane's thread calls `answered` after it.
  Lane(const Options& options, Work work, std::function<void()> answered);
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;
  ~Lane();  // waits for the jobs in progress

  // Enqueues a job and returns how many jobs are ahead of it; nullopt: too many are waiting already.
  [[nodiscard]] std::optional<std::size_t> put(const std::shared_ptr<Job>& job);
  // Removes a waiting job. Returns false if a thread has it already.
  bool take_back(const std::shared_ptr<Job>& job);
  // Drops the waiting jobs and accepts no more.
  void close();

 private:
  void run();

  Options options_;
  Work work_;
  std::function<void()> answered_;
  std::mutex mutex_;  // guards the members below
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Job>> waiting_;
  int free_;
  bool closed_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace walbrook::serve
