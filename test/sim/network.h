// The connection between the model server and the engine, as a change reader. The scheduler decides how many frames
// have arrived, and when the connection breaks.
#pragma once

#include <functional>
#include <memory>

#include "postgres/stream/change_reader.h"
#include "test/sim/decoding.h"

namespace walbrook::sim {

struct Network {
  std::size_t frames = 0;      // frames that have arrived and may be read
  std::uint64_t broken = 0;    // grows with every lost connection
  bool tells_position = true;  // keepalives arrive
  bool reaches_catalog = true;
  std::function<void(Lsn)> confirmed = [](Lsn) {};  // called with the position that the server was told is durable
};

// Borrows `server` and `network`.
[[nodiscard]] std::unique_ptr<postgres::ChangeReader> open_connection(Server& server, Network& network,
                                                                      const DecodingOptions& options, Random random);

}  // namespace walbrook::sim
