// A run as somebody watches it: bars on a terminal, plain lines in a log, one JSON object a line for a program.
#pragma once

#include <functional>
#include <memory>

#include "replication/runtime/run.h"

namespace walbrook::cli {

class Progress : public replication::RunObserver {
 public:
  // Starts to tell, in a thread of its own; `status` is asked from it. Ends with `finish`.
  virtual void begin(std::function<replication::RunStatus()> status) = 0;
  // Nothing is told any more, and what was drawn to be redrawn is gone. Also when `begin` was never called.
  virtual void finish() = 0;
};

}  // namespace walbrook::cli
