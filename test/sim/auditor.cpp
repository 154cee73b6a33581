#include "test/sim/auditor.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace walbrook::sim {
namespace {

// Returns the row as in the ledger: the cells of `columns`, in their order. A column that does not exist shows NULL.
std::string line_of(const std::vector<std::size_t>& places, const std::vector<std::string>& columns,
                    const std::vector<std::optional<std::string>>& cells) {
  std::string line;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const auto cell = places[i] < cells.size() ? cells[places[i]] : std::nullopt;
    line += columns[i] + "=" + cell.value_or("NULL") + ";";
  }
  return line;
}

std::map<std::string, int> lines_of(const ReplicaTable& table, const std::vector<std::string>& columns) {
  std::vector<std::size_t> places;
  for (const auto& column : columns) {
    places.push_back(static_cast<std::size_t>(std::ranges::find(table.columns, column) - table.columns.begin()));
  }
  std::map<std::string, int> lines;
  for (const auto& cells : table.rows) ++lines[line_of(places, columns, cells)];
  return lines;
}

bool shows(const ReplicaTable& table, const std::vector<std::string>& columns) {
  return std::ranges::all_of(columns,
                             [&table](const std::string& name) { return std::ranges::count(table.columns, name) > 0; });
}

int count_in(const std::map<std::string, int>& rows, const std::string& row) {
  const auto found = rows.find(row);
  return found == rows.end() ? 0 : found->second;
}

}  // namespace

void Auditor::check(const ReplicaState& state) {
  if (state.commits == commits_) return;
  commits_ = state.commits;
  const auto before = checkpoint_;
  check_checkpoint(state.checkpoint);
  for (const auto& table : state.tables) {
    follow_damage(table);
    if (table.is_suspended) check_suspended(table, before);
    if (!table.is_suspended) suspended_.erase(table.name);
    if (!table.is_streaming) {
      if (table.has_left && expected_.contains(table.oid)) check_left(table, state.checkpoint);
      if (!table.has_left) left_.erase(table.oid);
      if (const auto streamed = expected_.find(table.oid); streamed != expected_.end()) {
        former_seams_[table.oid] = streamed->second.seam;
        expected_.erase(streamed);
      }
      described_.erase(table.oid);
      continue;
    }
    left_.erase(table.oid);
    compare_streaming(table, advance(table, state.checkpoint), state.checkpoint);
    table.is_described ? void(described_.insert(table.oid)) : void(described_.erase(table.oid));
  }
}

// A part that fails leaves the table suspect.
void Auditor::follow_damage(const ReplicaTable& table) {
  const auto found = damaged_.find(table.oid);
  if (found == damaged_.end()) return;
  auto& damage = found->second;
  const bool is_applied = damage.is_requested && table.part.empty() && !table.is_suspect && table.is_streaming;
  if (table.is_streaming && (is_applied || table.seam != damage.seam)) {
    damaged_.erase(found);
    return;
  }
  damage.is_requested = !table.part.empty();
}

void Auditor::compare_streaming(const ReplicaTable& table, const Expected& expected, Lsn checkpoint) {
  if (!expected.is_comparable || is_damaged(table.oid)) return;
  const auto ahead = ahead_of(table, expected);
  if (!ahead) return compare(table, expected, checkpoint);
  if (ahead->is_comparable) compare(table, *ahead, checkpoint);
}

void Auditor::check_checkpoint(Lsn checkpoint) {
  if (checkpoint < checkpoint_) {
    throw Violation(
        fmt::format("P2: the checkpoint goes back from {} to {}", checkpoint_.to_string(), checkpoint.to_string()));
  }
  checkpoint_ = checkpoint;
  const auto after = std::ranges::lower_bound(ledger_, checkpoint, {}, &LedgerCommit::commit_lsn);
  if (after == ledger_.begin()) return;
  const auto& last = *std::prev(after);
  if (last.end_lsn > checkpoint) {
    throw Violation(fmt::format("P1: the checkpoint {} lies within the commit of {} (from {} to {})",
                                checkpoint.to_string(), last.xid, last.commit_lsn.to_string(),
                                last.end_lsn.to_string()));
  }
}

// Checks a table that was streaming until now.
void Auditor::check_left(const ReplicaTable& table, Lsn checkpoint) {
  const auto& expected = advance(table, checkpoint);
  if (!expected.is_comparable || needs_copy(table) || is_damaged(table.oid)) return;
  compare(table, expected, checkpoint);
  left_[table.oid] = checkpoint;
}

