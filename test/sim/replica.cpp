#include "test/sim/replica.h"

#include <algorithm>

#include "test/sim/transactions.h"

namespace walbrook::sim {
namespace {

using destination::memory::MemoryStore;
using destination::memory::MemoryTable;

bool follows_descriptions(const destination::OutputRecord& record) {
  return record.fingerprint.find(R"("ddl_trigger":")") != std::string::npos;
}

// The numbers in the model are integers.
std::string decimal_text(Int128 scaled, int scale) {
  for (; scale > 0; --scale) {
    if (scaled % 10 != 0) return "a number with decimals";
    scaled /= 10;
  }
  return std::to_string(static_cast<std::int64_t>(scaled));
}

std::optional<std::string> cell_text(const Column& column, std::size_t row) {
  if (const auto* overflow = column.overflow_at(row)) return *overflow;
  if (column.is_null(row)) return std::nullopt;
  switch (column.type().layout) {
    case Layout::boolean:
      return column.value<std::uint8_t>(row) != 0 ? "t" : "f";
    case Layout::int32:
      return std::to_string(column.value<std::int32_t>(row));
    case Layout::int64:
      return std::to_string(column.value<std::int64_t>(row));
    case Layout::decimal:
      return decimal_text(column.value<Int128>(row), column.type().scale);
    default:
      return std::string(column.bytes_at(row));
  }
}

// Returns the row's cells. A column that its batch does not have is NULL.
std::vector<std::optional<std::string>> cells_of(const MemoryTable& table, const MemoryTable::Row& row) {
  std::vector<std::optional<std::string>> cells;
  const auto& there = row.batch->schema->columns;
  for (const auto& column : table.columns()) {
    const auto found = std::ranges::find(there, column.name, &ColumnSchema::name);
    const auto place = static_cast<std::size_t>(found - there.begin());
    cells.push_back(found == there.end() ? std::nullopt : cell_text(row.batch->columns[place], row.row));
  }
  return cells;
}

void read_rows(const MemoryTable& from, ReplicaTable& into) {
  for (const auto& column : from.columns()) into.columns.push_back(column.name);
  for (const auto& row : from.rows()) into.rows.push_back(cells_of(from, row));
}

}  // namespace

ReplicaState read_replica(MemoryStore& store, const std::string& pipeline, std::uint64_t commits) {
  return store.with([&](MemoryStore::Contents& contents) {
    ReplicaState replica{.commits = commits, .checkpoint = {}, .tables = {}};
    const auto& state = contents.pipelines[pipeline];
    if (state.checkpoint) replica.checkpoint = state.checkpoint->lsn;
    for (const auto& [id, record] : state.outputs) {
      if (record.source == 0) continue;  // another table now has its name
      ReplicaTable table{.oid = record.source,
                         .name = record.name,
                         .target_schema = record.target_schema,
                         .target_name = record.target_name};
      table.is_streaming = record.state == destination::OutputState::streaming;
      const auto of = state.tables.find(record.source);
      table.is_leaving = of != state.tables.end() && of->second.leaves_xid != 0;
      table.has_left = record.state == destination::OutputState::removed;
      table.is_suspended = destination::is_suspended_by_request(record);
      table.part = record.resync_where;
      table.is_suspect = !record.suspect.empty();
      table.is_described = follows_descriptions(record);
      table.seam = record.snapshot_lsn;
      const auto target = contents.targets.find({record.target_schema, record.target_name});
      if (target != contents.targets.end()) read_rows(*target->second.table, table);
      replica.tables.push_back(std::move(table));
    }
    return replica;
  });
}

ReplicaTable read_target(MemoryStore& store, const destination::TargetName& name) {
  ReplicaTable table;
  const auto target = store.target(name);
  if (target != nullptr) read_rows(*target, table);
  return table;
}

namespace {

// Returns the row with another value in its first short text that is not in the key; nullptr: it has none. A large
// value may leave the part: an UPDATE that moves its row does not send it, and takes the damaged one along.
std::shared_ptr<const RowBatch> damaged(const MemoryTable::Row& row) {
  const auto& from = *row.batch;
  auto out = std::make_shared<RowBatch>(from.schema);
  bool is_damaged = false;
  for (std::size_t c = 0; c < from.columns.size(); ++c) {
    const auto& column = from.schema->columns[c];
    const bool is_text = column.type.layout == Layout::utf8 && !column.in_key;
    if (!is_damaged && is_text && !is_large(cell_text(from.columns[c], row.row))) {
      out->columns[c].append_bytes("damaged");
      is_damaged = true;
    } else {
      out->columns[c].append_from(from.columns[c], row.row);
    }
  }
  out->finish_row(Op::insert, 0);
  return is_damaged ? out : nullptr;
}

}  // namespace

bool damage_row(MemoryStore& store, const destination::TargetName& name, const std::string& key, int bound) {
  return store.with([&](MemoryStore::Contents& contents) {
    const auto target = contents.targets.find({name.schema, name.table});
    if (target == contents.targets.end()) return false;
    auto table = *target->second.table;
    for (const auto& row : table.rows()) {
      const auto& columns = row.batch->schema->columns;
      const auto place = std::ranges::find(columns, key, &ColumnSchema::name) - columns.begin();
      if (static_cast<std::size_t>(place) == columns.size()) continue;
      const auto cell = cell_text(row.batch->columns[static_cast<std::size_t>(place)], row.row);
      if (!cell || std::stoi(*cell) >= bound) continue;
      auto batch = damaged(row);
      if (batch == nullptr) return false;
      const Removal removal{.row = {row.batch.get(), row.row}, .count = 1};
      table.remove({&removal, 1}, *row.batch->schema, true);
      table.append(std::move(batch), {{}});
      target->second.table = std::make_shared<const MemoryTable>(std::move(table));
      return true;
    }
    return false;
  });
}

Lsn read_checkpoint(MemoryStore& store, const std::string& pipeline) {
  return store.with([&](MemoryStore::Contents& contents) {
    const auto& state = contents.pipelines[pipeline];
    return state.checkpoint ? state.checkpoint->lsn : Lsn{};
  });
}

}  // namespace walbrook::sim
