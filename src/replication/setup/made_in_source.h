// Publication and slot of a run: found, or created as the last step of its preparation.
//
// What is created retains write-ahead log from then on. So everything that can refuse the run is checked first, and an
// error between the creation of the slot and the first stored state drops what was created: the slot, the publication,
// and the claim to both (slot_claim.h).
#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "destination/destination.h"
#include "postgres/catalog/catalog.h"
#include "replication/core/run_observer.h"
#include "replication/setup/run_options.h"
#include "replication/setup/slot_claim.h"

namespace walbrook::replication {

class MadeInSource {
 public:
  // The slot, and the position from which it sends changes.
  struct Slot {
    Lsn lsn;
    bool created = false;
    bool two_phase = false;
  };

  // Borrows `options`, `catalog` and `destination` for its lifetime. `claim` is the checkpoint that names the slot, as
  // far as it is known before the slot exists. Throws Error, and WritersStayOpen if the slot cannot be created in time;
  // nothing that it created is left then.
  MadeInSource(const RunOptions& options, postgres::Connection& catalog, destination::Destination& destination,
               const destination::State& state, const destination::Checkpoint& claim, postgres::KnownServer& server,
               RunObserver& observer, const std::stop_token& stop);
  MadeInSource(const MadeInSource&) = delete;
  MadeInSource& operator=(const MadeInSource&) = delete;
  // Without `keep`, drops what was created, as far as the server answers.
  ~MadeInSource();

  [[nodiscard]] const postgres::Publication& publication() const { return publication_; }
  [[nodiscard]] const Slot& slot() const { return slot_; }
  // The publication for tables without replica identity, if the run uses one; otherwise "".
  [[nodiscard]] const std::string& keyless() const { return keyless_; }
  // Notes in `checkpoint` who created them, for a later reset. What the former checkpoint has already stays.
  void note_makers(const std::optional<destination::Checkpoint>& before, destination::Checkpoint& checkpoint) const;
  // Call it once a state that needs them is durable.
  void keep();

 private:
  void find_or_create_publication(RunObserver& observer);
  void find_or_create_keyless(RunObserver& observer);
  void find_or_create_ddl_trigger(postgres::KnownServer& server, RunObserver& observer, const std::stop_token& stop);
  void leave_younger_keyless();
  void find_or_create_slot(postgres::KnownServer& server, RunObserver& observer, const std::stop_token& stop);
  void make_failover(postgres::KnownServer& server, RunObserver& observer, const std::stop_token& stop);
  [[nodiscard]] postgres::SlotWait creation_wait(RunObserver& observer) const;
  void take_back() noexcept;

  const RunOptions& options_;
  postgres::Connection& catalog_;
  std::optional<SlotClaim> claim_;
  postgres::Publication publication_;
  bool publication_created_ = false;
  std::string keyless_;
  bool keyless_created_ = false;
  bool ddl_trigger_created_ = false;
  Slot slot_;
  bool kept_ = false;
};

}  // namespace walbrook::replication
