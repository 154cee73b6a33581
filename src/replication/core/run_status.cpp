#include "replication/core/run_status.h"

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

}  // namespace walbrook::replication
