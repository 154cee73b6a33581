// Claims a slot for a destination: a destination that creates a slot stores this first, and takes over no other slot.
//
// If two pipelines read a slot, both lose changes without notice. So an existing slot is read only if the destination
// knows it, that is, if its checkpoint names it. A kill between the slot's creation and the first stored state would
// leave a slot that no destination knows; therefore the claim (a checkpoint without an LSN) is durable first.
#pragma once

#include <optional>
#include <string>

#include "destination/destination.h"
#include "replication/setup/run_options.h"

namespace walbrook::replication {

// Whether the destination's checkpoint names that slot.
[[nodiscard]] bool knows_slot(const std::optional<destination::Checkpoint>& checkpoint, const std::string& slot);

// Held while a publication and a slot are created. If it is destroyed without `keep` (because the creation failed), it
// removes the claim: a slot of that name that appears later belongs to somebody else.
class SlotClaim {
 public:
  // Stores the claim. REQUIRES: `known`, the state before, has no checkpoint or one that does not name the slot.
  SlotClaim(destination::Destination& destination, const destination::State& known,
            const destination::Checkpoint& claim);
  SlotClaim(const SlotClaim&) = delete;
  SlotClaim& operator=(const SlotClaim&) = delete;
  ~SlotClaim();
  void keep() { kept_ = true; }

 private:
  destination::Destination& destination_;
  std::optional<destination::Checkpoint> before_;
  bool kept_ = false;
};

}  // namespace walbrook::replication
