#include "test/sim/alterations.h"

#include <algorithm>
#include <utility>

namespace walbrook::sim {
namespace {

constexpr std::size_t alteration_record_bytes = 64;

bool is_in_use(const ModelTable& table) {
  return !table.writers.empty() || table.copy_locks > 0;
}

// Commits the transaction that altered `altered` (0: the publication), with its entries in the ledger.
void commit_alteration(Server& server, Xid xid, Oid altered, std::vector<LedgerEntry> entries) {
  const auto record = server.write(
      {.kind = WalRecord::Kind::alteration, .xid = xid, .subxid = xid, .altered = altered, .change = std::nullopt},
      alteration_record_bytes);
  server.ledger.push_back({.xid = xid, .commit_lsn = record.at, .end_lsn = record.end, .entries = std::move(entries)});
}

// Gives the table the next version of its shape.
void reshape(Server& server, ModelTable& table, Shape shape) {
  shape.version = server.next_shape++;
  table.shape = std::make_shared<const Shape>(std::move(shape));
}

// `sent`: a replica without a column shows NULL in it, and a replica that still has a dropped column does not show it.
LedgerEntry reshaped(const ModelTable& table, bool sent) {
  return {.table = table.shape->oid,
          .kind = LedgerEntry::Kind::reshape,
          .columns = ledger_columns(*table.shape),
          .rows = ledger_rows(*table.shape, table.committed),
          .sent = sent};
}

template <class Change>
void change_rows(ModelTable& table, const Change& change) {
  for (auto* rows : {&table.working, &table.committed}) {
    for (auto& [row, cells] : *rows) change(cells);
  }
}

}  // namespace

Oid create_table(Server& server, const std::string& name, const std::vector<NewColumn>& columns, char identity) {
  const auto xid = server.next_xid++;
  Shape shape{.oid = server.next_oid++, .name = name, .identity = identity};
  for (const auto& column : columns) {
    shape.columns.push_back({.number = static_cast<int>(shape.columns.size()) + 1,
                             .name = column.name,
                             .type = column.type,
                             .in_primary_key = column.in_primary_key,
                             .version = xid});
  }
  shape.attributes = static_cast<int>(shape.columns.size());
  auto& table = server.tables[shape.oid];
  table.file = server.next_oid++;
  table.written = xid;
  reshape(server, table, std::move(shape));
  commit_alteration(server, xid, table.shape->oid, {reshaped(table, true)});
  server.tally->add(Happening::table_created);
  return table.shape->oid;
}

bool drop_table(Server& server, Oid oid) {
  if (is_in_use(server.tables.at(oid))) return false;
  server.tables.erase(oid);
  server.tally->add(Happening::table_dropped);
  commit_alteration(server, server.next_xid++, oid, {});
  return true;
}

bool add_column(Server& server, Oid oid, const std::string& name, Oid type, const Cell& value) {
  auto& table = server.tables.at(oid);
  if (is_in_use(table)) return false;
  const auto xid = server.next_xid++;
  auto shape = *table.shape;
  shape.columns.push_back(
      {.number = ++shape.attributes, .name = name, .type = type, .version = xid, .has_missing = value.has_value()});
  reshape(server, table, std::move(shape));
  change_rows(table, [&value](Cells& cells) { cells.push_back(value); });
  commit_alteration(server, xid, oid, {reshaped(table, !value)});
  server.tally->add(value ? Happening::rows_changed_silently : Happening::columns_altered);
  return true;
}

bool drop_column(Server& server, Oid oid, std::size_t column) {
  auto& table = server.tables.at(oid);
  if (is_in_use(table) || table.shape->columns[column].in_primary_key) return false;
  auto shape = *table.shape;
  const auto at = static_cast<std::ptrdiff_t>(column);
  shape.columns.erase(shape.columns.begin() + at);
  reshape(server, table, std::move(shape));
  change_rows(table, [at](Cells& cells) { cells.erase(cells.begin() + at); });
  commit_alteration(server, server.next_xid++, oid, {reshaped(table, true)});
  server.tally->add(Happening::columns_altered);
  return true;
}

bool rename_column(Server& server, Oid oid, std::size_t column, const std::string& name) {
  auto& table = server.tables.at(oid);
  if (is_in_use(table)) return false;
  const auto xid = server.next_xid++;
  auto shape = *table.shape;
  shape.columns[column].name = name;
  shape.columns[column].version = xid;
  reshape(server, table, std::move(shape));
  auto renamed = reshaped(table, false);
  renamed.in_place = true;
  commit_alteration(server, xid, oid, {std::move(renamed)});
  server.tally->add(Happening::columns_altered);
  return true;
}

bool rename_table(Server& server, Oid oid, const std::string& name) {
  auto& table = server.tables.at(oid);
  if (is_in_use(table)) return false;
  const auto xid = server.next_xid++;
  auto shape = *table.shape;
  shape.name = name;
  reshape(server, table, std::move(shape));
  table.written = xid;
  commit_alteration(server, xid, oid, {reshaped(table, true)});
  server.tally->add(Happening::table_renamed);
  return true;
}

bool rewrite_column(Server& server, Oid oid, std::size_t column, const Cell& value) {
  auto& table = server.tables.at(oid);
  if (is_in_use(table) || table.shape->columns[column].in_primary_key) return false;
  const auto xid = server.next_xid++;
  auto shape = *table.shape;
  shape.columns[column].version = xid;
  reshape(server, table, std::move(shape));
  table.file = server.next_oid++;
  table.written = xid;
  change_rows(table, [&](Cells& cells) { cells[column] = value; });
  server.tally->add(Happening::rows_changed_silently);
  commit_alteration(server, xid, oid, {reshaped(table, false)});
  return true;
}

bool set_identity(Server& server, Oid oid, char identity) {
  auto& table = server.tables.at(oid);
  if (is_in_use(table)) return false;
  auto shape = *table.shape;
  shape.identity = identity;
  server.tally->add(Happening::identity_altered);
  reshape(server, table, std::move(shape));
  const auto xid = server.next_xid++;
  table.written = xid;
  commit_alteration(server, xid, oid, {});
  return true;
}

bool vacuum_full(Server& server, Oid oid) {
  auto& table = server.tables.at(oid);
  if (is_in_use(table)) return false;
  const auto xid = server.next_xid++;
  reshape(server, table, *table.shape);
  server.tally->add(Happening::file_replaced);
  table.file = server.next_oid++;
  table.written = xid;
  commit_alteration(server, xid, oid, {});
  return true;
}

void publish(Server& server, Oid oid) {
  const auto xid = server.next_xid++;
  server.tables.at(oid).published = xid;
  server.tally->add(Happening::published);
  commit_alteration(server, xid, 0, {{.table = oid, .kind = LedgerEntry::Kind::publish}});
}

void unpublish(Server& server, Oid oid) {
  server.tables.at(oid).published = 0;
  server.tally->add(Happening::unpublished);
  commit_alteration(server, server.next_xid++, 0, {{.table = oid, .kind = LedgerEntry::Kind::unpublish}});
}

}  // namespace walbrook::sim
