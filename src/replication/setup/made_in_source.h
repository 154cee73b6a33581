// Publication and slot of a run: found, or made as the last step of its preparation.
//
// What is made holds write-ahead log from then on. So everything that can refuse the run is looked at first, and what
// fails between the slot and the first stored state takes back what was made: the slot, the publication, and the claim
// to both (slot_claim.h).
#pragma once

#include <optional>
#include <stop_token>

#include "destination/destination.h"
#include "postgres/catalog/catalog.h"
#include "replication/core/run_observer.h"
#include "replication/setup/run_options.h"
#include "replication/setup/slot_claim.h"

namespace walbrook::replication {

class MadeInSource {
 public:
  // The position from which the slot yields changes.
  struct Slot {
    Lsn lsn;
    bool created = false;
    bool two_phase = false;
  };

  // Borrows `options`, `catalog` and `destination`. `claim`: the checkpoint that names the slot, as far as it is known
  // before there is one. Throws Error; WritersStayOpen where the slot cannot be made in time. Nothing is left then.
  MadeInSource(const RunOptions& options, postgres::Connection& catalog, destination::Destination& destination,
               const destination::State& state, const destination::Checkpoint& claim, postgres::KnownServer& server,
               RunObserver& observer, const std::stop_token& stop);
  MadeInSource(const MadeInSource&) = delete;
  MadeInSource& operator=(const MadeInSource&) = delete;
  // Without `keep`: takes back what was made, as far as the server answers.
  ~MadeInSource();

  [[nodiscard]] const postgres::Publication& publication() const { return publication_; }
  [[nodiscard]] const Slot& slot() const { return slot_; }
  // Who made them, for a later reset. What the checkpoint knew already stays as it is.
  void note_makers(const std::optional<destination::Checkpoint>& before, destination::Checkpoint& checkpoint) const;
  // A state that needs them is durable.
  void keep();

 private:
  void find_or_create_publication(RunObserver& observer);
  void find_or_create_slot(postgres::KnownServer& server, RunObserver& observer, const std::stop_token& stop);
  void take_back() noexcept;

  const RunOptions& options_;
  postgres::Connection& catalog_;
  std::optional<SlotClaim> claim_;
  postgres::Publication publication_;
  bool publication_created_ = false;
  Slot slot_;
  bool kept_ = false;
};

}  // namespace walbrook::replication
