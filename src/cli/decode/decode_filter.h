// Which messages of a stream are shown: of some tables, of some transactions.
//
// A transaction counts by where it commits (is prepared): --from-lsn is in, --to-lsn is out, as `walbrook run
// --until-lsn` has it. A block of a streamed transaction does not know that yet and counts by its first message.
// With tables, what frames a transaction is shown only where a change of these tables is.
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
  std::vector<postgres::TableName> tables;  // empty: all, and what belongs to no table
  std::optional<Lsn> from, to;

  [[nodiscard]] bool empty() const { return tables.empty() && !from && !to; }
};

class FilteredStream {
 public:
  explicit FilteredStream(DecodeFilter filter) : filter_(std::move(filter)) {}

  enum class Shown {
    no,
    yes,
    if_more_follows,  // what begins a transaction or a block: with its first message that is shown
  };
  // For every message in turn, when the relations have learned of it.
  [[nodiscard]] Shown decide(Lsn lsn, const postgres::Message& message, const AnnouncedRelations& relations);

  // Between what begins a transaction or a block and what ends it.
  [[nodiscard]] bool open() const { return open_; }

  // Those of `tables` that no Relation message has named so far.
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
  bool open_within_ = false;  // by its LSN
  bool open_shown_ = false;   // something of it was shown
  std::uint32_t open_xid_ = 0;
  std::set<std::uint32_t> shown_xids_;  // streamed and prepared ones of which something was shown, until they end
};

}  // namespace walbrook::cli
