// Copies ordered tables from a temporary slot's snapshot into the destination.
//
// Threads: any thread orders; `work` is one thread's body. It takes a snapshot, and with the workers of snapshot_copy.h
// reads it; copy_plan.h says which tables, and what follows when that fails. Invariant: while an attempt is under way
// its orders wait in the mailbox, so that a table is copied by one attempt at a time.
//
// One interleaving: table A is being copied under snapshot 1 when it is renamed. The loader orders it again; the table
// copier ends the attempt and tells the loader of order 1, which it drops, because A has a newer order by now. Then the
// table copier takes order 2 and copies A under snapshot 2.
#pragma once

#include <stop_token>
#include <string>

#include "postgres/snapshot/snapshot_reader.h"
#include "replication/core/copy_plan.h"
#include "replication/core/run_observer.h"
#include "replication/core/statistics.h"
#include "replication/runtime/doorbell.h"
#include "replication/runtime/mailbox.h"

namespace walbrook::replication {

struct SnapshotCopierOptions {
  postgres::Endpoint conninfo;
  postgres::KnownServer* server = nullptr;  // borrowed; each connection is compared with it
  postgres::CopyOptions copy;
  bool follow = false;            // a lost connection is waited for, however long
  milliseconds snapshot_wait{0};  // how long each attempt waits for open writers; 0 = without end
  int workers = 1;                // connections to the source
  std::uint64_t chunk_bytes = std::uint64_t{64} << 20U;  // a larger table is copied in chunks, by several workers
};

class SnapshotCopier final : public TableCopier {
 public:
  // Borrows all.
  SnapshotCopier(SnapshotCopierOptions options, const Clock& clock, destination::Destination& destination,
                 TypeCatalog& types, Mailbox<LoaderMessage>& loader, RunObserver& observer, Statistics& statistics);

  void order(CopyOrder order) override { orders_.post(std::move(order)); }
  // Its thread's body. Throws what the run cannot go on with.
  void work(std::stop_token stop);

 private:
  // Under one snapshot. What is done with leaves `tables`; what stays must be tried again under a newer snapshot.
  void copy_all(std::vector<CopyOrder::Table>& tables, std::stop_token stop);
  void attempt(std::stop_token stop);

  SnapshotCopierOptions options_;
  const Clock& clock_;
  destination::Destination& destination_;
  TypeCatalog& types_;
  Mailbox<LoaderMessage>& loader_;
  RunObserver& observer_;
  Statistics& statistics_;
  Doorbell bell_;
  Mailbox<CopyOrder> orders_;
  CopyPlan plan_;  // of its thread
};

}  // namespace walbrook::replication
