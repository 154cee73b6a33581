// A simulation runs the model server, the engine and a destination in an order that one seed decides.
//
// Each step lets one of them do one small thing: a client's statement, some frames, one step of the receiver, of the
// loader or of a copy, a catalog poll; or something breaks: the connection, the destination, the server, the engine's
// process. The auditor checks after each step. In the end everything is repaired, all transactions end, and all tables
// must become equal.
//
// A crash of the engine is an exception that the engine does not catch. It is thrown at any fault point of the
// destination, or between two steps. What the engine had in memory is lost.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/planted.h"
#include "test/sim/tally.h"

namespace walbrook::sim {

struct SimulationResult {
  std::string violation;           // "": the promises hold
  std::vector<std::string> trace;  // if it was requested
  std::uint64_t crashes = 0;
  std::uint64_t commits = 0;  // of the destination
  std::uint64_t compared_tables = 0;
  std::uint64_t followed_commands = 0;  // see Auditor
  Tally tally;
};

struct SimulationOptions {
  std::uint64_t seed = 1;
  bool traced = false;  // each step is recorded
  planted::Fault fault = planted::Fault::none;
};
[[nodiscard]] SimulationResult simulate(const SimulationOptions& options);

}  // namespace walbrook::sim
