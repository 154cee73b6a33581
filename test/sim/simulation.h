// A simulation: the model server, the engine and a destination, in an order that one seed decides.
//
// Each step lets one of them do one little thing: a client's statement, some frames, one step of the receiver, the
// loader or a copy, a catalog poll; or something breaks: the connection, the destination, the server, the engine's
// process. The auditor looks after each. In the end everything is repaired, all transactions end, and all tables must
// become equal.
//
// A crash of the engine is an exception that nothing of the engine catches: at any point of the destination, or
// between two steps. What it had in memory is gone then.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/planted.h"
#include "test/sim/tally.h"

namespace walbrook::sim {

struct SimulationResult {
  std::string violation;           // "" = the promises hold
  std::vector<std::string> trace;  // where it was asked for
  std::uint64_t crashes = 0;
  std::uint64_t commits = 0;  // of the destination
  std::uint64_t compared_tables = 0;
  Tally tally;
};

struct SimulationOptions {
  std::uint64_t seed = 1;
  bool traced = false;  // each step is written down
  planted::Fault fault = planted::Fault::none;
};
[[nodiscard]] SimulationResult simulate(const SimulationOptions& options);

}  // namespace walbrook::sim
