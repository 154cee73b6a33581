// Enforces the limits of queries.
//
// Threads: each Database has one thread for this, from the first query on; it sleeps while there is no query. Queries
// register from the threads that run them.
//
// Every 20 ms the thread looks at each registered query. A query that is over its time, was asked to stop, or is
// running while the process is over its memory ceiling, gets a reason, and is interrupted at every look until it
// returns: DuckDB forgets an interrupt that comes between two statements of one query (1.5.5: a statement clears it
// when it begins).
//
// The thread asks DuckDB for nothing. Lowering `threads` while a query and a load were running was tried and given up.
// The change joins the workers, and until they come back every other statement of the instance waits too; a worker that
// computed one chunk of a cross product came back after six seconds.
//
// Invariants:
//   * a query is registered only while its thread holds the session's connection, so that its interrupt reaches it;
//   * a reason never changes once it is set.
//
// Interleaving: query Q has run for its five minutes; the thread gives it the reason `timeout` and interrupts it; Q is
// between two statements and does not notice; the next look interrupts it again; Q fails, removes itself from the list
// and reads its reason.
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

  // REQUIRES: `database` outlives the watch.
  explicit QueryWatch(duckdb_database database);
  QueryWatch(const QueryWatch&) = delete;
  QueryWatch& operator=(const QueryWatch&) = delete;
  ~QueryWatch();

  // Must be called when DuckDB's memory_limit has changed.
  void memory_limit_changed();

  // A registered query, for the time that it runs.
  class Query {
   public:
    // Any thread sets `stop` to end the query. The watching thread calls `interrupt`. REQUIRES: `watch` and `stop`, and
    // what `interrupt` uses, outlive the query.
    Query(QueryWatch& watch, const QueryLimits& limits, const std::atomic<bool>& stop, std::function<void()> interrupt);
    Query(const Query&) = delete;
    Query& operator=(const Query&) = delete;
    ~Query();

    // Ends the registration, so that the query is not interrupted any more. Returns why it was interrupted. May be
    // called more than once.
    Reason finish();
    [[nodiscard]] std::uint64_t memory_limit() const { return memory_; }  // bytes

   private:
    friend class QueryWatch;
    QueryWatch& watch_;
    const std::atomic<bool>& stop_;
    std::function<void()> interrupt_;
    std::chrono::steady_clock::time_point deadline_;
    std::uint64_t memory_;  // ceiling for the process's resident bytes; 0 = none
    Reason reason_ = Reason::none;
    std::list<Query*>::iterator place_;
    bool is_registered_ = true;
  };

 private:
  void watch();
  void look(std::chrono::steady_clock::time_point now);
  [[nodiscard]] std::uint64_t default_memory();

  duckdb_database database_;
  int statm_;  // /proc/self/statm, opened at the start so that memory is watched when descriptors run short

  std::mutex default_mutex_;          // guards default_memory_
  std::uint64_t default_memory_ = 0;  // follows from DuckDB's memory_limit; 0: not read yet

  std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  std::list<Query*> queries_;
  bool stopping_ = false;
  bool is_started_ = false;
  std::thread thread_;
};

// Converts a size as DuckDB shows it, "183.1 MiB", to bytes; 0 if it cannot be read.
[[nodiscard]] std::uint64_t bytes_of_setting(std::string_view text);
// Returns the resident memory of this process in bytes, from an open /proc/self/statm; 0 if it cannot be read.
[[nodiscard]] std::uint64_t resident_bytes(int statm);

}  // namespace walbrook::destination::duckdb
