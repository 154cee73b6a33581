#include "destination/ducklake/lake_destination.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "base/error.h"
#include "destination/ducklake/lake_attachment.h"
#include "destination/ducklake/lake_files.h"
#include "destination/ducklake/lake_maintenance.h"
#include "destination/ducklake/lake_url.h"

namespace walbrook::destination::ducklake {
namespace {

// Under load, maintenance waits for idle time up to so many intervals.
constexpr int most_intervals = 4;

}  // namespace

LakeDestination::LakeDestination(const DestinationOptions& options)
    : DuckDbDestination(lake_options(parse_lake_url(options.url), options), options),
      kind_(parse_lake_url(options.url).kind),
      pipeline_(options.pipeline),
      lake_(options.lake),
      maintained_(std::chrono::steady_clock::now()) {}

std::unique_ptr<Transaction> LakeDestination::begin(const AttemptId& attempt) {
  if (attempt.of != AttemptId::Of::state) was_written_ = true;
  return DuckDbDestination::begin(attempt);
}

std::vector<TargetFinding> LakeDestination::inspect(std::span<const OutputRecord> outputs) {
  auto findings = DuckDbDestination::inspect(outputs);
  if (outputs.empty()) return findings;
  duckdb::Connection connection(open_database());
  const auto missing = tables_with_missing_files(connection);
  for (const auto& output : outputs) {
    const bool is_found =
        std::ranges::any_of(findings, [&output](const TargetFinding& finding) { return finding.output == output.id; });
    if (is_found || !missing.contains({output.target_schema, output.target_name})) continue;
    findings.push_back({.output = output.id,
                        .kind = TargetFinding::Kind::missing,
                        .reason = fmt::format("a file of target table {}.{} is missing in the data path of {}",
                                              output.target_schema, output.target_name, name())});
  }
  return findings;
}

void LakeDestination::maintain(Lull lull) {
  const std::chrono::seconds interval(lake_.maintenance_s);
  if (lake_.maintenance_s == 0 || !was_written_) return;
  const auto now = std::chrono::steady_clock::now();
  const bool is_last = lull == Lull::end_of_run;  // the lake itself says when an earlier run maintained it
  if (!is_last && now - maintained_ < interval * (lull == Lull::idle ? 1 : most_intervals)) return;
  maintained_ = now;
  was_written_ = false;
  try {
    duckdb::Connection connection(open_to_write());
    if (is_last && !is_maintenance_due(connection, pipeline_, interval)) return;
    put_in_order(connection, kind_, pipeline_, lake_);
  } catch (const Error& failed) {
    spdlog::warn("{}: maintenance has to wait: {}", name(), failed.cause());
  }
}

std::vector<CompactedTable> LakeDestination::compact() {
  duckdb::Connection connection(open_to_write());
  auto done = put_in_order(connection, kind_, pipeline_, lake_);
  remove_orphans(connection);
  return done;
}

}  // namespace walbrook::destination::ducklake
