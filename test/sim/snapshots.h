// What a temporary slot exports: the rows of all tables as of its consistent point.
//
// Creating the slot waits for every transaction that was open when it was requested, including prepared ones. The
// consistent point is then where the next record of the log starts: a transaction whose commit record starts there or
// later is not in the snapshot. (A transaction that commits exactly at the consistent point is the interesting case.)
#pragma once

#include <optional>
#include <set>

#include "test/sim/server.h"

namespace walbrook::sim {

struct Snapshot {
  struct Table {
    ShapeRef shape;
    Oid file = 0;
    Rows rows;
  };
  Lsn consistent_point;
  std::map<Oid, Table> tables;
};

class SnapshotSlot {
 public:
  explicit SnapshotSlot(const Server& server) : asked_at_xid_(server.next_xid) {}

  // Returns nullopt while transactions that were open when the slot was requested are still open.
  [[nodiscard]] std::optional<Snapshot> export_snapshot(const Server& server) const;

 private:
  Xid asked_at_xid_;
};

}  // namespace walbrook::sim
