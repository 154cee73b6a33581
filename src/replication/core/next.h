// What a state machine of the core asks for when a step is over.
//
// A step does what can be done now and never waits: it returns what it waits for and until when, and its runner (a
// thread of runtime/, a test, the simulation) waits. A step that comes too early does no harm; one that comes too late
// delays what is due.
#pragma once

#include <variant>

#include "base/clock.h"

namespace walbrook::replication {

// The next step has something to do at once.
struct RunAgain {};

enum class Awaited {
  work,     // loader: a batch, an idle position or a message
  catalog,  // loader: a catalog poll that shows what came with the batch in hand
  retry,    // the time alone: what failed is tried again then
  source,   // receiver: frames of the open stream
  room,     // receiver: the loader has taken or finished a batch
};

struct Wait {
  SteadyTime until;  // the next step is due then, or as soon as what is awaited has come
  Awaited what = Awaited::retry;
};

// Nothing is left to do, and nothing will come.
struct Done {};

using Next = std::variant<RunAgain, Wait, Done>;

}  // namespace walbrook::replication
