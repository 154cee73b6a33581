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

#include "postgres/connection/server_wait.h"
#include "postgres/protocol/message.h"
#include "postgres/slot/slot.h"
#include "postgres/stream/change_reader.h"

namespace walbrook::postgres {

struct PeekOptions {
  std::string slot;
  std::string publication;
  int protocol = 0;  // 0: the newest that the server has
  postgres::Streaming streaming = postgres::Streaming::off;
  bool binary = false;
  bool messages = false;
  std::optional<Lsn> end;                 // commits before it are enough
  std::uint64_t enough = 0;               // so many messages are enough; 0: all there are
  std::string logical_decoding_work_mem;  // logical_decoding_work_mem; "": as it is set
};

// Ends where the slot has no more, or enough was read. Moves nothing, so that it keeps no position and `confirm` does
// nothing.
class SlotPeek final : public ChangeReader {
 public:
  // Throws Error: source_not_ready when slot or publication are missing or not to be read, or the server is too old for
  // what is asked.
  SlotPeek(const Endpoint& endpoint, const PeekOptions& options);
  ~SlotPeek() override;  // what is not read is cancelled

  [[nodiscard]] int server_version() const { return connection_.server_version(); }
  [[nodiscard]] int protocol() const { return protocol_; }
  [[nodiscard]] bool two_phase() const { return two_phase_; }

  [[nodiscard]] Poll poll(Frame& out) override;
  // Waits for stop_interval at most, so that `interrupt` has nothing to do.
  void wait_until(SteadyTime until) override;
  void interrupt() override {}
  [[nodiscard]] Lsn begins_at() const override { return begins_at_; }
  [[nodiscard]] Lsn position() const override { return begins_at_; }
  void confirm(Lsn /*durable*/) override {}

 private:
  void check(const PeekOptions& options);
  void begin(const PeekOptions& options);
  // False: the row holds no frame, being the header or the trailer of COPY.
  bool take_row(std::string_view row, Frame& out);

  Connection connection_;
  std::string slot_;
  std::string doing_;  // for errors
  int protocol_ = 0;
  Lsn begins_at_;
  bool two_phase_ = false;
  bool reading_ = false;
  bool began_ = false;  // COPY's header was read
  Connection::CopyRow row_;
  std::optional<ServerWait> wait_;  // for the next row; none while rows come
};

}  // namespace walbrook::postgres
