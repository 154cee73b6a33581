#include "replication/core/run_status.h"

#include <fmt/chrono.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"

namespace walbrook::replication {
namespace {

constexpr std::array<std::pair<Phase, std::string_view>, 5> phase_names = {{
    {Phase::starting, "starting"},
    {Phase::copying, "copying"},
    {Phase::streaming, "streaming"},
    {Phase::stopping, "stopping"},
    {Phase::stopped, "stopped"},
}};

}  // namespace

std::string_view to_string(Phase phase) {
  return std::ranges::find(phase_names, phase, [](const auto& each) { return each.first; })->second;
}

Phase parse_phase(std::string_view text) {
  const auto* found = std::ranges::find(phase_names, text, [](const auto& each) { return each.second; });
  if (found == phase_names.end()) {
    throw Error(ErrorKind::internal, "a run has no phase \"" + std::string(text) + "\"");
  }
  return found->first;
}

void show_suspension(const destination::OutputRecord& record, RunStatus::Table& table) {
  const bool is_suspended = record.state == destination::OutputState::suspended;
  const auto shown = is_suspended ? record.suspension : destination::OutputRecord::Suspension{};
  table.by_request = shown.by_request;
  table.attempts = shown.attempts;
  table.retry_at =
      shown.retry_at == WallTime{}
          ? ""
          : fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(shown.retry_at)));
}

}  // namespace walbrook::replication
