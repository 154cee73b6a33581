#include "replication/setup/slot_claim.h"

#include <spdlog/spdlog.h>

namespace walbrook::replication {
namespace {

void store_checkpoint(destination::Destination& destination, const destination::Checkpoint& checkpoint) {
  const auto claim = destination.begin({});
  claim->put(destination::PutCheckpoint{checkpoint});
  claim->commit();
}

}  // namespace

bool knows_slot(const std::optional<destination::Checkpoint>& checkpoint, const std::string& slot) {
  return checkpoint && checkpoint->slot == slot;
}

SlotClaim::SlotClaim(destination::Destination& destination, const destination::State& known,
                     const destination::Checkpoint& claim)
    : destination_(destination), before_(known.checkpoint) {
  store_checkpoint(destination, claim);
}

SlotClaim::~SlotClaim() {
  if (kept_) return;
  try {
    // Without a former checkpoint there are no target tables, so that only the claim is dropped.
    if (before_) {
      store_checkpoint(destination_, *before_);
    } else {
      destination_.drop(destination::DropScope::sourced);
    }
  } catch (const std::exception& failed) {
    spdlog::debug("the claim to a slot stays: {}", failed.what());
  }
}

}  // namespace walbrook::replication
