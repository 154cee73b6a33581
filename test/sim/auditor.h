// The auditor checks the promises from two things alone: the source's ledger and what is durable in the destination. It
// shares no code with the model server or the engine.
//
//   P1  every streaming table holds the rows that the source had after the commits below the checkpoint, and no
//       checkpoint lies within a commit
//   P2  the same holds over crashes and repeated delivery: rows are counted, so that lost and duplicate rows are found;
//       the checkpoint never goes back;
//       a table that left the publication has every change that was published before it left, unless it was due for
//       another copy by then: because it was altered, had left before and come back, or a user requested it
//       a table that a user suspended keeps the rows that it had at the checkpoint at which it was suspended
//       a table whose rows somebody damaged holds the source's rows again once the part that was requested is applied
//   P3  nothing is confirmed to the source before it is durable
//   P5  what the engine holds stays below its bounds
//
// A table's rows may differ from the ledger for a while if the stream does not report a change, because the table was
// not published at that time or was rewritten. Such a change has `sent` = false. From the first sent change that
// follows, its table is not compared until a newer copy replaces it. At the end of a simulation every published table
// must equal the source.
//
// A table that follows the descriptions of event triggers, before a load and after it, follows every described change:
// the new columns and their values are there with the checkpoint that passes the command, and a table whose rows a
// command wrote again does not stream any more.
#pragma once

#include <map>
#include <memory>
#include <optional>
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
  // REQUIRES: `ledger` outlives the auditor. It may grow.
  explicit Auditor(const Ledger& ledger) : ledger_(ledger) {}

  // Throws Violation, as do all methods below.
  void check(const ReplicaState& state);
  // Checks a confirmation to the source that everything before `confirmed` is durable.
  void check_confirmed(Lsn confirmed, Lsn checkpoint) const;
  void check_bound(const std::string& what, std::size_t held, std::size_t bound) const;
  // A user requested that the table be copied again or suspended: changes that the stream brings then may be missing.
  void requested(std::uint32_t table) { requested_.insert(table); }
  // Somebody damaged rows of the table's target: they may differ until a part that holds them was copied again, or the
  // table as a whole.
  void damaged(const ReplicaTable& table) { damaged_[table.oid] = {.seam = table.seam}; }
  [[nodiscard]] bool is_damaged(std::uint32_t table) const { return damaged_.contains(table); }
  // Checks the end of a simulation: these tables are published, and nothing is left to apply.
  void check_end(const ReplicaState& state, const std::set<std::uint32_t>& published);

  [[nodiscard]] std::uint64_t compared_tables() const { return compared_tables_; }
  // Returns how many described commands tables have followed in place.
  [[nodiscard]] std::uint64_t followed_commands() const { return followed_commands_; }

 private:
  struct Damage {
    Lsn seam;
    bool is_requested = false;  // the request for the part is durable
  };
  void follow_damage(const ReplicaTable& table);

  // The rows that a table's replica should hold.
  struct Expected {
    Lsn seam;
    std::size_t next_commit = 0;       // index into the ledger
    std::map<std::string, int> rows;   // how often each row occurs
    std::vector<std::string> columns;  // sorted
    bool is_behind = false;            // a change was not sent
    bool is_comparable = true;
    // While it is behind by changes that it may follow in place: the rows that it should hold once it has.
    std::shared_ptr<Expected> followed{};
  };
  void check_checkpoint(Lsn checkpoint);
  void check_left(const ReplicaTable& table, Lsn checkpoint);
  void check_suspended(const ReplicaTable& table, Lsn before);
  [[nodiscard]] bool needs_copy(const ReplicaTable& table) const;
  void check_nothing_followed(std::uint32_t table, Lsn left_at) const;
  Expected& advance(const ReplicaTable& table, Lsn checkpoint);
  // What the table is held to if it has followed columns before the checkpoint got there: as a copy, that happens at a
  // position up to which nothing else of the table was sent.
  [[nodiscard]] std::optional<Expected> ahead_of(const ReplicaTable& table, const Expected& expected) const;
  [[nodiscard]] Expected in_source(std::uint32_t table) const;
  static void apply(Expected& expected, const LedgerEntry& entry);
  static void fall_behind(Expected& expected, const LedgerEntry& entry);
  void compare(const ReplicaTable& table, const Expected& expected, Lsn checkpoint);
  // Compares it with what it is held to, or with what it has followed ahead of that.
  void compare_streaming(const ReplicaTable& table, const Expected& expected, Lsn checkpoint);

  const Ledger& ledger_;
  std::uint64_t commits_ = 0;
  Lsn checkpoint_;
  std::map<std::uint32_t, Expected> expected_;  // of streaming tables
  std::set<std::uint32_t> requested_;           // tables for which a new copy was requested
  // Of suspended tables: their rows.
  std::map<std::string, std::vector<std::vector<std::optional<std::string>>>> suspended_;
  std::map<std::uint32_t, Lsn> former_seams_;  // of the copies before, by table
  std::map<std::uint32_t, Lsn> left_;          // of tables that left: the checkpoint at that time
  std::set<std::uint32_t> in_parts_;           // tables of which a part was requested and is not applied yet
  std::map<std::uint32_t, Damage> damaged_;
  std::set<std::uint32_t> described_;  // tables that followed descriptions after the load before
  std::uint64_t compared_tables_ = 0;
  std::uint64_t followed_commands_ = 0;
};

}  // namespace walbrook::sim
