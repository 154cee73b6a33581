// What follows from an error of the source: the one place that decides it.
//
// docs/operations.md shows the same table ("When the source fails"), and a test compares the two.
#pragma once

#include <span>
#include <string_view>

#include "base/error.h"

namespace walbrook::postgres {

enum class Consequence {
  wait,   // for the source, and try again
  end,    // of the run, at once
  copy,   // the copy under way is tried again; nothing else is touched
  table,  // the one table is suspended
};

// What the source was asked for when it failed.
enum class Asked {
  connection,  // Connection::open
  stream,      // the slot's changes
  catalog,     // by the catalog poll, or while a run is prepared
  copy,        // a table's rows, or the snapshot that they are read in
};

// Errors of which the same follows.
struct FailureClass {
  std::string_view name;       // as the documents call it
  std::string_view sqlstates;  // "57P 25P03": SQLSTATEs or what they begin with; "" = those that have none
  Consequence before;          // the first success of the run
  Consequence after;           // it
  Consequence of_copy;
};

// The more special SQLSTATE counts, whatever the order. The last class holds everything else.
[[nodiscard]] std::span<const FailureClass> failure_classes();
[[nodiscard]] Consequence consequence_of(const Error& failed, Asked asked, bool succeeded_before);

}  // namespace walbrook::postgres
