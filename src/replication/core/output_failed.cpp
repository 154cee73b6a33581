#include "replication/core/output_failed.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <string>

#include "replication/core/table_comparison.h"

namespace walbrook::replication {
namespace {

std::string refused_change(const OutputFailed& failed) {
  auto cause = failed.cause();
  if (cause.ends_with('.')) cause.pop_back();
  return fmt::format(
      "{}. Walbrook gives target tables no constraints, and nothing that depends on them: remove what was added, the "
      "next run resyncs the table.",
      cause);
}

}  // namespace

void answer_failed_changes(const OutputFailed& failed, const FoundOutput& found, destination::Destination& destination,
                           std::uint64_t resync_max_size) {
  auto& output = *found.output;
  if (failed.doing() == OutputFailed::Doing::alteration) {
    ask_for_copy(*found.table, output, "its target cannot follow its columns in place: " + failed.cause());
    spdlog::warn("table {}.{} is copied again: {}", output.record.schema, output.record.name, output.record.reason);
  } else if (!failed.of_target()) {
    suspend(output, failed.what());
  } else if (const auto altered = destination.inspect({&output.record, 1}); altered.empty()) {
    suspend(output, refused_change(failed));
  } else {
    answer_altered_target(*found.table, output, altered.front(), resync_max_size);
  }
}

void answer_failed_copy(const OutputFailed& failed, SyncedOutput& output, const OutputRecord& record,
                        destination::Destination& destination) {
  const auto findings = destination.inspect({&record, 1});
  if (!findings.empty() && findings.front().kind == destination::TargetFinding::Kind::name_conflict) {
    suspend_for_conflict(output, findings.front());
  } else {
    suspend(output, failed.of_target() ? refused_change(failed) : failed.what());
  }
}

}  // namespace walbrook::replication
