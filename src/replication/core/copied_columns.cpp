#include "replication/core/copied_columns.h"

#include "postgres/catalog/fingerprint.h"
#include "replication/core/suspicion.h"

namespace walbrook::replication {
namespace {

// What is altered without a rewrite between two readings, so that the later one describes the same rows.
bool has_same_rows(const SyncedTable& table, const OutputRecord& record) {
  const auto found = judge(table.record, record, table.source, true, {.resync_max_size = 0});
  return found.kind == Suspicion::Kind::none || found.kind == Suspicion::Kind::in_place;
}

}  // namespace

bool settle_fingerprint(const SyncedTable& table, OutputRecord& record, const CopyResult& copy) {
  if (record.fingerprint.empty() || record.changes_only) return true;
  if (postgres::has_known_columns(postgres::parse_fingerprint(record.fingerprint), *copy.columns, copy.numbers)) {
    return true;
  }
  const auto& now = table.source.fingerprint;
  if (now.empty() || !postgres::has_columns(postgres::parse_fingerprint(now), *copy.columns, copy.numbers) ||
      !has_same_rows(table, record)) {
    return false;
  }
  record.fingerprint = now;
  return true;
}

}  // namespace walbrook::replication
