// Copies tables as the engine's table copier does: under the snapshot of a temporary slot, a few rows at a time, while
// the source is written to and the stream goes on. The engine's own CopyPlan decides which tables are copied, when, and
// what follows from a failure.
//
// If a table's file or columns are no longer those of the snapshot when reading of its rows begins, the table is left
// to the next attempt. Otherwise a lock keeps it unchanged from then on.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "destination/destination.h"
#include "replication/core/copy_plan.h"
#include "test/sim/part_copies.h"
#include "test/sim/snapshots.h"

namespace walbrook::sim {

// Appends the row as a copy reads it.
void append_copied(RowBatch& batch, const Cells& cells, const ValueLimits& limits, Op op);

class TableCopies final : public replication::TableCopier {
 public:
  // Borrows all for its lifetime. `tell` sends a result on its way to the loader.
  TableCopies(Server& server, destination::Destination& destination, PartCopies& parts,
              std::function<void(replication::LoaderMessage)> tell)
      : server_(server), destination_(destination), parts_(parts), tell_(std::move(tell)) {}
  ~TableCopies() override { leave_table(); }

  // Adds an order, which is read once the current attempt has ended.
  void order(replication::CopyOrder order) override { ordered_.push_back(std::move(order)); }
  void order_part(replication::PartOrder order) override { parts_.order(std::move(order)); }
  // Performs the next small step and returns its description for the trace; "": there was nothing to do.
  std::string step(Now now);
  // Makes the current work fail, as if the server had run out of a resource. Returns a description for the trace.
  std::string run_short(Now now);

 private:
  std::string advance(Now now);
  std::string begin_table(Now now);
  std::string copy_rows(Now now);
  std::string fail(const Error& failed, Now now);
  void end_attempt(Now now);
  void tell(const replication::CopyOrder::Table& table, replication::CopyResult result);
  void leave_table();

  Server& server_;
  destination::Destination& destination_;
  PartCopies& parts_;
  std::function<void(replication::LoaderMessage)> tell_;
  replication::CopyPlan plan_{true};
  std::vector<replication::CopyOrder> ordered_;

  // The current attempt.
  bool is_at_work_ = false;
  std::vector<replication::CopyOrder::Table> left_;   // for the next attempt
  std::deque<replication::CopyOrder::Table> tables_;  // the first is being copied, or is next
  std::optional<SnapshotSlot> slot_;                  // requested
  std::optional<Snapshot> snapshot_;
  // The first table, while its rows are read.
  std::unique_ptr<destination::CopyWriter> writer_;
  TableSchemaRef schema_;
  Rows::const_iterator next_row_;
  Oid locked_ = 0;
};

}  // namespace walbrook::sim
