#include "test/sim/transactions.h"

#include <algorithm>
#include <ranges>
#include <utility>

namespace walbrook::sim {
namespace {

constexpr std::size_t large_value_bytes = 40;
constexpr std::size_t change_record_bytes = 48;
constexpr std::size_t end_record_bytes = 32;

// Returns "" if the table has no primary key.
std::string key_of(const Shape& shape, const Cells& cells) {
  std::string key;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (shape.columns[i].in_primary_key) key += cells[i].value_or("NULL") + ";";
  }
  return key;
}

bool is_locked(const ModelTable& table, Xid xid) {
  return table.exclusive != 0 && table.exclusive != xid;
}

bool is_row_locked(const ModelTable& table, RowId row, Xid xid) {
  const auto lock = table.row_locks.find(row);
  return lock != table.row_locks.end() && lock->second != xid;
}

bool is_key_free(const ModelTable& table, const std::string& key, Xid xid) {
  if (key.empty()) return true;
  const auto freed = table.freed_keys.find(key);
  if (freed != table.freed_keys.end() && freed->second != xid) return false;
  return std::ranges::none_of(table.working, [&](const auto& row) { return key_of(*table.shape, row.second) == key; });
}

void free_key(ModelTable& table, const Cells& cells, Xid xid) {
  if (const auto key = key_of(*table.shape, cells); !key.empty()) table.freed_keys[key] = xid;
}

void note_written(OpenTransaction& transaction, ModelTable& table) {
  transaction.tables.insert(table.shape->oid);
  table.writers.insert(transaction.xid);
}

void write_change(Server& server, const OpenTransaction& transaction, Change change) {
  server.write({.kind = WalRecord::Kind::change,
                .xid = transaction.xid,
                .subxid = transaction.subxid(),
                .change = std::move(change)},
               change_record_bytes);
}

void undo_to(Server& server, OpenTransaction& transaction, const OpenTransaction::Savepoint& savepoint) {
  while (transaction.undo.size() > savepoint.undo) {
    auto& last = transaction.undo.back();
    auto& table = server.tables.at(last.table);
    auto& working = table.working;
    if (last.all) {
      working = *std::move(last.all);
      static_cast<CatalogRow&>(table) = last.catalog;
    } else if (last.before) {
      working[last.row] = *std::move(last.before);
    } else {
      working.erase(last.row);
    }
    transaction.undo.pop_back();
  }
  transaction.entries.resize(savepoint.entries);
}

void release_locks(Server& server, const OpenTransaction& transaction) {
  for (const auto oid : transaction.tables) {
    auto& table = server.tables.at(oid);
    const auto own = [&](const auto& entry) { return entry.second == transaction.xid; };
    std::erase_if(table.row_locks, own);
    std::erase_if(table.freed_keys, own);
    table.writers.erase(transaction.xid);
    if (table.exclusive == transaction.xid) table.exclusive = 0;
  }
}

// Makes the transaction's changes visible to all, and adds them to the ledger.
void make_visible(Server& server, OpenTransaction& transaction, const WalRecord& record) {
  LedgerCommit commit{.xid = transaction.xid, .commit_lsn = record.at, .end_lsn = record.end, .entries = {}};
  for (auto& entry : transaction.entries) {
    auto& table = server.tables.at(entry.ledger.table);
    if (entry.all) {
      table.committed = *std::move(entry.all);
      table.committed_row = entry.catalog;
    } else if (entry.after) {
      table.committed[entry.row] = *entry.after;
    } else {
      table.committed.erase(entry.row);
    }
    commit.entries.push_back(std::move(entry.ledger));
  }
  if (transaction.tables.size() > 1) server.tally->add(Happening::several_tables);
  if (!commit.entries.empty() && commit.commit_lsn == server.newest_seam)
    server.tally->add(Happening::committed_at_seam);
  server.ledger.push_back(std::move(commit));
}

void end_transaction(Server& server, Xid xid, WalRecord::Kind kind, bool commits) {
  auto& transaction = server.open.at(xid);
  const auto record = server.write({.kind = kind,
                                    .xid = xid,
                                    .subxid = xid,
                                    .prepared_at = transaction.prepared_at,
                                    .prepared_end = transaction.prepared_end,
                                    .change = std::nullopt},
                                   end_record_bytes);
  if (commits) {
    make_visible(server, transaction, record);
  } else {
    undo_to(server, transaction, {});
  }
  release_locks(server, transaction);
  server.open.erase(xid);
}

}  // namespace

