// Copies tables as the engine's table copier does: under the snapshot of a temporary slot, a few rows at a time, while
// the source is written to and the stream goes on. Which tables, when, and what follows from a failure is decided by
// the engine's own CopyPlan.
//
// A table whose file or columns are not those of the snapshot any more, when its rows are begun to be read, is left to
// the next attempt; from then on a lock keeps it as it is.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "destination/destination.h"
#include "replication/core/copy_plan.h"
#include "test/sim/snapshots.h"

namespace walbrook::sim {

class TableCopies final : public replication::TableCopier {
 public:
  // Borrows the first two. `tell` brings a result on its way to the loader.
  TableCopies(Server& server, destination::Destination& destination,
              std::function<void(replication::LoaderMessage)> tell)
      : server_(server), destination_(destination), tell_(std::move(tell)) {}
  ~TableCopies() override { leave_table(); }

  // Is looked at once the attempt under way has ended.
  void order(replication::CopyOrder order) override { ordered_.push_back(std::move(order)); }
  // Does the next little thing; returns what it was, for the trace. "" where there is nothing to do.
  std::string step(Now now);
  // The server is short of something: what is at work fails.
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
  std::function<void(replication::LoaderMessage)> tell_;
  replication::CopyPlan plan_{true};
  std::vector<replication::CopyOrder> ordered_;

  // Of the attempt under way.
  bool is_at_work_ = false;
  std::vector<replication::CopyOrder::Table> left_;   // for the next attempt
  std::deque<replication::CopyOrder::Table> tables_;  // the first is at work, or next
  std::optional<SnapshotSlot> slot_;                  // asked for
  std::optional<Snapshot> snapshot_;
  // Of the first table, while its rows are read.
  std::unique_ptr<destination::CopyWriter> writer_;
  TableSchemaRef schema_;
  Rows::const_iterator next_row_;
  Oid locked_ = 0;
};

}  // namespace walbrook::sim
