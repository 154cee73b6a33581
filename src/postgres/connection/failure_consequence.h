// What follows from an error of the source. It is decided here and nowhere else.
//
// docs/operations.md shows the same table ("When the source fails"), and a test compares the two.
#pragma once

#include <span>
#include <string_view>

#include "base/error.h"

namespace walbrook::postgres {

enum class Consequence {
  wait,   // the source is waited for and tried again
  end,    // the run ends at once
  copy,   // the copy under way is tried again; nothing else is touched
  table,  // this table alone is suspended
};

// The request that failed at the source.
enum class Asked {
  connection,  // Connection::open
  stream,      // the slot's changes
  catalog,     // a query of the catalog poll, or of a run's preparation
  copy,        // a table's rows, or the snapshot in which they are read
};

// Errors that have the same consequences.
struct FailureClass {
  std::string_view name;       // as in the documentation
  std::string_view sqlstates;  // "57P 25P03": SQLSTATEs or their beginnings; "" = errors without one
  Consequence before;          // before the first success of the run
  Consequence after;           // after it
  Consequence of_copy;
};

// The most specific SQLSTATE decides, whatever the order. The last class holds everything else.
[[nodiscard]] std::span<const FailureClass> failure_classes();
[[nodiscard]] Consequence consequence_of(const Error& failed, Asked asked, bool succeeded_before);

}  // namespace walbrook::postgres