bool is_large(const Cell& cell) {
  return cell && cell->size() >= large_value_bytes;
}

Xid begin(Server& server) {
  const auto xid = server.next_xid++;
  server.open[xid] = {.xid = xid};
  return xid;
}

bool insert(Server& server, Xid xid, Oid oid, const Cells& cells) {
  auto& table = server.tables.at(oid);
  auto& transaction = server.open.at(xid);
  if (is_locked(table, xid) || !is_key_free(table, key_of(*table.shape, cells), xid)) return false;
  const auto row = server.next_row++;
  note_written(transaction, table);
  table.row_locks[row] = xid;
  table.working[row] = cells;
  transaction.undo.push_back({.table = oid, .row = row, .before = std::nullopt});
  const bool sent = table.published != 0;
  transaction.entries.push_back(
      {.ledger = {.table = oid, .kind = LedgerEntry::Kind::add, .added = ledger_row(*table.shape, cells), .sent = sent},
       .row = row,
       .after = cells});
  write_change(server, transaction, {.kind = Change::Kind::insert, .table = table.shape, .after = cells, .sent = sent});
  return true;
}

bool update(Server& server, Xid xid, Oid oid, RowId row, const Cells& after, const std::vector<bool>& written) {
  auto& table = server.tables.at(oid);
  auto& transaction = server.open.at(xid);
  if (is_locked(table, xid) || is_row_locked(table, row, xid)) return false;
  const Cells before = table.working.at(row);
  const bool moves = key_of(*table.shape, before) != key_of(*table.shape, after);
  if (moves && !is_key_free(table, key_of(*table.shape, after), xid)) return false;
  note_written(transaction, table);
  table.row_locks[row] = xid;
  if (moves) free_key(table, before, xid);
  table.working[row] = after;
  transaction.undo.push_back({.table = oid, .row = row, .before = before});
  const bool sent = table.published != 0;
  transaction.entries.push_back({.ledger = {.table = oid,
                                            .kind = LedgerEntry::Kind::replace,
                                            .removed = ledger_row(*table.shape, before),
                                            .added = ledger_row(*table.shape, after),
                                            .sent = sent},
                                 .row = row,
                                 .after = after});
  if (moves) server.tally->add(Happening::key_changed);
  std::vector<bool> unchanged(after.size());
  for (std::size_t i = 0; i < after.size(); ++i) unchanged[i] = !written[i] && is_large(before[i]);
  if (std::ranges::find(unchanged, true) != unchanged.end()) server.tally->add(Happening::large_value_left_out);
  write_change(server, transaction,
               {.kind = Change::Kind::update,
                .table = table.shape,
                .before = before,
                .after = after,
                .unchanged = std::move(unchanged),
                .sent = sent});
  return true;
}

bool remove(Server& server, Xid xid, Oid oid, RowId row) {
  auto& table = server.tables.at(oid);
  auto& transaction = server.open.at(xid);
  if (is_locked(table, xid) || is_row_locked(table, row, xid)) return false;
  const Cells before = table.working.at(row);
  note_written(transaction, table);
  table.row_locks[row] = xid;
  free_key(table, before, xid);
  table.working.erase(row);
  transaction.undo.push_back({.table = oid, .row = row, .before = before});
  const bool sent = table.published != 0;
  transaction.entries.push_back({.ledger = {.table = oid,
                                            .kind = LedgerEntry::Kind::remove,
                                            .removed = ledger_row(*table.shape, before),
                                            .sent = sent},
                                 .row = row});
  write_change(server, transaction,
               {.kind = Change::Kind::remove, .table = table.shape, .before = before, .sent = sent});
  return true;
}

