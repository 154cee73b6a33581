// Counts what happened in simulations, to show when the seeds no longer reach something.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "base/lsn.h"

namespace walbrook::sim {

enum class Happening : std::uint8_t {
  // in the source
  several_tables,
  savepoint_rolled_back,
  transaction_rolled_back,
  prepared,
  prepared_committed,
  prepared_rolled_back,
  key_changed,
  large_value_left_out,
  truncated,
  rows_changed_silently,
  columns_altered,
  column_added_again,
  altered_in_transaction,
  identity_altered,
  file_replaced,
  table_created,
  table_created_again,
  table_renamed,
  table_dropped,
  published,
  unpublished,
  trigger_enabled,
  trigger_disabled,
  table_described,
  // in transit
  streamed,
  streamed_rolled_back_to,
  prepared_sent,
  frames_held_back,
  disconnected,
  sent_again,
  server_crashed,
  catalog_unreachable,
  // copies
  copied,
  copied_under_writers,
  copy_altered,
  committed_at_seam,
  snapshot_outdated,
  slots_short,
  resync_requested,
  part_requested,
  part_copied,
  rows_damaged,
  suspend_requested,
  resume_requested,
  // in the engine and the destination
  crashed_between_steps,
  destination_failed,
  in_doubt_and_lost,
  in_doubt_and_durable,
  spool_full_for_output,
  spool_full_for_transaction,
  count
};
[[nodiscard]] std::string_view to_string(Happening happening);

class Tally {
 public:
  static constexpr auto kinds = static_cast<std::size_t>(Happening::count);

  void add(Happening happening) { ++counts_[static_cast<std::size_t>(happening)]; }
  // Counts a crash of the engine's process at that point of base/fault.h.
  void add_crash(std::string_view point) { ++crashes_[std::string(point)]; }
  // Counts a transaction sent to the engine over any connection.
  void add_sent(Lsn commit_lsn);
  void add(const Tally& other);

  [[nodiscard]] std::uint64_t of(Happening happening) const { return counts_[static_cast<std::size_t>(happening)]; }
  [[nodiscard]] std::uint64_t crashes_at(std::string_view point) const;
  // Prints a line for each kind, and for each point at which an engine in a simulation can crash.
  [[nodiscard]] std::string table() const;

 private:
  std::array<std::uint64_t, kinds> counts_{};
  std::map<std::string, std::uint64_t> crashes_;
  std::set<Lsn> sent_;  // of this simulation
};

// True for the points of base/fault.h that a simulation reaches. The others come before a run's first step.
[[nodiscard]] bool is_simulated(std::string_view fault_point);

}  // namespace walbrook::sim
