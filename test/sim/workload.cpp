#include "test/sim/workload.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "test/sim/alterations.h"
#include "test/sim/transactions.h"

namespace walbrook::sim {
namespace {

constexpr std::size_t keys = 16;  // different values of a key column: few, so that they are reused

bool has_primary_key(const Shape& shape) {
  return std::ranges::any_of(shape.columns, &ModelColumn::in_primary_key);
}

// PostgreSQL refuses UPDATE and DELETE on a published table without a replica identity.
bool may_change_rows(const ModelTable& table) {
  return table.shape->identity == 'f' || (table.shape->identity == 'd' && has_primary_key(*table.shape));
}

std::string shown(const Cells& cells) {
  std::string text;
  for (const auto& cell : cells) text += (text.empty() ? "" : ", ") + cell.value_or("NULL");
  return text;
}

std::string done(bool was_done, std::string what) {
  return was_done ? std::move(what) : std::string();
}

}  // namespace

Workload::Workload(Server& server, WorkloadOptions options, Random random)
    : server_(server), options_(options), random_(random) {
  for (unsigned i = 0; i < options_.tables; ++i) {
    create_table();
    if (i == 0 || random_.chance(80)) publish(server_, server_.tables.rbegin()->first);
  }
}

std::vector<Oid> Workload::tables() const {
  std::vector<Oid> oids;
  for (const auto& [oid, table] : server_.tables) oids.push_back(oid);
  return oids;
}

std::string Workload::create_table() {
  const std::vector<Oid> types = {type_oid::int4, type_oid::int8, type_oid::text, type_oid::boolean, type_oid::numeric};
  const char identity = "dddffn"[random_.below(6)];
  std::vector<NewColumn> columns;
  const bool with_key = identity == 'd' || random_.chance(50);
  if (with_key) columns.push_back({.name = "id", .type = type_oid::int4, .in_primary_key = true});
  if (with_key && random_.chance(25)) {
    columns.push_back({.name = "part", .type = type_oid::text, .in_primary_key = true});
  }
  columns.push_back({.name = "body", .type = type_oid::text});
  for (auto more = random_.below(3); more > 0; --more) {
    columns.push_back({.name = fmt::format("c{}", names_++), .type = random_.pick(types)});
  }
  const auto name = table_name();
  const auto oid = sim::create_table(server_, name, columns, identity);
  return fmt::format("CREATE TABLE {} ({} columns, identity {}, OID {})", name, columns.size(), identity, oid);
}

// Returns a new name, or one that a dropped table had.
std::string Workload::table_name() {
  if (dropped_.empty() || random_.chance(40)) return fmt::format("t{}", names_++);
  const auto at = dropped_.begin() + static_cast<std::ptrdiff_t>(random_.below(dropped_.size()));
  auto name = std::move(*at);
  dropped_.erase(at);
  server_.tally->add(Happening::table_created_again);
  return name;
}

std::string Workload::drop_table(Oid oid) {
  auto name = server_.tables.at(oid).shape->name;
  if (!sim::drop_table(server_, oid)) return {};
  dropped_.push_back(std::move(name));
  return fmt::format("DROP TABLE {}", oid);
}

std::string Workload::rename_table(Oid oid) {
  auto former = server_.tables.at(oid).shape->name;
  auto name = table_name();
  const bool is_renamed = sim::rename_table(server_, oid, name);
  dropped_.push_back(is_renamed ? std::move(former) : name);
  return done(is_renamed, fmt::format("ALTER TABLE {} RENAME TO {}", oid, name));
}

std::string Workload::new_text() {
  if (random_.chance(40)) return std::string(40 + random_.below(60), static_cast<char>('a' + random_.below(26)));
  return fmt::format("v{}", random_.below(5));
}

Cell Workload::new_value(const ModelColumn& column) {
  if (column.in_primary_key) return std::to_string(random_.below(column.type == type_oid::text ? 2 : keys));
  if (random_.chance(15)) return std::nullopt;
  switch (column.type) {
    case type_oid::text:
      return new_text();
    case type_oid::boolean:
      return random_.chance(50) ? "t" : "f";
    case type_oid::numeric:  // some that no decimal column can hold
      return random_.chance(15) ? "NaN" : std::to_string(random_.below(5));
    default:
      return std::to_string(static_cast<int>(random_.below(7)) - 3);
  }
}

Cells Workload::new_row(const ModelTable& table) {
  Cells cells;
  for (const auto& column : table.shape->columns) cells.push_back(new_value(column));
  return cells;
}

std::string Workload::statement() {
  if (options_.alters && random_.chance(7)) return alter();
  // Its copy may still wait for the stream.
  if (options_.alters && server_.tables.contains(server_.newest_copied) && random_.chance(15)) {
    return alter_alone(std::exchange(server_.newest_copied, 0));
  }
  if (!prepared_.empty() && random_.chance(8)) return end_prepared();
  if (clients_.empty() || (clients_.size() < options_.transactions && random_.chance(20))) return begin_transaction();
  const auto at = random_.below(clients_.size());
  if (clients_[at].statements == 0) return end(at);
  --clients_[at].statements;
  return act(clients_[at]);
}

std::string Workload::begin_transaction() {
  const bool large = random_.chance(options_.large_transactions);
  clients_.push_back({.xid = begin(server_), .statements = large ? 20 + random_.below(30) : 1 + random_.below(5)});
  return fmt::format("BEGIN {}", clients_.back().xid);
}

std::string Workload::act(Client& client) {
  const auto& transaction = server_.open.at(client.xid);
  if (random_.chance(8) && transaction.savepoints.size() < 3) {
    savepoint(server_, client.xid);
    return fmt::format("{}: SAVEPOINT {}", client.xid, transaction.subxid());
  }
  if (!transaction.savepoints.empty() && random_.chance(15)) {
    const auto subxid = transaction.subxid();
    if (random_.chance(60)) {
      rollback_to_savepoint(server_, client.xid);
      return fmt::format("{}: ROLLBACK TO {}", client.xid, subxid);
    }
    release_savepoint(server_, client.xid);
    return fmt::format("{}: RELEASE {}", client.xid, subxid);
  }
  const auto all = tables();
  const auto oid = random_.pick(all);
  if (random_.chance(4)) {
    std::vector<Oid> truncated = {oid};
    if (const auto other = random_.pick(all); other != oid && random_.chance(30)) truncated.push_back(other);
    return done(truncate(server_, client.xid, truncated),
                fmt::format("{}: TRUNCATE {}{}", client.xid, oid, truncated.size() > 1 ? " and another" : ""));
  }
  if (options_.alters && random_.chance(3)) {
    auto altered = alter_columns(client.xid, oid);
    if (!altered.empty()) server_.tally->add(Happening::altered_in_transaction);
    return altered;
  }
  return change_row(client.xid, oid);
}

std::string Workload::change_row(Xid xid, Oid oid) {
  const auto& table = server_.tables.at(oid);
  const auto rows = table.working.size();
  if (rows == 0 || !may_change_rows(table) || random_.below(options_.rows * 2) >= rows) {
    const auto cells = new_row(table);
    return done(insert(server_, xid, oid, cells), fmt::format("{}: INSERT {} ({})", xid, oid, shown(cells)));
  }
  auto row = table.working.begin();
  std::advance(row, static_cast<std::ptrdiff_t>(random_.below(rows)));
  const auto id = row->first;
  if (random_.chance(35)) {
    const auto before = shown(row->second);
    return done(remove(server_, xid, oid, id), fmt::format("{}: DELETE {} ({})", xid, oid, before));
  }
  auto cells = row->second;
  std::vector<bool> written(cells.size());
  const bool moves = random_.chance(20);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const auto& column = table.shape->columns[i];
    if (column.in_primary_key ? !moves : random_.chance(60)) continue;
    cells[i] = new_value(column);
    written[i] = true;
  }
  return done(update(server_, xid, oid, id, cells, written),
              fmt::format("{}: UPDATE {} to ({})", xid, oid, shown(cells)));
}