bool truncate(Server& server, Xid xid, const std::vector<Oid>& oids) {
  auto& transaction = server.open.at(xid);
  for (const auto oid : oids) {
    const auto& table = server.tables.at(oid);
    const auto is_other = [xid](Xid writer) { return writer != xid; };
    if (is_locked(table, xid) || table.copy_locks > 0 || std::ranges::any_of(table.writers, is_other)) return false;
  }
  Change change{.kind = Change::Kind::truncate};
  for (const auto oid : oids) {
    auto& table = server.tables.at(oid);
    note_written(transaction, table);
    table.exclusive = xid;
    for (const auto& [row, cells] : table.working) free_key(table, cells, xid);
    transaction.undo.push_back(
        {.table = oid, .row = 0, .before = std::nullopt, .all = std::exchange(table.working, {}), .catalog = table});
    table.file = server.next_oid++;
    table.written = xid;
    const bool sent = table.published != 0;
    transaction.entries.push_back({.ledger = {.table = oid, .kind = LedgerEntry::Kind::wipe, .sent = sent},
                                   .row = 0,
                                   .after = std::nullopt,
                                   .all = Rows{},
                                   .catalog = table});
    if (sent) change.tables.push_back(table.shape);
  }
  change.sent = !change.tables.empty();
  server.tally->add(Happening::truncated);
  write_change(server, transaction, std::move(change));
  return true;
}

void savepoint(Server& server, Xid xid) {
  auto& transaction = server.open.at(xid);
  transaction.savepoints.push_back(
      {.subxid = server.next_xid++, .undo = transaction.undo.size(), .entries = transaction.entries.size()});
}

void rollback_to_savepoint(Server& server, Xid xid) {
  auto& transaction = server.open.at(xid);
  auto last = transaction.savepoints.back();
  undo_to(server, transaction, last);
  transaction.savepoints.pop_back();
  server.tally->add(Happening::savepoint_rolled_back);
  last.released.push_back(last.subxid);
  server.write({.kind = WalRecord::Kind::rollback_to,
                .xid = xid,
                .subxid = last.subxid,
                .rolled_back = std::move(last.released),
                .change = std::nullopt},
               end_record_bytes);
}

void release_savepoint(Server& server, Xid xid) {
  auto& savepoints = server.open.at(xid).savepoints;
  auto last = std::move(savepoints.back());
  savepoints.pop_back();
  if (savepoints.empty()) return;
  auto& above = savepoints.back().released;
  above.push_back(last.subxid);
  above.insert(above.end(), last.released.begin(), last.released.end());
}

void commit(Server& server, Xid xid) {
  end_transaction(server, xid, WalRecord::Kind::commit, true);
}

void rollback(Server& server, Xid xid) {
  server.tally->add(Happening::transaction_rolled_back);
  end_transaction(server, xid, WalRecord::Kind::rollback, false);
}

void prepare(Server& server, Xid xid) {
  server.tally->add(Happening::prepared);
  const auto record = server.write(
      {.kind = WalRecord::Kind::prepare, .xid = xid, .subxid = xid, .change = std::nullopt}, end_record_bytes);
  auto& transaction = server.open.at(xid);
  transaction.savepoints.clear();
  transaction.prepared_at = record.at;
  transaction.prepared_end = record.end;
}

void commit_prepared(Server& server, Xid xid) {
  server.tally->add(Happening::prepared_committed);
  end_transaction(server, xid, WalRecord::Kind::commit_prepared, true);
}

void rollback_prepared(Server& server, Xid xid) {
  server.tally->add(Happening::prepared_rolled_back);
  end_transaction(server, xid, WalRecord::Kind::rollback_prepared, false);
}

}  // namespace walbrook::sim
