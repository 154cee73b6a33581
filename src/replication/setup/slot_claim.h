// Whose a slot is: a destination that creates one says so before it does, and takes over no other.
//
// A slot that is read by two copies loses changes for both, without a word. So one that exists is read only where the
// destination knows it: its checkpoint names it. A kill between the slot's creation and the first stored state would
// leave a slot that nobody knows; therefore the claim (a checkpoint without an LSN) is durable first.
#pragma once

#include <optional>
#include <string>

#include "destination/destination.h"
#include "replication/setup/run_options.h"

namespace walbrook::replication {

// The destination's checkpoint names that slot.
[[nodiscard]] bool knows_slot(const std::optional<destination::Checkpoint>& checkpoint, const std::string& slot);

// Held while a publication and a slot are created. Destroyed without `keep` (the creation failed), it takes the claim
// back: a slot of that name that comes later is somebody else's.
class SlotClaim {
 public:
  // `known`: the state before, which names no slot of that name or is nullopt. Stores the claim.
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
