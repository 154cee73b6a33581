// The change reader that streams: START_REPLICATION on a replication connection, COPY BOTH.
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
  Lsn compare_from = {};          // where the slot is behind the checkpoint, the stream begins
                                  // here or at the slot's position; unset: at the checkpoint
  KnownServer* server = nullptr;  // borrowed: who has to answer
  int protocol = 1;               // 1 to 4
  bool streaming = true;          // of large transactions while they run, from protocol 2 on
  bool two_phase = false;         // protocol 3 on, see SlotState::two_phase
  std::string origin;             // "any", "none" (16+); "" = the server's default, any
  bool binary = false;            // ask for binary tuples (14+)
  bool messages = true;           // logical messages are understood (14+)
  // How often the server is asked how far it is. A run that waits for its end learns by this that nothing more comes.
  milliseconds position_interval{1'000};
  bool as_stored = false;                               // text in the database's own encoding, see CannotConvert
  std::string logical_decoding_work_mem = "256MB";      // logical_decoding_work_mem of the walsender
  milliseconds wait_for_active = milliseconds(30'000);  // how long a slot that another process reads is waited for
};

// The server could not send a transaction while it runs, as happens to some that rewrite a table (XX000, "could not map
// filenumber … to relation OID"). Once it has committed it may; and if not, it is known by its commit: read on without
// streaming.
class CannotStream : public Error {
 public:
  using Error::Error;
};

// The server converts text from an encoding of several bytes a character, and one value cannot be converted (22P05,
// 22021). The stream has to be asked for as_stored.
class CannotConvert : public Error {
 public:
  using Error::Error;
};

// The server failed over the contents of a transaction: a row of more than 1 GB as text, a value that its type's output
// function refuses. It fails there again each time.
class CannotSend : public Error {
 public:
  using Error::Error;
};

// A slot that is active in another process is waited for, logging its PID; then Error(source_not_ready) naming it.
[[nodiscard]] std::unique_ptr<ChangeReader> start_streaming(const StreamOptions& options, std::stop_token stop);

}  // namespace walbrook::postgres
