#include "replication/runtime/snapshot_copy.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <system_error>
#include <thread>
#include <utility>

#include "base/fault.h"
#include "destination/target_shape.h"
#include "postgres/connection/failure_consequence.h"
#include "postgres/connection/shortage.h"

namespace walbrook::replication {
namespace {

// Small tables are written together, at the latest at these limits.
constexpr std::size_t small_tables_at_most = 200;
constexpr std::size_t small_bytes_at_most = std::size_t{4} << 20U;

// Thrown to end a worker's copy of a table that another worker gave up.
struct GivenUp {};

}  // namespace

SnapshotCopy::SnapshotCopy(const Surroundings& around, postgres::SnapshotSource& snapshot,
                           std::vector<CopyOrder::Table> tables)
    : around_(around), snapshot_(snapshot), tables_(std::move(tables)) {
  for (auto& table : tables_) table.record.snapshot_lsn = snapshot.consistent_point();
}

void SnapshotCopy::plan(postgres::SnapshotReader& reader) {
  plan_.emplace(tables_, ChunkLimits{.workers = around_.options.workers, .chunk_bytes = around_.options.chunk_bytes},
                [&reader](const postgres::SourceTable& table) { return reader.pages(table); });
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    copies_.push_back(std::make_unique<TableCopy>(tables_[i], plan_->chunks_of(i)));
  }
  tables_.clear();
}

void SnapshotCopy::work(std::stop_token stop) {
  const auto began = std::chrono::steady_clock::now();
  const std::stop_callback forward(stop, [this] { giving_up_.request_stop(); });
  postgres::SnapshotReader first(around_.options.conninfo, snapshot_.name(), around_.options.server);
  snapshot_name_ = first.export_snapshot();
  snapshot_.drop_slot();
  const Statistics::HoldingSnapshot holding(around_.statistics,
                                            {.consistent_point = snapshot_.consistent_point(), .xmin = first.xmin()});
  plan(first);
  {
    std::vector<std::jthread> others;
    plan_->worker_joins();
    join_workers(others);
    run_worker(first, giving_up_.get_token());
  }
  if (failure_) std::rethrow_exception(failure_);
  if (!stop.stop_requested()) write_small();
  around_.statistics.copied(std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
}

void SnapshotCopy::join_workers(std::vector<std::jthread>& others) {
  const auto wanted = std::min(static_cast<std::size_t>(around_.options.workers), plan_->chunks());
  const auto copy_along = [this] {
    try {
      postgres::SnapshotReader reader(around_.options.conninfo, snapshot_name_, around_.options.server);
      {
        const std::lock_guard lock(mutex_);
        plan_->worker_joins();
      }
      run_worker(reader, giving_up_.get_token());
    } catch (const std::exception& refused) {
      spdlog::debug("one connection fewer copies tables: {}", refused.what());
    }
  };
  try {
    for (std::size_t i = 1; i < wanted; ++i) others.emplace_back(copy_along);
  } catch (const std::system_error& refused) {
    spdlog::debug("fewer threads copy tables: {}", refused.what());
  }
}

void SnapshotCopy::run_worker(postgres::SnapshotReader& reader, const std::stop_token& stop) {
  try {
    loop_worker(reader, stop);
  } catch (...) {
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = std::current_exception();
    giving_up_.request_stop();
  }
}

void SnapshotCopy::loop_worker(postgres::SnapshotReader& reader, const std::stop_token& stop) {
  while (const auto chunk = next()) {
    if (stop.stop_requested()) return;
    auto& copy = copy_of(*chunk);
    bool has_rows = false;
    if (!copy.given_up()) {
      try {
        copy_chunk(*chunk, reader, has_rows, stop);
      } catch (const GivenUp&) {  // another worker gave up the table
      } catch (const postgres::CopyNeedsText& needs) {
        copy.give_up(TableCopy::Outcome::text, needs.cause());
      } catch (const Error& failed) {
        if (stop.stop_requested()) return;
        if (!judge_failure(*chunk, reader, has_rows, failed)) return;
      }
    }
    if (stop.stop_requested()) return;
    if (copy.leave()) finish_table(chunk->table);
    if (!reader.usable()) {  // the tables that follow are not at fault
      throw Error(ErrorKind::connection, "a connection that copied table " + copy.name() + " cannot be used any more");
    }
  }
}

bool SnapshotCopy::judge_failure(const Chunk& chunk, const postgres::SnapshotReader& reader, bool has_rows,
                                 const Error& failed) {
  auto& copy = copy_of(chunk);
  if (reader.usable() && postgres::is_shortage(failed)) {
    if (!has_rows && postgres::is_shortage_of_memory(failed) && leave_to_others(chunk)) {
      spdlog::info("{}; fewer tables are copied at a time", failed.cause());
      return false;
    }
    copy.give_up(TableCopy::Outcome::postponed, failed.cause(), failed.remedy());
    return true;
  }
  const bool of_copy = postgres::consequence_of(failed, postgres::Asked::copy, true) == postgres::Consequence::copy;
  if (of_copy || failed.kind() == ErrorKind::destination) throw;
  copy.give_up(TableCopy::Outcome::failed, failed.what());
  return true;
}

bool SnapshotCopy::leave_to_others(const Chunk& chunk) {
  const std::lock_guard lock(mutex_);
  return plan_->leave_to_others(chunk);
}

std::optional<SnapshotCopy::Chunk> SnapshotCopy::next() {
  const std::lock_guard lock(mutex_);
  return plan_->next();
}

void SnapshotCopy::copy_chunk(const Chunk& chunk, postgres::SnapshotReader& reader, bool& has_rows,
                              const std::stop_token& stop) {
  using Ready = postgres::SnapshotReader::Readiness;
  auto& copy = copy_of(chunk);
  switch (reader.prepare(copy.table().source, around_.types, around_.destination.capabilities().values)) {
    case Ready::stale:
      return copy.give_up(TableCopy::Outcome::stale);
    case Ready::gone:
      return copy.give_up(TableCopy::Outcome::gone);
    case Ready::ready:
      break;
  }
  if (!copy.agree(reader.schema(), reader.numbers())) return;
  if (around_.destination.capabilities().values.user_types) around_.destination.make_types(reader.type_definitions());
  // Throws if a column has the name of a metadata column.
  static_cast<void>(destination::target_column_names(around_.destination.capabilities().names,
                                                     copy.table().record.style, *reader.schema()));
  if (!chunk.pages || chunk.pages->first == 0) {
    around_.observer.copy_started(copy.name(), copy.table().source.estimated_rows, copy.table().source.bytes);
    fault::hit("copy_started");
  }
  copy_rows(chunk, reader, has_rows, stop);
}

void SnapshotCopy::copy_rows(const Chunk& chunk, postgres::SnapshotReader& reader, bool& has_rows,
                             const std::stop_token& stop) {
  auto& copy = copy_of(chunk);
  auto how = around_.options.copy;
  how.pages = chunk.pages;
  if (copy.in_text()) how.format = postgres::CopyFormat::text;
  reader.copy(
      how,
      [&](RowBatch rows, std::size_t wire_bytes) {
        has_rows = true;
        const auto progress = copy.append(std::move(rows), wire_bytes, around_.destination);
        if (!progress) throw GivenUp();
        around_.observer.copy_advanced(copy.name(), progress->rows, progress->wire_bytes);
        around_.statistics.copy_progress(copy.table().record.id, progress->rows);
        fault::hit("mid_copy");
      },
      stop);
}

void SnapshotCopy::finish_table(std::size_t table) {
  auto& copy = *copies_[table];
  switch (copy.outcome()) {
    case TableCopy::Outcome::copied:
      return finish(copy);
    case TableCopy::Outcome::stale:
      return around_.observer.copy_restarted(copy.name(), "it was altered while the snapshot was taken");
    case TableCopy::Outcome::text: {
      around_.observer.copy_restarted(copy.name(), copy.reason() + "; it is copied in text");
      copy.begin_again_in_text();
      const std::lock_guard lock(mutex_);
      plan_->again(table);
      return;
    }
    case TableCopy::Outcome::gone:
      return report(copy, CopyResult::Kind::gone);
    case TableCopy::Outcome::failed:
      return report(copy, CopyResult::Kind::failed);
    case TableCopy::Outcome::postponed:
      return report(copy, CopyResult::Kind::postponed);
  }
}

void SnapshotCopy::finish(TableCopy& copy) {
  auto rows = copy.finish();
  if (!rows) return report_copied(copy);
  bool enough = false;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& batch : *rows) small_bytes_ += batch.bytes();
    small_.push_back({.copy = &copy, .rows = *std::move(rows)});
    enough = small_bytes_ >= small_bytes_at_most || small_.size() >= small_tables_at_most;
  }
  if (enough) write_small();
}

