#include "test/sim/alterations.h"

#include <algorithm>
#include <utility>

#include "test/sim/descriptions.h"

namespace walbrook::sim {
namespace {

constexpr std::size_t alteration_record_bytes = 64;

bool is_in_use(const ModelTable& table) {
  return !table.writers.empty() || table.copy_locks > 0;
}

bool is_in_use_by_others(const ModelTable& table, Xid xid) {
  return table.copy_locks > 0 || (table.exclusive != 0 && table.exclusive != xid) ||
         std::ranges::any_of(table.writers, [xid](Xid writer) { return writer != xid; });
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
LedgerEntry reshaped(const Server& server, const ModelTable& table, bool sent) {
  return {.table = table.shape->oid,
          .kind = LedgerEntry::Kind::reshape,
          .columns = ledger_columns(*table.shape),
          .rows = ledger_rows(*table.shape, table.working),
          .sent = sent,
          .described = server.trigger.describes};
}

// A command of an open transaction that alters a table.
class AlterTable {
 public:
  AlterTable(Server& server, Xid xid, Oid table)
      : server_(server),
        transaction_(server.open.at(xid)),
        table_(server.tables.at(table)),
        before_(table_),
        rows_before_(table_.working),
        shape_(*table_.shape) {}

  [[nodiscard]] Shape& shape() { return shape_; }
  [[nodiscard]] Xid version() const { return transaction_.subxid(); }
  template <class ChangeCells>
  void change_rows(const ChangeCells& change) {
    for (auto& [row, cells] : table_.working) change(cells);
  }
  // Every row is written again, into another file.
  void rewrite() {
    rewrites_ = true;
    send_rewritten(server_, transaction_.xid, version(), table_);
    table_.file = server_.next_oid++;
    for (auto& column : shape_.columns) {
      if (std::exchange(column.missing, std::nullopt)) column.version = version();
    }
  }
  void end(bool sent, bool in_place = false) {
    reshape(server_, table_, std::move(shape_));
    table_.written = version();
    table_.writers.insert(transaction_.xid);
    table_.exclusive = transaction_.xid;
    transaction_.tables.insert(table_.shape->oid);
    transaction_.undo.push_back({.table = table_.shape->oid,
                                 .row = 0,
                                 .before = std::nullopt,
                                 .all = std::move(rows_before_),
                                 .catalog = before_});
    auto entry = reshaped(server_, table_, sent);
    entry.in_place = in_place;
    entry.rewrites = rewrites_;
    transaction_.entries.push_back(
        {.ledger = std::move(entry), .row = 0, .after = std::nullopt, .all = table_.working, .catalog = table_});
    send_description(server_, transaction_.xid, version(), table_);
  }

 private:
  Server& server_;
  OpenTransaction& transaction_;
  ModelTable& table_;
  CatalogRow before_;
  Rows rows_before_;
  Shape shape_;
  bool rewrites_ = false;
};

// Commits a command that altered the table without any change of its rows.
void end_command(Server& server, Xid xid, ModelTable& table, std::vector<LedgerEntry> entries) {
  table.written = xid;
  table.committed_row = table;
  commit_alteration(server, xid, table.shape->oid, std::move(entries));
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
    shape.names.insert(column.name);
  }
  shape.attributes = static_cast<int>(shape.columns.size());
  auto& table = server.tables[shape.oid];
  table.file = server.next_oid++;
  table.written = xid;
  reshape(server, table, std::move(shape));
  send_description(server, xid, xid, table);
  end_command(server, xid, table, {reshaped(server, table, true)});
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

bool add_column(Server& server, Xid xid, Oid oid, const std::string& name, Oid type, const Cell& value) {
  if (is_in_use_by_others(server.tables.at(oid), xid)) return false;
  AlterTable command(server, xid, oid);
  auto& shape = command.shape();
  const bool is_again = !shape.names.insert(name).second;
  shape.columns.push_back({.number = ++shape.attributes,
                           .name = name,
                           .type = type,
                           .version = command.version(),
                           .missing = value,
                           .default_row = value ? server.next_oid++ : 0});
  command.change_rows([&value](Cells& cells) { cells.push_back(value); });
  command.end(!value && !is_again);
  server.tally->add(value ? Happening::rows_changed_silently : Happening::columns_altered);
  if (is_again) server.tally->add(Happening::column_added_again);
  return true;
}

bool drop_column(Server& server, Xid xid, Oid oid, std::size_t column) {
  const auto& table = server.tables.at(oid);
  if (is_in_use_by_others(table, xid) || table.shape->columns[column].in_primary_key) return false;
  AlterTable command(server, xid, oid);
  const auto at = static_cast<std::ptrdiff_t>(column);
  command.shape().columns.erase(command.shape().columns.begin() + at);
  command.change_rows([at](Cells& cells) { cells.erase(cells.begin() + at); });
  command.end(true);
  server.tally->add(Happening::columns_altered);
  return true;
}

bool rename_column(Server& server, Xid xid, Oid oid, std::size_t column, const std::string& name) {
  if (is_in_use_by_others(server.tables.at(oid), xid)) return false;
  AlterTable command(server, xid, oid);
  auto& renamed = command.shape().columns[column];
  renamed.name = name;
  renamed.version = command.version();
  command.end(false, command.shape().names.insert(name).second);
  server.tally->add(Happening::columns_altered);
  return true;
}

bool rewrite_column(Server& server, Xid xid, Oid oid, std::size_t column, const Cell& value) {
  const auto& table = server.tables.at(oid);
  if (is_in_use_by_others(table, xid) || table.shape->columns[column].in_primary_key) return false;
  AlterTable command(server, xid, oid);
  command.rewrite();
  auto& rewritten = command.shape().columns[column];
  rewritten.version = command.version();
  if (rewritten.default_row != 0) rewritten.default_row = server.next_oid++;
  command.change_rows([&](Cells& cells) { cells[column] = value; });
  command.end(false);
  server.tally->add(Happening::rows_changed_silently);
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
  send_description(server, xid, xid, table);
  end_command(server, xid, table, {reshaped(server, table, true)});
  server.tally->add(Happening::table_renamed);
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
  send_description(server, xid, xid, table);
  end_command(server, xid, table, {});
  return true;
}

bool vacuum_full(Server& server, Oid oid) {
  auto& table = server.tables.at(oid);
  if (is_in_use(table)) return false;
  const auto xid = server.next_xid++;
  auto shape = *table.shape;
  for (auto& column : shape.columns) {
    if (std::exchange(column.missing, std::nullopt)) column.version = xid;
  }
  reshape(server, table, std::move(shape));
  server.tally->add(Happening::file_replaced);
  table.file = server.next_oid++;
  end_command(server, xid, table, {});
  return true;
}

bool publish(Server& server, Oid oid) {
  auto& table = server.tables.at(oid);
  if (table.exclusive != 0) return false;
  const auto xid = server.next_xid++;
  table.published = xid;
  server.tally->add(Happening::published);
  commit_alteration(server, xid, 0, {{.table = oid, .kind = LedgerEntry::Kind::publish}});
  return true;
}

bool unpublish(Server& server, Oid oid) {
  auto& table = server.tables.at(oid);
  if (table.exclusive != 0) return false;
  table.published = 0;
  server.tally->add(Happening::unpublished);
  commit_alteration(server, server.next_xid++, 0, {{.table = oid, .kind = LedgerEntry::Kind::unpublish}});
  return true;
}

}  // namespace walbrook::sim
