#include "replication/core/suspicion.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "postgres/catalog/fingerprint.h"

namespace walbrook::replication {
namespace {

using postgres::Difference;

// Rows of partitions vanish without a message when one is truncated, and all rows where TRUNCATE is not published.
bool are_rewrites_described(const postgres::Fingerprint& before, const postgres::Fingerprint& now,
                            const postgres::SourceTable& table) {
  return postgres::is_described_between(before, now) && table.operations.truncates && before.members.empty() &&
         now.members.empty();
}

}  // namespace

bool is_followed_by_descriptions(const postgres::SourceTable& table) {
  return !table.fingerprint.empty() && !postgres::parse_fingerprint(table.fingerprint).ddl_trigger.empty();
}

std::optional<std::string> too_large_to_copy(const std::string& reason, const postgres::SourceTable& table,
                                             std::uint64_t resync_max_size) {
  const auto bytes = static_cast<std::uint64_t>(std::max<std::int64_t>(table.bytes, 0));
  if (bytes <= resync_max_size) return std::nullopt;
  return fmt::format("{}; it has {} MB, and resync_max_size is {} MB", reason, bytes >> 20U, resync_max_size >> 20U);
}

void mark_suspect(destination::OutputRecord& record, std::string reason) {
  if (record.suspect == reason) return;
  spdlog::warn("table {}.{} is suspect: {}", record.schema, record.name, reason);
  record.suspect = std::move(reason);
}

Suspicion judge(const destination::TableRecord& table, const destination::OutputRecord& known,
                const postgres::SourceTable& now, bool caught_up, const SuspicionOptions& options) {
  if (known.fingerprint.empty()) return {};
  const auto before = postgres::parse_fingerprint(known.fingerprint);
  const auto print = postgres::parse_fingerprint(now.fingerprint);
  const auto compare = [&](postgres::PassedOver passed_over) {
    return postgres::compare(before, print, now.columns, table.truncates, passed_over);
  };
  auto difference = compare({.files = are_rewrites_described(before, print, now)});
  if (difference.kind != Difference::Kind::none && !caught_up && postgres::is_described_between(before, print)) {
    difference = compare({.columns = true, .files = true});
    if (difference.kind == Difference::Kind::none) return {.kind = Suspicion::Kind::wait};
  }
  switch (difference.kind) {
    case Difference::Kind::none:
      break;
    case Difference::Kind::in_place:
      return {.kind = options.alters_columns || difference.adds_empty_columns ? Suspicion::Kind::in_place
                                                                              : Suspicion::Kind::resync,
              .reason = difference.reason};
    case Difference::Kind::ambiguous:
      if (difference.may_be_truncate && !caught_up) return {.kind = Suspicion::Kind::wait};
      if (options.on_rewrite == OnRewrite::ignore) {
        spdlog::info("table {}: {}; its rows are assumed to be unchanged (on_rewrite = ignore)", now.full_name(),
                     difference.reason);
        break;
      }
      [[fallthrough]];
    case Difference::Kind::missed:
      if (auto too_large = too_large_to_copy(difference.reason, now, options.resync_max_size)) {
        return {.kind = Suspicion::Kind::suspect, .reason = *std::move(too_large)};
      }
      return {.kind = Suspicion::Kind::resync, .reason = difference.reason};
    case Difference::Kind::reshaped:
      return {.kind = Suspicion::Kind::resync, .reason = difference.reason};
  }
  return {};
}

std::string lasting_gap(const postgres::SourceTable& table) {
  if (table.unseen_partition.empty()) return {};
  return fmt::format(
      "partition {0} is unlogged or a foreign table: its changes are not in the write-ahead log. ALTER TABLE {0} SET "
      "LOGGED; (a foreign table: detach it, or publish the other partitions one by one)",
      table.unseen_partition);
}

}  // namespace walbrook::replication