// A suspension is stored in a load of its own. The same step of the engine may apply a batch after that, so the rows
// are those of the checkpoint `before` it.
void Auditor::check_suspended(const ReplicaTable& table, Lsn before) {
  const auto [known, is_new] = suspended_.emplace(table.name, table.rows);
  if (!is_new) {
    if (known->second == table.rows) return;
    throw Violation(fmt::format("P2: the rows of table {} change while it is suspended", table.name));
  }
  const auto streamed = expected_.find(table.oid);
  if (streamed == expected_.end() || streamed->second.seam != table.seam) return;
  compare_streaming(table, advance(table, before), before);
}

// True if the table was altered or published again since its copy. The catalog shows this before the stream gets there.
// It was read before that copy's snapshot, perhaps as of the copy before: what came in between may be in the copy or
// not.
bool Auditor::needs_copy(const ReplicaTable& table) const {
  if (requested_.contains(table.oid)) return true;
  const auto former = former_seams_.find(table.oid);
  const auto since = former == former_seams_.end() ? Lsn{} : former->second;
  auto next = std::ranges::lower_bound(ledger_, since, {}, &LedgerCommit::commit_lsn);
  return std::any_of(next, ledger_.end(), [&](const LedgerCommit& commit) {
    return std::ranges::any_of(commit.entries, [&](const LedgerEntry& entry) {
      return entry.table == table.oid &&
             (entry.kind == LedgerEntry::Kind::publish || entry.kind == LedgerEntry::Kind::reshape);
    });
  });
}

void Auditor::check_nothing_followed(std::uint32_t table, Lsn left_at) const {
  auto next = std::ranges::lower_bound(ledger_, left_at, {}, &LedgerCommit::commit_lsn);
  const LedgerCommit* lost = nullptr;
  for (; next != ledger_.end(); ++next) {
    for (const auto& entry : next->entries) {
      if (entry.table != table) continue;
      if (entry.kind == LedgerEntry::Kind::publish) return;  // later changes may belong to its next publication
      const bool is_change = entry.kind != LedgerEntry::Kind::unpublish && entry.kind != LedgerEntry::Kind::reshape;
      if (is_change && entry.sent) lost = &*next;
    }
  }
  if (lost == nullptr) return;
  throw Violation(
      fmt::format("P2: table {} was let go at {}, and a change that was published before it left commits "
                  "at {}",
                  table, left_at.to_string(), lost->commit_lsn.to_string()));
}

Auditor::Expected& Auditor::advance(const ReplicaTable& table, Lsn checkpoint) {
  auto& expected = expected_[table.oid];
  if (expected.seam != table.seam) {
    expected = {.seam = table.seam};
    described_.erase(table.oid);
  }
  const bool is_described = table.is_described && described_.contains(table.oid);
  for (auto& next = expected.next_commit; next < ledger_.size(); ++next) {
    const auto& commit = ledger_[next];
    const bool is_in_copy = commit.commit_lsn < expected.seam;
    if (!is_in_copy && commit.commit_lsn >= checkpoint) break;
    for (const auto& entry : commit.entries) {
      if (entry.table != table.oid) continue;
      if (entry.kind == LedgerEntry::Kind::publish || entry.kind == LedgerEntry::Kind::unpublish) continue;
      // A table that leaves is not copied again: it keeps the values of before.
      const bool must_follow =
          is_described && entry.described && !(entry.rewrites && (table.is_leaving || table.has_left));
      if (is_in_copy || ((entry.sent || must_follow) && !expected.is_behind)) {
        apply(expected, entry);
        if (must_follow && !is_in_copy) ++followed_commands_;
      } else if (!entry.sent && !must_follow) {
        fall_behind(expected, entry);
      } else {
        if (expected.followed) apply(*expected.followed, entry);
        expected.is_comparable = false;
      }
    }
  }
  // A part brings what the stream left out of its rows.
  if (!table.part.empty()) {
    in_parts_.insert(table.oid);
  } else if (in_parts_.erase(table.oid) > 0 && expected.is_behind) {
    expected.is_comparable = false;
  }
  // It has followed a catalog that was read between the changes that it is behind by.
  if (expected.is_behind && !shows(table, expected.columns)) expected.is_comparable = false;
  // From here on it is held to what it has followed.
  if (expected.followed && shows(table, expected.followed->columns)) {
    const auto followed = std::exchange(expected.followed, nullptr);
    expected.rows = followed->rows;
    expected.columns = followed->columns;
    expected.is_behind = false;
    expected.is_comparable = true;
  }
  return expected;
}

