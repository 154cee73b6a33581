#include "test/sim/table_copies.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/fault.h"
#include "postgres/values/values.h"
#include "test/sim/catalog_view.h"

namespace walbrook::sim {
namespace {

constexpr std::size_t rows_per_batch = 4;

using replication::CopyOrder;
using replication::CopyResult;

// The snapshot's columns are still there under their names; others may have been added.
bool can_be_selected(const Shape& seen, const Shape& now) {
  const auto is_there = [&now](const ModelColumn& column) {
    return std::ranges::any_of(now.columns, [&column](const ModelColumn& other) {
      return other.number == column.number && other.name == column.name && other.type == column.type;
    });
  };
  return seen.name == now.name && std::ranges::all_of(seen.columns, is_there);
}

}  // namespace

void append_copied(RowBatch& batch, const Cells& cells, const ValueLimits& limits, Op op) {
  for (std::size_t c = 0; c < cells.size(); ++c) {
    auto& column = batch.columns[c];
    if (!cells[c]) {
      column.append_null();
      continue;
    }
    const auto type = built_in_type(batch.schema->columns[c].type_oid);
    postgres::parsers_for(type, batch.schema->columns[c].type).text(*cells[c], {.limits = limits}, column);
  }
  batch.finish_row(op, 0);
}

void TableCopies::tell(const CopyOrder::Table& table, CopyResult result) {
  result.output = table.record.id;
  result.number = table.number;
  tell_(std::move(result));
}

void TableCopies::leave_table() {
  writer_.reset();
  if (locked_ != 0) --server_.tables.at(std::exchange(locked_, 0)).copy_locks;
}

void TableCopies::end_attempt(Now now) {
  is_at_work_ = false;
  slot_.reset();
  snapshot_.reset();
  plan_.ended(std::exchange(left_, {}), now);
}

std::string TableCopies::fail(const Error& failed, Now now) {
  leave_table();
  is_at_work_ = false;
  slot_.reset();
  snapshot_.reset();
  std::ranges::move(std::exchange(tables_, {}), std::back_inserter(left_));
  auto postponed = plan_.failed(std::exchange(left_, {}), failed, now);
  for (auto& result : postponed.results) tell_(std::move(result));
  return fmt::format("copies fail: {}", failed.cause());
}

std::string TableCopies::run_short(Now now) {
  if (!is_at_work_) return {};
  server_.tally->add(Happening::slots_short);
  const Error failed(ErrorKind::source_not_ready, "all replication slots are in use", {}, {.sqlstate = "53400"});
  try {
    throw failed;
  } catch (const Error& thrown) {
    return fail(thrown, now);
  }
}

std::string TableCopies::step(Now now) {
  if (!is_at_work_) {
    for (const auto& order : std::exchange(ordered_, {})) plan_.add(order);
    if (!std::holds_alternative<replication::RunAgain>(plan_.next(now))) return {};
    std::ranges::move(plan_.begin(), std::back_inserter(tables_));
    is_at_work_ = true;
    slot_.emplace(server_);
    return fmt::format("a snapshot is asked for, for {} tables", tables_.size());
  }
  try {
    return advance(now);
  } catch (const Error& failed) {
    return fail(failed, now);
  }
}

std::string TableCopies::advance(Now now) {
  if (!snapshot_) {
    snapshot_ = slot_->export_snapshot(server_);
    if (!snapshot_) return {};
    server_.newest_seam = snapshot_->consistent_point;
    return fmt::format("a snapshot as of {}", snapshot_->consistent_point.to_string());
  }
  if (writer_ != nullptr) return copy_rows(now);
  return begin_table(now);
}

std::string TableCopies::begin_table(Now now) {
  if (tables_.empty()) {
    end_attempt(now);
    return "the copies of this snapshot end";
  }
  const auto oid = tables_.front().record.source;
  const auto there = server_.tables.find(oid);
  if (there == server_.tables.end()) {
    tell(tables_.front(), {.kind = CopyResult::Kind::gone});
    tables_.pop_front();
    return fmt::format("table {} is gone", oid);
  }
  const auto seen = snapshot_->tables.find(oid);
  if (seen == snapshot_->tables.end() || seen->second.file != there->second.committed_row.file ||
      !can_be_selected(*seen->second.shape, *there->second.committed_row.shape)) {
    server_.tally->add(Happening::snapshot_outdated);
    left_.push_back(std::move(tables_.front()));
    tables_.pop_front();
    return fmt::format("the snapshot is too old for table {}", oid);
  }
  if (there->second.exclusive != 0) return {};
  fault::hit("copy_started");
  schema_ = copied_schema(*seen->second.shape, destination_.capabilities().values);
  const destination::CopyTarget target{.output = &tables_.front().record, .schema = schema_};
  writer_ = destination_.begin_copy({&target, 1});
  locked_ = oid;
  ++there->second.copy_locks;
  next_row_ = seen->second.rows.begin();
  return fmt::format("copying table {}, {} rows", oid, seen->second.rows.size());
}

std::string TableCopies::copy_rows(Now) {
  const auto& rows = snapshot_->tables.at(locked_).rows;
  if (next_row_ != rows.end()) {
    RowBatch batch(schema_);
    for (std::size_t i = 0; i < rows_per_batch && next_row_ != rows.end(); ++i, ++next_row_) {
      append_copied(batch, next_row_->second, destination_.capabilities().values, Op::insert);
    }
    writer_->append(0, batch);
    fault::hit("mid_copy");
    return fmt::format("{} rows of table {}", batch.rows(), locked_);
  }
  writer_->finish();
  fault::hit("copy_done");
  server_.tally->add(Happening::copied);
  server_.newest_copied = locked_;
  const bool written_to = server_.tables.at(locked_).committed != rows || !server_.tables.at(locked_).writers.empty();
  if (written_to) server_.tally->add(Happening::copied_under_writers);
  leave_table();
  const auto table = std::move(tables_.front());
  tables_.pop_front();
  tell(table, {.kind = CopyResult::Kind::copied,
               .consistent_point = snapshot_->consistent_point,
               .columns = schema_,
               .numbers = attribute_numbers(*snapshot_->tables.at(table.record.source).shape),
               .rows = rows.size()});
  return fmt::format("table {} is copied as of {}", table.record.source, snapshot_->consistent_point.to_string());
}

}  // namespace walbrook::sim
