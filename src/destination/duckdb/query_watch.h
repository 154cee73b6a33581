// Holds queries to their limits, and keeps them from slowing down loads.
//
// Threads: one of its own for each Database, from the first query on; it sleeps while there is no query. Queries
// register from the threads that run them, the loader's thread tells when a load is at work.
//
// Every tick_ms the thread looks at each registered query. One that is over its time, asked to stop, or caught while
// the process is over its memory ceiling gets a reason, and is interrupted at every tick until it returns: DuckDB
// forgets an interrupt that comes between two statements of one query (1.5.5: a statement clears it when it begins).
//
// While a query and a load are at work at the same time, DuckDB has one thread: each then runs on the thread that asked
// for it, so that a query takes one core at most, and a load never waits for a task of a query. `threads` is a setting
// of the whole instance; changing it joins the workers, which takes up to 26 ms where they run queries that give way
// (scheduler_process_partial, open_file.cpp; without it a change took 1.6 s). So this thread changes it, not the
// loader.
//
// Invariants:
//   * a query is registered only while its thread holds the session's connection, so that its interrupt reaches it;
//   * a reason never changes once it is set;
//   * the number of threads is restored some time (calm_ms) after the last load, or with the last query.
//
// Interleaving: query Q registers; load L begins and sets last_load; the thread sees both and lowers the threads; L
// commits; Q goes on with one thread; calm_ms later the thread restores them, and Q's workers help it again.
#pragma once

#include <duckdb.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "destination/query_limits.h"

namespace walbrook::destination::duckdb {

class QueryWatch {
 public:
  enum class Reason : std::uint8_t { none, timeout, memory, stopped };

  // `database` outlives it. `may_set_threads`: its configuration is not locked.
  QueryWatch(duckdb_database database, bool may_set_threads);
  QueryWatch(const QueryWatch&) = delete;
  QueryWatch& operator=(const QueryWatch&) = delete;
  ~QueryWatch();

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

  // A load begins or commits. Cheap; any thread.
  void load_is_at_work() { last_load_ = std::chrono::steady_clock::now().time_since_epoch().count(); }

 private:
  void watch();
  void look(std::chrono::steady_clock::time_point now);
  [[nodiscard]] std::uint64_t default_memory();

  duckdb_database database_;
  bool may_set_threads_;
  int statm_;  // /proc/self/statm, open from the start: a process that is short of descriptors still watches its memory
  std::atomic<std::chrono::steady_clock::rep> last_load_ = 0;

  std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  std::list<Query*> queries_;
  bool stopping_ = false;
  bool is_started_ = false;
  std::string lowered_from_;  // `threads` before they were lowered; "": they are not
  std::thread thread_;
};

// "183.1 MiB" as DuckDB shows a size, in bytes; 0 where it cannot be read.
[[nodiscard]] std::uint64_t bytes_of_setting(std::string_view text);
// Of this process, in bytes, from an open /proc/self/statm; 0 where it cannot be read.
[[nodiscard]] std::uint64_t resident_bytes(int statm);

}  // namespace walbrook::destination::duckdb
