// A transaction that is tried again after a conflict.
#pragma once

#include <chrono>
#include <thread>

#include "destination/duckdb/connection.h"

namespace walbrook::destination::duckdb {

// Runs `work` in a transaction of the connection and commits it. If another transaction of an attached database wrote
// the same (Failure::conflict), it is rolled back and run again, up to some ten times. REQUIRES: `work` may run several
// times, and the connection has no open transaction.
template <class Work>
void run_retried(Connection& connection, const Work& work, std::string_view doing = "a statement") {
  constexpr int most_attempts = 12;
  constexpr std::chrono::milliseconds first_wait{20};
  for (int attempt = 1;; ++attempt) {
    {
      const auto writing = connection.database().begin_writing();
      connection.execute("BEGIN TRANSACTION");
      try {
        work();
        connection.commit(doing);
        return;
      } catch (const DuckDbError& failed) {
        connection.rollback();
        if (!failed.is_conflict() || attempt == most_attempts) throw;
      } catch (...) {
        connection.rollback();
        throw;
      }
    }
    std::this_thread::sleep_for(attempt * first_wait);
  }
}

}  // namespace walbrook::destination::duckdb
