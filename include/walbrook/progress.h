// What a run reports while it is at work.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace walbrook {

struct Progress {
  enum class Event {
    waiting,         // for transactions that are open in the source; `text` names them
    copy_started,    // the copy of `table` begins
    copy_advanced,   // rows of `table` were copied
    copy_finished,   // all rows of `table` were copied
    copy_restarted,  // `text` is the reason; `rows` counts from 0 again
    applied,         // changes were applied; `rows` counts them in this run so far, over all tables
  } event = Event::applied;
  std::string table{};     // "public.orders", as the source names it; "" for waiting and applied
  std::uint64_t rows = 0;  // so far: rows of the copy, or changes for applied
  // Of the copied rows so far: as received from the source, or for the program's own rows in memory. 0 for applied.
  std::uint64_t bytes = 0;
  std::int64_t estimated_rows = -1;  // for copy_started; -1 = the source has no estimate
  double seconds = 0;                // for copy_finished: how long the copy took
  std::string text{};
};

// The callback is called from threads of the library, one call at a time, and never after `run` has returned. It should
// return soon, because the run waits for it. An exception that it throws ends the run as a stop token would, and `run`
// throws it.
using ProgressCallback = std::function<void(const Progress&)>;

}  // namespace walbrook
