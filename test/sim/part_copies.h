// Copies a part of a table again as the engine's table copier does (replication/runtime/part_copy.h): under the
// snapshot of a temporary slot, in small steps, while the source is written to and the target goes on changing.
//
// A condition is `COLUMN < NUMBER`, or several of them joined by OR, as the engine joins requests. COLUMN is a column
// of the key; if it was renamed since, the copy fails, as it does in PostgreSQL.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "destination/destination.h"
#include "replication/core/copy_order.h"
#include "test/sim/replica_state.h"
#include "test/sim/snapshots.h"

namespace walbrook::sim {

class PartCopies {
 public:
  // Returns the target's columns and rows as readers see them now.
  using ReadTarget = std::function<ReplicaTable(const destination::OutputRecord&)>;

  // Borrows `server` and `destination` for its lifetime. `tell` sends a result on its way to the loader.
  PartCopies(Server& server, destination::Destination& destination, ReadTarget read_target,
             std::function<void(replication::LoaderMessage)> tell)
      : server_(server), destination_(destination), read_target_(std::move(read_target)), tell_(std::move(tell)) {}
  PartCopies(const PartCopies&) = delete;
  PartCopies& operator=(const PartCopies&) = delete;
  ~PartCopies() { leave_table(); }

  void order(replication::PartOrder order) { orders_.push_back(std::move(order)); }
  // Performs the next small step and returns its description for the trace; "": there was nothing to do.
  std::string step();
  // Makes the current copy fail for want of a slot.
  std::string run_short();

 private:
  std::string begin_table();
  std::string copy_keys();
  std::string copy_rows();
  std::string end(replication::PartResult::Kind kind, const std::string& why = {});
  [[nodiscard]] bool is_inside(const std::vector<std::string>& columns, const Cells& cells) const;
  void put(const std::vector<Cells>& rows, Op op);
  void leave_table();

  Server& server_;
  destination::Destination& destination_;
  ReadTarget read_target_;
  std::function<void(replication::LoaderMessage)> tell_;
  std::deque<replication::PartOrder> orders_;  // the first is at work if slot_ is set
  std::optional<SnapshotSlot> slot_;
  std::optional<Snapshot> snapshot_;
  replication::PartResult result_;
  // While the table is locked.
  TableSchemaRef schema_;
  bool has_keys_ = false;
  Rows::const_iterator next_row_;
  Oid locked_ = 0;
};

}  // namespace walbrook::sim