std::string Workload::end(std::size_t at) {
  const auto xid = clients_[at].xid;
  clients_.erase(clients_.begin() + static_cast<std::ptrdiff_t>(at));
  if (random_.chance(15)) {
    rollback(server_, xid);
    return fmt::format("{}: ROLLBACK", xid);
  }
  if (options_.two_phase && random_.chance(25)) {
    prepare(server_, xid);
    prepared_.push_back(xid);
    return fmt::format("{}: PREPARE TRANSACTION", xid);
  }
  commit(server_, xid);
  return fmt::format("{}: COMMIT at {}", xid, server_.wal.back().at.to_string());
}

std::string Workload::end_prepared() {
  const auto at = random_.below(prepared_.size());
  const auto xid = prepared_[at];
  prepared_.erase(prepared_.begin() + static_cast<std::ptrdiff_t>(at));
  if (random_.chance(25)) {
    rollback_prepared(server_, xid);
    return fmt::format("ROLLBACK PREPARED {}", xid);
  }
  commit_prepared(server_, xid);
  return fmt::format("COMMIT PREPARED {} at {}", xid, server_.wal.back().at.to_string());
}

std::string Workload::end_one() {
  if (!clients_.empty()) return end(0);
  return prepared_.empty() ? std::string() : end_prepared();
}

