#include "test/sim/part_copies.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/fault.h"
#include "model/part_codec.h"
#include "test/sim/catalog_view.h"
#include "test/sim/table_copies.h"
#include "test/support/memory_spool.h"

namespace walbrook::sim {
namespace {

constexpr std::size_t rows_at_once = 4;

using Kind = replication::PartResult::Kind;

struct Comparison {
  std::string column;
  int bound = 0;
};

std::vector<Comparison> comparisons_of(const std::string& condition) {
  std::vector<Comparison> comparisons;
  for (auto at = condition.find(" < "); at != std::string::npos; at = condition.find(" < ", at + 1)) {
    const auto begin = condition.find_last_of("(\n ", at - 1) + 1;  // npos + 1 = 0
    Comparison found{.column = condition.substr(begin, at - begin)};
    std::from_chars(condition.data() + at + 3, condition.data() + condition.size(), found.bound);
    comparisons.push_back(std::move(found));
  }
  return comparisons;
}

}  // namespace

void PartCopies::leave_table() {
  if (locked_ != 0) --server_.tables.at(std::exchange(locked_, 0)).copy_locks;
}

std::string PartCopies::end(Kind kind, const std::string& why) {
  leave_table();
  slot_.reset();
  snapshot_.reset();
  const auto order = std::move(orders_.front());
  orders_.pop_front();
  result_.kind = kind;
  result_.output = order.record.id;
  result_.number = order.number;
  result_.why.reason = why;
  tell_(std::move(result_));
  return fmt::format("the part of table {} is {}", order.record.source, kind == Kind::copied ? "copied" : why);
}

std::string PartCopies::run_short() {
  return slot_ ? end(Kind::postponed, "all replication slots are in use") : std::string();
}

std::string PartCopies::step() {
  if (!slot_) {
    if (orders_.empty()) return {};
    slot_.emplace(server_);
    result_ = {};
    result_.rows = std::make_unique<test::MemorySpool>();
    return fmt::format("a snapshot is asked for, for a part of table {}", orders_.front().record.source);
  }
  if (!snapshot_) {
    snapshot_ = slot_->export_snapshot(server_);
    if (!snapshot_) return {};
    server_.newest_seam = result_.consistent_point = snapshot_->consistent_point;
    return fmt::format("a snapshot as of {}, for a part", snapshot_->consistent_point.to_string());
  }
  if (locked_ == 0) return begin_table();
  return has_keys_ ? copy_rows() : copy_keys();
}

std::string PartCopies::begin_table() {
  const auto& order = orders_.front();
  const auto there = server_.tables.find(order.record.source);
  const auto seen = snapshot_->tables.find(order.record.source);
  if (there == server_.tables.end() || seen == snapshot_->tables.end() ||
      seen->second.file != there->second.committed_row.file ||
      seen->second.shape != there->second.committed_row.shape) {
    server_.tally->add(Happening::snapshot_outdated);
    return end(Kind::postponed, "the table was altered");
  }
  if (there->second.exclusive != 0) return {};
  const auto& columns = seen->second.shape->columns;
  for (const auto& [name, bound] : comparisons_of(order.record.resync_where)) {
    const auto column = std::ranges::find(columns, name, &ModelColumn::name);
    if (column == columns.end()) return end(Kind::failed, fmt::format("column {} does not exist", name));
  }
  fault::hit("copy_started");
  schema_ = result_.columns = copied_schema(*seen->second.shape, destination_.capabilities().values);
  locked_ = order.record.source;
  ++there->second.copy_locks;
  next_row_ = seen->second.rows.begin();
  has_keys_ = false;
  return fmt::format("copying a part of table {}: {}", locked_, order.record.resync_where);
}

bool PartCopies::is_inside(const std::vector<std::string>& columns, const Cells& cells) const {
  return std::ranges::any_of(comparisons_of(orders_.front().record.resync_where), [&](const Comparison& comparison) {
    const auto place = std::ranges::find(columns, comparison.column) - columns.begin();
    const auto& cell = cells.at(static_cast<std::size_t>(place));
    return cell && std::stoi(*cell) < comparison.bound;
  });
}

void PartCopies::put(const std::vector<Cells>& rows, Op op) {
  if (rows.empty()) return;
  RowBatch batch(schema_);
  for (const auto& cells : rows) append_copied(batch, cells, destination_.capabilities().values, op);
  for (std::size_t c = 0; c < batch.columns.size(); ++c) {
    if (!batch.columns[c].overflow().empty()) result_.overflow_columns.insert(schema_->columns[c].name);
  }
  const std::array<Operation, 1> operations{std::move(batch)};
  result_.rows->put(replication::output_key(orders_.front().record.id), {}, write_part({Transaction{}}, operations));
}

// The target has the columns that it had when the copy was ordered, or others: then the part will not be applied.
std::string PartCopies::copy_keys() {
  const auto target = read_target_(orders_.front().record);
  const auto& columns = snapshot_->tables.at(locked_).shape->columns;
  std::vector<Cells> keys;
  for (const auto& row : target.rows) {
    Cells key;
    std::vector<std::string> names;
    for (const auto& column : columns) {
      const auto place = std::ranges::find(target.columns, column.name) - target.columns.begin();
      const bool is_key = column.in_primary_key && static_cast<std::size_t>(place) < row.size();
      key.push_back(is_key ? row[static_cast<std::size_t>(place)] : std::nullopt);
      names.push_back(column.name);
    }
    if (is_inside(names, key)) keys.push_back(std::move(key));
  }
  put(keys, Op::remove);
  has_keys_ = true;
  return fmt::format("{} keys of the target are in the part", keys.size());
}

std::string PartCopies::copy_rows() {
  const auto& table = snapshot_->tables.at(locked_);
  if (next_row_ == table.rows.end()) {
    server_.tally->add(Happening::part_copied);
    return end(Kind::copied);
  }
  std::vector<std::string> names;
  for (const auto& column : table.shape->columns) names.push_back(column.name);
  std::vector<Cells> rows;
  for (; next_row_ != table.rows.end() && rows.size() < rows_at_once; ++next_row_) {
    if (is_inside(names, next_row_->second)) rows.push_back(next_row_->second);
  }
  put(rows, Op::update);
  result_.copied_rows += rows.size();
  fault::hit("mid_copy");
  return fmt::format("{} rows of a part of table {}", rows.size(), locked_);
}

}  // namespace walbrook::sim
