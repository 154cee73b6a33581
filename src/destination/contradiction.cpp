#include "destination/contradiction.h"

#include <fmt/format.h>

#include <algorithm>

namespace walbrook::destination {
namespace {

std::string what_contradicts(const State& state) {
  const auto streaming = std::ranges::find(state.tables, TableState::streaming, &TableRecord::state);
  const auto name = [](const TableRecord& table) { return table.schema + "." + table.name; };
  if (state.checkpoints > 1) return fmt::format("there are {} checkpoints of this pipeline", state.checkpoints);
  if (!state.checkpoint) {
    if (streaming == state.tables.end()) return {};
    return fmt::format("table {} is streaming, but there is no checkpoint that says up to where", name(*streaming));
  }
  const auto& checkpoint = *state.checkpoint;
  // Before a slot is created, a checkpoint without an LSN claims its name.
  if (!checkpoint.lsn.is_set() && streaming != state.tables.end()) return "the checkpoint has no LSN";
  if (checkpoint.last.commit_lsn > checkpoint.lsn) {
    return fmt::format("the checkpoint is at {}, and its last transaction committed at {}", checkpoint.lsn.to_string(),
                       checkpoint.last.commit_lsn.to_string());
  }
  if (state.targets &&
      std::ranges::none_of(state.tables, [](const TableRecord& table) { return table.state != TableState::loaded; })) {
    return "there are copies and a checkpoint, but no table is recorded";
  }
  for (const auto& table : state.tables) {
    if (table.state != TableState::streaming) continue;
    if (table.columns == nullptr) return fmt::format("table {} is streaming, but has no columns", name(table));
    if (table.snapshot_lsn > checkpoint.lsn) {
      return fmt::format("table {} was copied as of {}, and the checkpoint is at {}", name(table),
                         table.snapshot_lsn.to_string(), checkpoint.lsn.to_string());
    }
  }
  return {};
}

}  // namespace

std::optional<Error> contradiction(const State& state, const std::string& destination) {
  const auto what = what_contradicts(state);
  if (what.empty()) return std::nullopt;
  return Error(
      ErrorKind::destination, fmt::format("the state in {} contradicts itself: {}", destination, what),
      remedy("It was changed by hand, or comes from different backups. Restore the file, or make the copy anew: {}.",
             RemedyAction::reset),
      {.destination = destination});
}

}  // namespace walbrook::destination
