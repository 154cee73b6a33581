// The observer of a run that is at work.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "postgres/slot/slot.h"

namespace walbrook::replication {

// Called as things happen, by several threads; implementations lock for themselves.
class RunObserver {
 public:
  RunObserver() = default;
  RunObserver(const RunObserver&) = delete;
  RunObserver& operator=(const RunObserver&) = delete;
  virtual ~RunObserver() = default;

  virtual void prepared(const std::string& line) = 0;  // "publication walbrook created for 4 tables of public; slot …"
  virtual void waiting_for(const std::vector<postgres::OpenWriter>& writers) = 0;  // before a snapshot
  virtual void copy_started(const std::string& table, std::int64_t estimated_rows, std::int64_t estimated_bytes) = 0;
  virtual void copy_advanced(const std::string& table, std::uint64_t rows,
                             std::uint64_t wire_bytes) = 0;  // totals so far
  virtual void copy_finished(const std::string& table, std::uint64_t rows, double seconds) = 0;
  virtual void copy_restarted(const std::string& table, const std::string& why) = 0;
};

}  // namespace walbrook::replication
