#include "destination/contradiction.h"

#include <fmt/format.h>

#include <algorithm>

namespace walbrook::destination {
namespace {

std::string what_contradicts(const State& state) {
  const auto streaming = std::ranges::find(state.outputs, OutputState::streaming, &OutputRecord::state);
  const auto name = [](const OutputRecord& output) { return output.schema + "." + output.name; };
  if (state.checkpoints > 1) return fmt::format("there are {} checkpoints of this pipeline", state.checkpoints);
  if (!state.checkpoint) {
    if (streaming == state.outputs.end()) return {};
    return fmt::format("table {} is streaming, but there is no checkpoint", name(*streaming));
  }
  const auto& checkpoint = *state.checkpoint;
  // A checkpoint without an LSN reserves the slot's name before the slot is created.
  if (!checkpoint.lsn.is_set() && streaming != state.outputs.end()) return "the checkpoint has no LSN";
  if (checkpoint.last.commit_lsn > checkpoint.lsn) {
    return fmt::format("the checkpoint is at {}, and its last transaction committed at {}", checkpoint.lsn.to_string(),
                       checkpoint.last.commit_lsn.to_string());
  }
  if (state.targets && std::ranges::none_of(state.outputs, &OutputRecord::has_source)) {
    return "there are target tables and a checkpoint, but no table is recorded";
  }
  for (const auto& output : state.outputs) {
    if (output.source != 0 && std::ranges::find(state.tables, output.source, &TableRecord::oid) == state.tables.end()) {
      return fmt::format("table {} has an output, but is not recorded", name(output));
    }
    if (output.state != OutputState::streaming) continue;
    if (output.columns == nullptr) return fmt::format("table {} is streaming, but has no columns", name(output));
    if (output.snapshot_lsn > checkpoint.lsn) {
      return fmt::format("table {} was copied as of {}, and the checkpoint is at {}", name(output),
                         output.snapshot_lsn.to_string(), checkpoint.lsn.to_string());
    }
  }
  return {};
}

}  // namespace

std::optional<Error> contradiction(const State& state, const std::string& destination) {
  const auto what = what_contradicts(state);
  if (what.empty()) return std::nullopt;
  return Error(ErrorKind::destination, fmt::format("the state in {} contradicts itself: {}", destination, what),
               remedy("It was changed by hand, or comes from different backups. Restore the destination, or copy "
                      "everything again: {}.",
                      RemedyAction::reset),
               {.destination = destination});
}

}  // namespace walbrook::destination
