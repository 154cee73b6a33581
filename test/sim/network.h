// The connection between the model server and the engine, as a change reader. What happens on it is the scheduler's:
// how many frames are there to be read now, and when it breaks.
#pragma once

#include <functional>
#include <memory>

#include "postgres/stream/change_reader.h"
#include "test/sim/decoding.h"

namespace walbrook::sim {

struct Network {
  std::size_t frames = 0;      // that may be read before there is nothing; the rest has not arrived
  std::uint64_t broken = 0;    // grows with every loss of connection
  bool tells_position = true;  // keepalives arrive
  bool reaches_catalog = true;
  std::function<void(Lsn)> confirmed = [](Lsn) {};  // what the server was told to be durable
};

// Borrows `server` and `network`.
[[nodiscard]] std::unique_ptr<postgres::ChangeReader> open_connection(Server& server, Network& network,
                                                                      const DecodingOptions& options, Random random);

}  // namespace walbrook::sim
