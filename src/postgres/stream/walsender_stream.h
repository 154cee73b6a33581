// The change reader that streams, by START_REPLICATION (COPY BOTH) on a replication connection.
#pragma once

#include <memory>
#include <stop_token>

#include "base/error.h"
#include "postgres/connection/known_server.h"
#include "postgres/stream/change_reader.h"

namespace walbrook::postgres {

struct StreamOptions {
  Endpoint conninfo;
  std::string slot;
  std::string publication;
  Lsn start;                      // the checkpoint; the slot must not be ahead of it
  Lsn compare_from = {};          // if the slot is behind the checkpoint, the stream begins
                                  // here or at the slot's position; unset: at the checkpoint
  KnownServer* server = nullptr;  // borrowed: the server that has to answer
  int protocol = 1;               // 1 to 4
  bool streaming = true;          // of large transactions while they run, from protocol 2 on
  bool two_phase = false;         // protocol 3 on, see SlotState::two_phase
  std::string origin;             // "any", "none" (16+); "" = the server's default, any
  bool binary = false;            // request binary tuples (14+)
  bool messages = true;           // request logical messages (14+)
  // How often the server is asked for its position. A run that waits for its end learns by this that nothing more
  // comes.
  milliseconds position_interval{1'000};
  bool as_stored = false;                               // text in the database's own encoding, see CannotConvert
  std::string logical_decoding_work_mem = "256MB";      // logical_decoding_work_mem of the walsender
  milliseconds wait_for_active = milliseconds(30'000);  // how long to wait for a slot that another process reads
};

// The server could not send a transaction while it was running. That happens to some that rewrite a table (XX000,
// "could not map filenumber … to relation OID"). Once the transaction has committed, the server may succeed; if not,
// the transaction is known by its commit. The caller reads on without streaming.
class CannotStream : public Error {
 public:
  using Error::Error;
};

// The server converts text from an encoding of several bytes per character, and one value cannot be converted (22P05,
// 22021). The stream has to be requested with `as_stored`.
class CannotConvert : public Error {
 public:
  using Error::Error;
};

// The server failed over the contents of a transaction: a row of more than 1 GB as text, or a value that its type's
// output function refuses. It fails there again each time.
class CannotSend : public Error {
 public:
  using Error::Error;
};

// Starts to stream. If the slot is active in another process, logs its PID and waits for it as long as
// `wait_for_active`. Then throws Error(source_not_ready) that names the PID.
[[nodiscard]] std::unique_ptr<ChangeReader> start_streaming(const StreamOptions& options, std::stop_token stop);

}  // namespace walbrook::postgres
