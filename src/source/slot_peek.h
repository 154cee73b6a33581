// A slot's messages without moving it: pg_logical_slot_peek_binary_changes over an ordinary connection.
//
// Every peek decodes from the slot's restart_lsn on again, so all that is wanted is asked for at once and taken row by
// row: on this side memory does not grow with what the slot holds. The server keeps the answer on its disk beyond
// work_mem.
//
// `two_phase` is never asked for: a mere peek with it would turn it on for the slot for good. A slot that has it
// decodes prepared transactions all the same, whatever is asked for (tried with 15 and 18, protocol 1 included).
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "pgoutput/message.h"
#include "source/change_reader.h"
#include "source/slot.h"

namespace walbrook::source {

struct PeekOptions {
  std::string slot;
  std::string publication;
  int protocol = 0;  // 0: the newest that the server has
  pgoutput::Streaming streaming = pgoutput::Streaming::off;
  bool binary = false;
  bool messages = false;
  std::optional<Lsn> end;       // commits before it are enough
  std::uint64_t enough = 0;     // so many messages are enough; 0: all there are
  std::string decoding_memory;  // logical_decoding_work_mem; "": as it is set
};

class SlotPeek {
 public:
  // Throws Error: source_not_ready when slot or publication are missing or not to be read, or the server is too old for
  // what is asked.
  SlotPeek(const Endpoint& endpoint, const PeekOptions& options);
  SlotPeek(const SlotPeek&) = delete;
  SlotPeek& operator=(const SlotPeek&) = delete;
  ~SlotPeek();  // what is not read is cancelled

  [[nodiscard]] int server_version() const { return connection_.server_version(); }
  [[nodiscard]] int protocol() const { return protocol_; }
  [[nodiscard]] bool two_phase() const { return two_phase_; }

  // False: there is nothing more. `out` is valid until the next call.
  [[nodiscard]] bool next(Frame& out);

 private:
  void check(const PeekOptions& options);
  void begin(const PeekOptions& options);
  void end();

  Connection connection_;
  std::string slot_;
  std::string doing_;  // for errors
  int protocol_ = 0;
  bool two_phase_ = false;
  bool reading_ = false;
  bool began_ = false;  // COPY's header was read
  Connection::CopyRow row_;
};

}  // namespace walbrook::source
