// Selects the messages of a stream that are shown, by table and by transaction.
//
// A transaction is selected by the LSN of its commit (or prepare): --from-lsn is inclusive and --to-lsn is exclusive,
// like `walbrook run --until-lsn`. The commit LSN is not known yet in a block of a streamed transaction, which is
// selected by the LSN of its first message. If tables are given, the messages that begin and end a transaction are
// shown only if a change of one of these tables is.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cli/decode/decode_relations.h"
#include "postgres/catalog/table_name.h"
#include "postgres/slot/slot.h"

namespace walbrook::cli {

struct DecodeFilter {
  std::vector<postgres::TableName> tables;  // empty: all messages, including those that belong to no table
  std::optional<Lsn> from, to;

  [[nodiscard]] bool empty() const { return tables.empty() && !from && !to; }
};

class FilteredStream {
 public:
  explicit FilteredStream(DecodeFilter filter) : filter_(std::move(filter)) {}

  enum class Shown {
    no,
    yes,
    if_more_follows,  // begins a transaction or a block: shown together with the first message shown in it
  };
  // Called for every message in order, after `relations` has learned from it.
  [[nodiscard]] Shown decide(Lsn lsn, const postgres::Message& message, const AnnouncedRelations& relations);

  // True between the message that begins a transaction or a block and the one that ends it.
  [[nodiscard]] bool open() const { return open_; }

  // Returns those of `tables` that no Relation message has named so far.
  [[nodiscard]] std::vector<std::string> tables_not_seen() const;

 private:
  [[nodiscard]] bool within(Lsn lsn) const;
  [[nodiscard]] bool asked_for(Oid relation, const AnnouncedRelations& relations);
  [[nodiscard]] bool of_tables(const postgres::Message& message, const AnnouncedRelations& relations);
  Shown begin(Lsn lsn, std::uint32_t xid);
  Shown end();
  Shown ending_of(Lsn lsn, std::uint32_t xid);

  DecodeFilter filter_;
  std::set<std::string> seen_;
  bool open_ = false;
  bool open_within_ = false;  // its LSN is in the range
  bool open_shown_ = false;   // some message of it was shown
  std::uint32_t open_xid_ = 0;
  std::set<std::uint32_t> shown_xids_;  // streamed and prepared transactions, from the first message shown to their end
};

}  // namespace walbrook::cli
