// Copies ordered tables from the snapshot of a temporary slot into the destination.
//
// Threads: any thread orders; `work` is the body of one thread, which takes a snapshot and reads it with the workers of
// snapshot_copy.h. copy_plan.h decides which tables are copied, and what follows when that fails. Invariant: while an
// attempt is under way, new orders wait in the mailbox, so that a table is copied by one attempt at a time.
//
// One interleaving: table A is being copied under snapshot 1 when it is renamed. The loader orders it again. The table
// copier ends the attempt and posts the result of order 1, which the loader drops because A has a newer order by now.
// Then the table copier takes order 2 and copies A under snapshot 2.
#pragma once

#include <deque>
#include <stop_token>
#include <string>

#include "postgres/snapshot/snapshot_reader.h"
#include "replication/core/copy_plan.h"
#include "replication/core/run_observer.h"
#include "replication/core/statistics.h"
#include "replication/runtime/doorbell.h"
#include "replication/runtime/file_spool.h"
#include "replication/runtime/mailbox.h"

namespace walbrook::replication {

struct SnapshotCopierOptions {
  postgres::Endpoint conninfo;
  postgres::KnownServer* server = nullptr;  // borrowed; each connection is compared with it
  postgres::CopyOptions copy;
  bool follow = false;                                   // wait for a lost connection without a limit
  milliseconds snapshot_wait{0};                         // how long each attempt waits for open writers; 0 = no limit
  FileSpoolOptions spool;                                // where parts of tables wait until they can be applied
  int workers = 1;                                       // connections to the source
  std::uint64_t chunk_bytes = std::uint64_t{64} << 20U;  // a larger table is copied in chunks, by several workers
};

class SnapshotCopier final : public TableCopier {
 public:
  // Borrows all references for its lifetime.
  SnapshotCopier(SnapshotCopierOptions options, const Clock& clock, destination::Destination& destination,
                 TypeCatalog& types, Mailbox<LoaderMessage>& loader, RunObserver& observer, Statistics& statistics);

  void order(CopyOrder order) override { orders_.post(std::move(order)); }
  void order_part(PartOrder order) override { parts_.post(std::move(order)); }
  // The body of its thread. Throws the error with which the run cannot continue.
  void work(std::stop_token stop);

 private:
  // Copies under one snapshot. Removes from `tables` what is done; the rest must be tried again under a newer snapshot.
  void copy_all(std::vector<CopyOrder::Table>& tables, std::stop_token stop);
  void attempt(std::stop_token stop);
  void copy_part(const PartOrder& order, const std::stop_token& stop);
  [[nodiscard]] postgres::SlotWait wait_for_writers();

  SnapshotCopierOptions options_;
  const Clock& clock_;
  destination::Destination& destination_;
  TypeCatalog& types_;
  Mailbox<LoaderMessage>& loader_;
  RunObserver& observer_;
  Statistics& statistics_;
  Doorbell bell_;
  Mailbox<CopyOrder> orders_;
  Mailbox<PartOrder> parts_;
  CopyPlan plan_;                     // these two are used by `work` only
  std::deque<PartOrder> next_parts_;  // each is copied under a snapshot of its own, after the tables that are due
};

}  // namespace walbrook::replication
