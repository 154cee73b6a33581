// A model of the walsender's decoding: it turns the log into frames of pgoutput, with the real encoder.
//
// It reads the log from the beginning on every connection, as a server does from restart_lsn. It collects the changes
// of a transaction until the commit; from protocol version 2 on, it may send the changes so far earlier, in blocks.
// PostgreSQL's own rule decides what is sent again on a new connection: a transaction is not sent if its commit record
// (for a prepared one, its PREPARE record) starts before `begins_at`.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "postgres/protocol/message.h"
#include "test/sim/seeded.h"
#include "test/sim/server.h"

namespace walbrook::sim {

struct DecodingOptions {
  Lsn begins_at;
  int protocol = 1;
  bool streaming = false;
  bool two_phase = false;
};

class Decoding {
 public:
  // Borrows `server` for its lifetime. `random` decides when a part of an open transaction is sent.
  Decoding(const Server& server, const DecodingOptions& options, Random random)
      : server_(server), options_(options), random_(random) {}

  // Returns nullopt if everything in the log was sent.
  [[nodiscard]] std::optional<std::string> next_frame();
  // Everything committed before this position has been returned by `next_frame`.
  [[nodiscard]] Lsn position() const { return position_; }

 private:
  struct Buffered {
    std::vector<std::size_t> changes;  // indexes into the log, not sent yet
    bool streamed = false;
    std::set<Xid> sent_subxids;
    std::map<Oid, std::uint64_t> described;  // within its blocks: the version of the shape
  };

  void decode(const WalRecord& record);
  void on_change(const WalRecord& record);
  void on_alteration(const WalRecord& record);
  void on_rollback_to(const WalRecord& record);
  void on_commit(const WalRecord& record);
  void on_rollback(const WalRecord& record);
  void on_prepare(const WalRecord& record);
  void on_end_of_prepared(const WalRecord& record);
  void send_block(Xid xid, Buffered& transaction);
  void send_changes(Buffered& transaction, std::map<Oid, std::uint64_t>& described);
  void send_change(const WalRecord& record, std::map<Oid, std::uint64_t>& described);
  void describe(const Shape& shape, Xid xid, std::map<Oid, std::uint64_t>& described);
  void send(const postgres::Message& message);
  void send_stream_abort(const WalRecord& record, Xid subxid);
  [[nodiscard]] bool has_published_changes(const Buffered& transaction) const;

  const Server& server_;
  DecodingOptions options_;
  Random random_;
  std::size_t next_record_ = 0;
  Lsn position_;
  Lsn decoded_;
  std::deque<std::string> frames_;
  postgres::Wire wire_{};
  std::map<Xid, Buffered> transactions_;
  std::map<Oid, std::uint64_t> described_;
};

}  // namespace walbrook::sim
