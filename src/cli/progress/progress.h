// Shows the progress of a run: as bars on a terminal, as plain lines in a log, or as one JSON object per line for a
// program.
#pragma once

#include <functional>
#include <memory>

#include "replication/runtime/run.h"

namespace walbrook::cli {

class Progress : public replication::RunObserver {
 public:
  // Starts a thread that reports progress; the thread calls `status`. `finish` ends it.
  virtual void begin(std::function<replication::RunStatus()> status) = 0;
  // Ends all reports and erases what was drawn to be redrawn. May be called even if `begin` was not.
  virtual void finish() = 0;
};

}  // namespace walbrook::cli
