// Reads a slot's messages without moving it: pg_logical_slot_peek_binary_changes over an ordinary connection.
//
// Every peek decodes from the slot's restart_lsn on again. So everything that is wanted is requested at once and taken
// row by row, and memory on this side does not grow with what the slot holds. The server keeps on its disk what exceeds
// work_mem.
//
// `two_phase` is never requested, because a mere peek with it would turn it on for the slot permanently. A slot that
// has it decodes prepared transactions in any case, whatever is requested (tried with 15 and 18, protocol 1 included).
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
  int protocol = 0;  // 0 = the newest that the server supports
  postgres::Streaming streaming = postgres::Streaming::off;
  bool binary = false;
  bool messages = false;
  std::optional<Lsn> end;                 // transactions that commit before it are enough
  std::uint64_t enough = 0;               // this many messages are enough; 0 = all there are
  std::string logical_decoding_work_mem;  // "" = the server's setting
};

// Ends when the slot has no more messages, or enough were read. It moves nothing, so it keeps no position and `confirm`
// does nothing.
class SlotPeek final : public ChangeReader {
 public:
  // Throws Error(source_not_ready) if slot or publication is missing or cannot be read, or if the server is too old for
  // the request.
  SlotPeek(const Endpoint& endpoint, const PeekOptions& options);
  ~SlotPeek() override;  // cancels what was not read

  [[nodiscard]] int server_version() const { return connection_.server_version(); }
  [[nodiscard]] int protocol() const { return protocol_; }
  [[nodiscard]] bool two_phase() const { return two_phase_; }

  [[nodiscard]] Poll poll(Frame& out) override;
  // Waits for stop_interval at most, so `interrupt` has nothing to do.
  void wait_until(SteadyTime until) override;
  void interrupt() override {}
  [[nodiscard]] Lsn begins_at() const override { return begins_at_; }
  [[nodiscard]] Lsn position() const override { return begins_at_; }
  void confirm(Lsn /*durable*/) override {}

 private:
  void check(const PeekOptions& options);
  void begin(const PeekOptions& options);
  // Returns false if the row holds no frame, because it is the header or the trailer of COPY.
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
  std::optional<ServerWait> wait_;  // for the next row; unset while rows arrive
};

}  // namespace walbrook::postgres
