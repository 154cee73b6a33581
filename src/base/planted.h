// Planted faults: places in the engine that the simulation (test/sim) can make do the wrong thing, to show that it
// notices. Only its binary is compiled with WALBROOK_PLANTED; in all others `planted::is` is false at compile time.
#pragma once

#include <array>
#include <string_view>

namespace walbrook::planted {

enum class Fault {
  none,
  checkpoint_skipped,           // rows are committed without their checkpoint
  confirmed_before_durable,     // the durable position is set before the commit
  truncate_dropped,             //
  delete_after_insert_dropped,  // of one key, within one batch
  rollback_to_dropped,          // the changes of a subtransaction that was rolled back stay
  seam_excludes_its_point,      // compares a commit at the copy's consistent point by > instead of >=
  copying_stored_late,          // the state `copying` is not durable before changes are spooled for the copy
  spooled_twice,                // a change that comes again does not replace itself
  swapped_in_without_spool,     // a copy becomes visible without the changes that waited for it
  description_dropped,          // an event trigger described an altered table, and nobody takes it in
  description_out_of_place,     // rows are read by the columns from before the descriptions of their load
  part_without_changes,         // a part that was copied again undoes what changed since its consistent point
};

struct NamedFault {
  Fault fault;
  std::string_view name;
};
inline constexpr std::array<NamedFault, 12> faults = {{
    {Fault::checkpoint_skipped, "checkpoint_skipped"},
    {Fault::confirmed_before_durable, "confirmed_before_durable"},
    {Fault::truncate_dropped, "truncate_dropped"},
    {Fault::delete_after_insert_dropped, "delete_after_insert_dropped"},
    {Fault::rollback_to_dropped, "rollback_to_dropped"},
    {Fault::seam_excludes_its_point, "seam_excludes_its_point"},
    {Fault::copying_stored_late, "copying_stored_late"},
    {Fault::spooled_twice, "spooled_twice"},
    {Fault::swapped_in_without_spool, "swapped_in_without_spool"},
    {Fault::description_dropped, "description_dropped"},
    {Fault::description_out_of_place, "description_out_of_place"},
    {Fault::part_without_changes, "part_without_changes"},
}};

#ifdef WALBROOK_PLANTED
inline namespace in_the_simulation {
inline Fault active = Fault::none;
[[nodiscard]] inline bool is(Fault fault) {
  return active == fault;
}
}  // namespace in_the_simulation
#else
[[nodiscard]] constexpr bool is(Fault /*fault*/) {
  return false;
}
#endif

}  // namespace walbrook::planted