void SnapshotCopy::write_small() {
  std::vector<Small> together;
  {
    const std::lock_guard lock(mutex_);
    together = std::exchange(small_, {});
    small_bytes_ = 0;
  }
  if (together.empty()) return;
  std::vector<destination::CopyTarget> tables;
  for (const auto& small : together) {
    tables.push_back({.output = &small.copy->table().record, .schema = small.copy->schema()});
  }
  const auto writer = around_.destination.begin_copy(tables);
  for (std::size_t i = 0; i < together.size(); ++i) {
    for (const auto& rows : together[i].rows) writer->append(i, rows);
  }
  writer->finish();
  fault::hit("copy_done");
  for (const auto& small : together) report_copied(*small.copy);
}

void SnapshotCopy::report_copied(TableCopy& copy) {
  around_.observer.copy_finished(copy.name(), copy.rows(), copy.seconds());
  report(copy, CopyResult::Kind::copied);
}

void SnapshotCopy::report(TableCopy& copy, CopyResult::Kind kind) {
  // Set before the loader gets the result: it may swap the table in at once, and a second copy would replace the rows
  // under it.
  copy.set_done();
  around_.loader.post(CopyResult{.kind = kind,
                                 .output = copy.table().record.id,
                                 .number = copy.table().number,
                                 .consistent_point = snapshot_.consistent_point(),
                                 .columns = copy.schema(),
                                 .numbers = copy.numbers(),
                                 .rows = copy.rows(),
                                 .reason = copy.reason(),
                                 .why = {.reason = copy.reason(), .remedy = copy.remedy()}});
}

std::vector<CopyOrder::Table> SnapshotCopy::left_over() const {
  if (!tables_.empty()) return tables_;
  std::vector<CopyOrder::Table> left;
  for (const auto& copy : copies_) {
    if (!copy->is_done()) left.push_back(copy->table());
  }
  return left;
}

}  // namespace walbrook::replication