std::string Workload::alter() {
  if (random_.chance(45)) return alter_publication();
  const auto all = tables();
  const auto oid = random_.pick(all);
  if (random_.chance(15) && all.size() < 6) return create_table();
  if (random_.chance(10) && all.size() > 1) {
    return drop_table(oid);
  }
  if (random_.chance(10)) return rename_table(oid);
  return alter_alone(oid);
}

std::string Workload::alter_publication() {
  std::vector<Oid> inside;
  std::vector<Oid> outside;
  for (const auto& [oid, table] : server_.tables) (table.published != 0 ? inside : outside).push_back(oid);
  if (!outside.empty() && (inside.size() < 2 || random_.chance(65))) {
    const auto oid = random_.pick(outside);
    return done(publish(server_, oid), fmt::format("ALTER PUBLICATION ADD TABLE {}", oid));
  }
  if (inside.size() < 2) return {};
  const auto oid = random_.pick(inside);
  return done(unpublish(server_, oid), fmt::format("ALTER PUBLICATION DROP TABLE {}", oid));
}

// Commands that do not share their transaction, and column changes alone in theirs.
std::string Workload::alter_alone(Oid oid) {
  const auto& table = server_.tables.at(oid);
  const auto& shape = *table.shape;
  switch (random_.below(6)) {
    case 0:
      return done(has_primary_key(shape) && set_identity(server_, oid, shape.identity == 'f' ? 'd' : 'f'),
                  fmt::format("ALTER TABLE {} REPLICA IDENTITY", oid));
    case 1:
      return done(vacuum_full(server_, oid), fmt::format("VACUUM FULL {}", oid));
    default:
      if (!table.writers.empty() || table.copy_locks > 0) return {};
      const auto xid = begin(server_);
      auto altered = alter_columns(xid, oid);
      altered.empty() ? rollback(server_, xid) : commit(server_, xid);
      return altered;
  }
}

// Returns a new name, or one that a column of the table had. Without event triggers a replica cannot tell whether a
// column got the name of one that was dropped, as long as nobody looks into the catalog.
std::string Workload::column_name(const Shape& shape) {
  std::vector<std::string> free;
  for (const auto& name : shape.names) {
    if (std::ranges::find(shape.columns, name, &ModelColumn::name) == shape.columns.end()) free.push_back(name);
  }
  if (!server_.trigger.describes || free.empty() || random_.chance(60)) return fmt::format("c{}", names_++);
  return random_.pick(free);
}

std::string Workload::alter_columns(Xid xid, Oid oid) {
  const auto& shape = *server_.tables.at(oid).shape;
  const auto column = random_.below(shape.columns.size());
  const bool is_text = shape.columns[column].type == type_oid::text && !shape.columns[column].in_primary_key;
  const auto name = column_name(shape);
  switch (random_.below(5)) {
    case 0:
    case 1: {
      const Cell value = random_.chance(50) ? Cell("filled") : std::nullopt;
      return done(add_column(server_, xid, oid, name, type_oid::text, value),
                  fmt::format("{}: ALTER TABLE {} ADD {} DEFAULT {}", xid, oid, name, value.value_or("NULL")));
    }
    case 2:
      return done(shape.columns.size() > 2 && drop_column(server_, xid, oid, column),
                  fmt::format("{}: ALTER TABLE {} DROP {}", xid, oid, column));
    case 3:
      return done(rename_column(server_, xid, oid, column, name),
                  fmt::format("{}: ALTER TABLE {} RENAME {} TO {}", xid, oid, column, name));
    default: {
      const auto value = fmt::format("w{}", names_++);
      return done(is_text && rewrite_column(server_, xid, oid, column, value),
                  fmt::format("{}: ALTER TABLE {} ALTER {} USING '{}'", xid, oid, column, value));
    }
  }
}

}  // namespace walbrook::sim
