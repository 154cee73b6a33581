// The auditor: whether the promises hold, from two things alone: the source's ledger and what is durable in the
// destination. It shares no code with the model server or the engine.
//
//   P1  every streaming table holds the rows that the source had after the commits below the checkpoint, and no
//       checkpoint lies within a commit
//   P2  the same over crashes and repeated delivery: rows are counted, so that one that is lost or there twice shows;
//       the checkpoint never goes back
//       a table that left the publication has every change that was published before it left, unless it was to be
//       copied again by then: because it was altered, had left before and come back, or a user asked for it
//   P3  nothing is confirmed to the source before it is durable
//   P5  what the engine holds stays below its bounds
//
// A table's rows can differ from the ledger for a while where the stream does not tell of a change: the table was not
// published just then, or was rewritten. Such a change has `sent` = false. Its table is not compared from the first
// sent change that follows until a newer copy takes its place; at the end of a simulation every published table must
// equal the source.
#pragma once

#include <map>
#include <set>
#include <stdexcept>
#include <string>

#include "test/sim/ledger.h"
#include "test/sim/replica_state.h"

namespace walbrook::sim {

class Violation : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Auditor {
 public:
  // Borrows `ledger`, which grows.
  explicit Auditor(const Ledger& ledger) : ledger_(ledger) {}

  // Throws Violation, as all below.
  void check(const ReplicaState& state);
  // The source was told that everything before `confirmed` is durable.
  void check_confirmed(Lsn confirmed, Lsn checkpoint) const;
  void check_bound(const std::string& what, std::size_t held, std::size_t bound) const;
  // A user asks for a new copy of the table: what the stream brings until then is not missed.
  void resync_requested(std::uint32_t table) { requested_.insert(table); }
  // Everything is quiet: these tables are published, and nothing is left to apply.
  void check_end(const ReplicaState& state, const std::set<std::uint32_t>& published);

  [[nodiscard]] std::uint64_t compared_tables() const { return compared_tables_; }

 private:
  // What a table's replica should hold.
  struct Expected {
    Lsn seam;
    std::size_t next_commit = 0;       // index into the ledger
    std::map<std::string, int> rows;   // how often each is there
    std::vector<std::string> columns;  // sorted
    bool is_behind = false;            // a change was not sent
    bool is_comparable = true;
  };
  void check_checkpoint(Lsn checkpoint);
  void check_left(const ReplicaTable& table, Lsn checkpoint);
  [[nodiscard]] bool needs_copy(const ReplicaTable& table) const;
  void check_nothing_followed(std::uint32_t table, Lsn left_at) const;
  Expected& advance(const ReplicaTable& table, Lsn checkpoint);
  [[nodiscard]] Expected in_source(std::uint32_t table) const;
  static void apply(Expected& expected, const LedgerEntry& entry);
  void compare(const ReplicaTable& table, const Expected& expected, Lsn checkpoint);

  const Ledger& ledger_;
  std::uint64_t commits_ = 0;
  Lsn checkpoint_;
  std::map<std::uint32_t, Expected> expected_;  // of tables that stream
  std::set<std::uint32_t> requested_;           // tables of which a new copy was asked for
  std::map<std::uint32_t, Lsn> left_;           // of tables that left: the checkpoint then
  std::uint64_t compared_tables_ = 0;
};

}  // namespace walbrook::sim