std::optional<Auditor::Expected> Auditor::ahead_of(const ReplicaTable& table, const Expected& expected) const {
  if (shows(table, expected.columns)) return std::nullopt;
  auto now = expected;
  for (auto next = expected.next_commit; next < ledger_.size(); ++next) {
    for (const auto& entry : ledger_[next].entries) {
      if (entry.table != table.oid) continue;
      if (!entry.in_place && !entry.described) return std::nullopt;
      now.is_comparable = now.is_comparable && entry.in_place;
      apply(now, entry);
      if (shows(table, now.columns)) return now;
    }
  }
  return std::nullopt;
}

void Auditor::fall_behind(Expected& expected, const LedgerEntry& entry) {
  if (entry.described && !entry.in_place && !entry.rewrites) expected.is_comparable = false;
  if (!entry.in_place) {
    expected.followed.reset();
  } else if (!expected.is_behind) {
    expected.followed = std::make_shared<Expected>();
    expected.followed->rows = expected.rows;
    expected.followed->columns = expected.columns;
  }
  if (expected.followed) apply(*expected.followed, entry);
  expected.is_behind = true;
}

void Auditor::apply(Expected& expected, const LedgerEntry& entry) {
  const auto take_away = [&](const std::string& row) {
    auto& count = expected.rows[row];
    if (--count == 0) expected.rows.erase(row);
  };
  switch (entry.kind) {
    case LedgerEntry::Kind::add:
      ++expected.rows[entry.added];
      return;
    case LedgerEntry::Kind::remove:
      return take_away(entry.removed);
    case LedgerEntry::Kind::replace:
      take_away(entry.removed);
      ++expected.rows[entry.added];
      return;
    case LedgerEntry::Kind::wipe:
      expected.rows.clear();
      return;
    case LedgerEntry::Kind::publish:
    case LedgerEntry::Kind::unpublish:
      return;
    case LedgerEntry::Kind::reshape:
      expected.rows.clear();
      expected.columns = entry.columns;
      for (const auto& row : entry.rows) ++expected.rows[row];
      return;
  }
}

void Auditor::compare(const ReplicaTable& table, const Expected& expected, Lsn checkpoint) {
  ++compared_tables_;
  const auto rows = lines_of(table, expected.columns);
  if (rows == expected.rows) return;
  const auto where = fmt::format("table {} ({}), copied at {}, checkpoint {}", table.name, table.oid,
                                 table.seam.to_string(), checkpoint.to_string());
  for (const auto& [row, count] : expected.rows) {
    if (const auto there = count_in(rows, row); there != count) {
      throw Violation(
          fmt::format("P1, P2: {}: the source has {} of the row {}, the replica {}", where, count, row, there));
    }
  }
  for (const auto& [row, count] : rows) {
    if (!expected.rows.contains(row)) {
      throw Violation(fmt::format("P1, P2: {}: the replica has {} of the row {}, the source none", where, count, row));
    }
  }
}

void Auditor::check_confirmed(Lsn confirmed, Lsn checkpoint) const {
  if (confirmed <= checkpoint) return;
  throw Violation(
      fmt::format("P3: {} was confirmed, and {} is durable", confirmed.to_string(), checkpoint.to_string()));
}

void Auditor::check_bound(const std::string& what, std::size_t held, std::size_t bound) const {
  if (held <= bound) return;
  throw Violation(fmt::format("P5: {} bytes are held by {}, {} are allowed", held, what, bound));
}

void Auditor::check_end(const ReplicaState& state, const std::set<std::uint32_t>& published) {
  commits_ = 0;
  check(state);
  if (!ledger_.empty() && state.checkpoint < ledger_.back().end_lsn) {
    throw Violation(fmt::format("the end: the checkpoint stays at {}, the last commit ends at {}",
                                state.checkpoint.to_string(), ledger_.back().end_lsn.to_string()));
  }
  for (const auto& [oid, at] : left_) check_nothing_followed(oid, at);
  for (const auto oid : published) {
    const auto found = std::ranges::find(state.tables, oid, &ReplicaTable::oid);
    if (found == state.tables.end() || !found->is_streaming) {
      throw Violation(fmt::format("the end: table {} is published and does not stream", oid));
    }
    compare(*found, in_source(oid), state.checkpoint);
  }
}

// Returns the table's rows in the source, including changes that the stream did not report.
Auditor::Expected Auditor::in_source(std::uint32_t table) const {
  Expected all;
  for (const auto& commit : ledger_) {
    for (const auto& entry : commit.entries) {
      if (entry.table == table) apply(all, entry);
    }
  }
  return all;
}

}  // namespace walbrook::sim
