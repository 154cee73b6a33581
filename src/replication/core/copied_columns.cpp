#include "replication/core/copied_columns.h"

#include <algorithm>
#include <utility>

#include "postgres/catalog/fingerprint.h"
#include "replication/core/suspicion.h"

namespace walbrook::replication {
namespace {

using postgres::Fingerprint;

// What is altered without a rewrite between two readings, so that the later one describes the same rows.
bool has_same_rows(const SyncedTable& table, const OutputRecord& record) {
  const auto found = judge(table.record, record, table.source, true, {.resync_max_size = 0});
  return found.kind == Suspicion::Kind::none || found.kind == Suspicion::Kind::in_place;
}

// The later reading knows the copy's columns, and has none that was added after the copy.
bool is_of_copy(const Fingerprint& before, const Fingerprint& now, const CopyResult& copy) {
  const auto is_copied = [&](const Fingerprint::Column& column) {
    return column.number <= before.attributes || std::ranges::find(copy.numbers, column.number) != copy.numbers.end();
  };
  return postgres::has_columns(now, *copy.columns, copy.numbers) && std::ranges::all_of(now.columns, is_copied);
}

// The newest description of the table that the copy holds; nullptr: none was spooled.
const AlteredTable* described_before(const SpooledColumns& spooled, Lsn consistent_point) {
  const AlteredTable* newest = nullptr;
  for (const auto& entry : spooled.entries()) {
    if (entry.altered != nullptr && entry.last_commit < consistent_point) newest = entry.altered.get();
  }
  return newest;
}

}  // namespace

bool settle_fingerprint(const SyncedTable& table, SyncedOutput& output, const CopyResult& copy) {
  auto& record = output.record;
  if (record.fingerprint.empty() || record.changes_only) return true;
  const auto before = postgres::parse_fingerprint(record.fingerprint);
  if (postgres::has_known_columns(before, *copy.columns, copy.numbers)) return true;
  if (const auto* described = described_before(output.spooled, copy.consistent_point)) {
    auto then = postgres::with_description(record.fingerprint, described->description);
    if (postgres::has_columns(postgres::parse_fingerprint(then), *copy.columns, copy.numbers)) {
      record.fingerprint = std::move(then);
      return true;
    }
  }
  const auto& now = table.source.fingerprint;
  if (now.empty() || !is_of_copy(before, postgres::parse_fingerprint(now), copy) || !has_same_rows(table, record)) {
    return false;
  }
  record.fingerprint = now;
  return true;
}

}  // namespace walbrook::replication
