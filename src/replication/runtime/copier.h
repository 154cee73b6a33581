// The copier: copies ordered tables from a temporary slot's snapshot into the destination.
//
// Its thread makes the snapshots; the workers of snapshot_copy.h read them. The loader is told what came of each table.
// A table whose snapshot went stale (rewritten while the slot was made) is tried again under a new one. What cannot be
// copied now, because the server is short of something or its writers stay open, goes back to the loader
// (postponement.h).
#pragma once

#include <algorithm>
#include <stop_token>
#include <string>
#include <thread>

#include "replication/core/copy_order.h"
#include "replication/runtime/mailbox.h"
#include "replication/runtime/statistics.h"

namespace walbrook::replication {

struct CopierOptions {
  postgres::Endpoint conninfo;
  postgres::KnownServer* server = nullptr;  // borrowed; each connection is compared with it
  postgres::CopyOptions copy;
  bool follow = false;            // a lost connection is waited for, however long
  milliseconds snapshot_wait{0};  // how long each attempt waits for open writers; 0 = without end
  int workers = 1;                // connections to the source
  std::uint64_t piece_bytes = std::uint64_t{64} << 20U;  // a larger table is copied in pieces, by several workers
};

class Copier {
 public:
  // Borrows all.
  Copier(CopierOptions options, destination::Destination& destination, TypeCatalog& types,
         Mailbox<LoaderMessage>& loader, RunObserver& observer, Statistics& statistics);

  void order(CopyOrder order) { orders_.post(std::move(order)); }
  // Its thread's body. Throws what the run cannot go on with.
  void work(std::stop_token stop);
  void wake() { orders_.wake(); }

 private:
  // Waits for one where there is nothing to do; true when one came.
  bool take_orders(std::vector<CopyOrder::Table>& tables);
  // Under one snapshot. What is done with leaves `tables`; what stays must be tried again under a newer snapshot.
  void copy_all(std::vector<CopyOrder::Table>& tables, std::stop_token stop);
  // None of them can be copied now: the loader orders them again later.
  void postpone(std::vector<CopyOrder::Table>& tables, const CannotCopyNow& why);

  CopierOptions options_;
  destination::Destination& destination_;
  TypeCatalog& types_;
  Mailbox<LoaderMessage>& loader_;
  RunObserver& observer_;
  Statistics& statistics_;
  Mailbox<CopyOrder> orders_;
};

}  // namespace walbrook::replication
