// Holds queries to their limits.
//
// Threads: one of its own for each Database, from the first query on; it sleeps while there is no query. Queries
// register from the threads that run them.
//
// Every 20 ms the thread looks at each registered query. One that is over its time, asked to stop, or caught while the
// process is over its memory ceiling gets a reason, and is interrupted at every look until it returns: DuckDB forgets
// an interrupt that comes between two statements of one query (1.5.5: a statement clears it when it begins).
//
// The thread asks DuckDB for nothing. Tried and left: lowering `threads` while a query and a load are at work. The
// change joins the workers, and until they come back every other statement of the instance waits with it; a worker that
// computes one chunk of a cross product came back after six seconds.
//
// Invariants:
//   * a query is registered only while its thread holds the session's connection, so that its interrupt reaches it;
//   * a reason never changes once it is set.
//
// Interleaving: query Q runs for its five minutes; the thread gives it the reason `timeout` and interrupts it; Q is
// between two statements and does not notice; the next look interrupts it again; Q fails, takes itself off the list and
// reads its reason.
#pragma once

#include <duckdb.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <string_view>
#include <thread>

#include "destination/query_limits.h"

namespace walbrook::destination::duckdb {

class QueryWatch {
 public:
  enum class Reason : std::uint8_t { none, timeout, memory, stopped };

  // `database` outlives it.
  explicit QueryWatch(duckdb_database database);
  QueryWatch(const QueryWatch&) = delete;
  QueryWatch& operator=(const QueryWatch&) = delete;
  ~QueryWatch();

  // DuckDB's memory_limit is another now.
  void memory_limit_changed();

  // One query, for the time that it runs.
  class Query {
   public:
    // `stop`: set by any thread that wants its end. `interrupt` is called by the watching thread. Both outlive it.
    Query(QueryWatch& watch, const QueryLimits& limits, const std::atomic<bool>& stop, std::function<void()> interrupt);
    Query(const Query&) = delete;
    Query& operator=(const Query&) = delete;
    ~Query();

    // It is not interrupted any more. Why it was; may be called more than once.
    Reason finish();
    [[nodiscard]] std::uint64_t memory_limit() const { return memory_; }  // bytes

   private:
    friend class QueryWatch;
    QueryWatch& watch_;
    const std::atomic<bool>& stop_;
    std::function<void()> interrupt_;
    std::chrono::steady_clock::time_point deadline_;
    std::uint64_t memory_;  // resident bytes of the process
    Reason reason_ = Reason::none;
    std::list<Query*>::iterator place_;
    bool is_registered_ = true;
  };

 private:
  void watch();
  void look(std::chrono::steady_clock::time_point now);
  [[nodiscard]] std::uint64_t default_memory();

  duckdb_database database_;
  int statm_;  // /proc/self/statm, open from the start: a process that is short of descriptors still watches its memory

  std::mutex default_mutex_;          // guards default_memory_
  std::uint64_t default_memory_ = 0;  // by DuckDB's memory_limit; 0: it was not read yet

  std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  std::list<Query*> queries_;
  bool stopping_ = false;
  bool is_started_ = false;
  std::thread thread_;
};

// "183.1 MiB" as DuckDB shows a size, in bytes; 0 where it cannot be read.
[[nodiscard]] std::uint64_t bytes_of_setting(std::string_view text);
// Of this process, in bytes, from an open /proc/self/statm; 0 where it cannot be read.
[[nodiscard]] std::uint64_t resident_bytes(int statm);

}  // namespace walbrook::destination::duckdb
