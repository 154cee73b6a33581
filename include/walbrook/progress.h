// What a run tells of itself while it works.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace walbrook {

struct Progress {
  enum class Event {
    waiting,         // for transactions that are open in the source; `text` says whose
    copy_started,    // of `table`
    copy_advanced,   //
    copy_finished,   //
    copy_restarted,  // `text` says why; its rows count from 0 again
    applied,         // changes: `rows` of them in this run so far, over all tables
  } event = Event::applied;
  std::string table{};               // "public.orders", as the source names it; empty for waiting and applied
  std::uint64_t rows = 0;            // so far
  std::uint64_t bytes = 0;           // of the copied rows as they came over the wire, so far; 0 for applied
  std::int64_t estimated_rows = -1;  // of a copy that starts; -1: the source does not know
  double seconds = 0;                // of a copy that is finished
  std::string text{};
};

// Called from threads of the library, one call at a time, and never after `run` has returned. It should return soon:
// the run waits for it. What it throws ends the run as a stop token would, and comes out of `run`.
using ProgressCallback = std::function<void(const Progress&)>;

}  // namespace walbrook
