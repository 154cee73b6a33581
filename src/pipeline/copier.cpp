#include "pipeline/copier.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <thread>
#include <utility>

#include "base/fault.h"

namespace walbrook::pipeline {
namespace {

constexpr int attempts_bound = 8;  // in a row, of one order, without a table done
constexpr milliseconds first_retry{200};

std::string full_name(const TableRecord& record) {
  return record.schema + "." + record.name;
}

}  // namespace

Copier::Copier(CopierOptions options, destination::Destination& destination, TypeCatalog& types,
               Mailbox<LoaderMessage>& loader, RunObserver& observer, Statistics& statistics)
    : options_(std::move(options)),
      destination_(destination),
      types_(types),
      loader_(loader),
      observer_(observer),
      statistics_(statistics) {}

void Copier::work(std::stop_token stop) {
  while (!stop.stop_requested()) {
    for (auto& order : orders_.take(milliseconds(500))) {
      int attempts = 0;
      auto tables = std::move(order.tables);
      while (!tables.empty() && !stop.stop_requested()) {
        const auto before = tables.size();
        try {
          copy_all(tables, stop);
        } catch (const Error& failed) {
          const bool may_pass = failed.kind() == ErrorKind::connection || failed.kind() == ErrorKind::destination;
          if (stop.stop_requested()) return;
          if (!may_pass || attempts >= attempts_bound) throw;
          spdlog::warn("{}; the copy is tried again", failed.cause());
        }
        attempts = tables.size() < before ? 0 : attempts + 1;
        if (!tables.empty()) std::this_thread::sleep_for(first_retry * attempts);
      }
    }
  }
}

void Copier::copy_all(std::vector<CopyOrder::Table>& tables, std::stop_token stop) {
  const source::SnapshotSource snapshot(
      options_.conninfo, [this](const auto& writers) { observer_.waiting_for(writers); }, stop);
  auto reader = std::make_unique<source::SnapshotReader>(options_.conninfo, snapshot.name());
  for (std::size_t next = 0; next < tables.size() && !stop.stop_requested();) {
    const auto at = tables.begin() + static_cast<std::ptrdiff_t>(next);
    try {
      if (copy_one(*at, snapshot, *reader, stop) == Outcome::done) {
        // At once: the loader may promote it from here on, and a second copy would pull the rows from under it.
        tables.erase(at);
        continue;
      }
      observer_.copy_restarted(full_name(at->record), "it was rewritten while the snapshot was taken");
      ++next;
    } catch (const Error& failed) {
      if (stop.stop_requested()) return;
      if (failed.kind() == ErrorKind::connection || failed.kind() == ErrorKind::destination) throw;
      loader_.post(CopyResult{
          .kind = CopyResult::Kind::failed, .table = at->record.oid, .number = at->number, .reason = failed.what()});
      tables.erase(at);
    }
    // The transaction of a table that could not be copied is of no more use.
    reader = std::make_unique<source::SnapshotReader>(options_.conninfo, snapshot.name());
  }
}

Copier::Outcome Copier::copy_one(const CopyOrder::Table& table, const source::SnapshotSource& snapshot,
                                 source::SnapshotReader& reader, std::stop_token stop) {
  CopyResult result{.table = table.record.oid, .number = table.number};
  result.consistent_point = options_.changes_only_from.value_or(snapshot.consistent_point());
  switch (reader.prepare(table.source, types_, destination_.limits())) {
    case source::SnapshotReader::Prepared::ready:
      break;
    case source::SnapshotReader::Prepared::stale:
      return Outcome::again;
    case source::SnapshotReader::Prepared::gone:
      result.kind = CopyResult::Kind::gone;
      loader_.post(std::move(result));
      return Outcome::done;
  }
  result.columns = reader.schema();
  try {
    copy_rows(table, reader, result, options_.copy, stop);
  } catch (const source::CopyNeedsText& needs) {
    observer_.copy_restarted(full_name(table.record), needs.cause() + "; it is copied in text");
    if (reader.prepare(table.source, types_, destination_.limits()) != source::SnapshotReader::Prepared::ready) {
      return Outcome::again;
    }
    result.columns = reader.schema();
    result.rows = 0;
    auto in_text = options_.copy;
    in_text.format = source::CopyFormat::text;
    copy_rows(table, reader, result, in_text, stop);
  }
  if (stop.stop_requested()) return Outcome::done;
  loader_.post(std::move(result));
  return Outcome::done;
}

void Copier::copy_rows(const CopyOrder::Table& table, source::SnapshotReader& reader, CopyResult& result,
                       const source::CopyOptions& how, std::stop_token stop) {
  const auto started = std::chrono::steady_clock::now();
  const auto name = full_name(table.record);
  auto writer = destination_.begin_copy(table.record, *result.columns);
  observer_.copy_started(name, table.source.estimated_rows, table.source.bytes);
  fault::hit("copy_started");
  if (!options_.changes_only_from) {
    std::uint64_t bytes = 0;
    reader.copy(
        how,
        [&](const RowBatch& rows, std::size_t wire_bytes) {
          writer->append(rows);
          result.rows += rows.rows();
          bytes += wire_bytes;
          observer_.copy_advanced(name, result.rows, bytes);
          statistics_.copy_progress(table.record.oid, result.rows);
          fault::hit("mid_copy");
        },
        stop);
  }
  if (stop.stop_requested()) return;
  writer->finish();
  fault::hit("copy_done");
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  statistics_.copied(took.count());
  observer_.copy_finished(name, result.rows, took.count());
}

}  // namespace walbrook::pipeline
