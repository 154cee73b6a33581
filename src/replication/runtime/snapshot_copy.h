// Copies the tables of an order as of one exported snapshot, with several workers.
//
// Threads: the caller's thread is the first worker; `work` starts and joins the others. Each has a connection that uses
// the snapshot, and takes chunk after chunk (chunk_plan.h). They share the plan, the copies (table_copy.h), and the
// small tables that wait to be written together. The first error that concerns more than one table ends all workers.
//
// The first worker imports the slot's snapshot and exports it again for the others; then the slot is dropped, so that a
// copy retains no WAL however long it takes. That worker's transaction stays open until `work` returns: as long as it
// lives the others may join, and if its connection is lost the order is begun again under a new snapshot.
//
// A worker that finds the server's lock table full puts its chunk back and ends, so that fewer tables are locked at a
// time. The last remaining worker postpones the table (postponement.h) and continues with the next.
#pragma once

#include <exception>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "replication/core/chunk_plan.h"
#include "replication/runtime/snapshot_copier.h"
#include "replication/runtime/table_copy.h"

namespace walbrook::replication {

class SnapshotCopy {
 public:
  // Borrows all for its lifetime.
  struct Surroundings {
    const SnapshotCopierOptions& options;
    destination::Destination& destination;
    TypeCatalog& types;
    Mailbox<LoaderMessage>& loader;
    RunObserver& observer;
    Statistics& statistics;
  };
  SnapshotCopy(const Surroundings& around, postgres::SnapshotSource& snapshot, std::vector<CopyOrder::Table> tables);

  // Copies what can be copied, and posts a result to the loader for each table that is done. Throws an error that
  // concerns the whole order.
  void work(std::stop_token stop);
  // Returns the tables that must be tried again under a newer snapshot. REQUIRES: `work` has returned or thrown.
  [[nodiscard]] std::vector<CopyOrder::Table> left_over() const;

 private:
  using Chunk = ChunkPlan::Chunk;
  void plan(postgres::SnapshotReader& reader);
  void run_worker(postgres::SnapshotReader& reader, const std::stop_token& stop);
  void join_workers(std::vector<std::jthread>& others);
  void loop_worker(postgres::SnapshotReader& reader, const std::stop_token& stop);
  [[nodiscard]] std::optional<Chunk> next();
  [[nodiscard]] bool leave_to_others(const Chunk& chunk);
  [[nodiscard]] TableCopy& copy_of(const Chunk& chunk) const { return *copies_[chunk.table]; }
  // Decides what `failed` means for the chunk's table and for this worker. Returns false if the worker must end.
  // Rethrows `failed` if it concerns more than the table. REQUIRES: `failed` is being handled.
  [[nodiscard]] bool judge_failure(const Chunk& chunk, const postgres::SnapshotReader& reader, bool has_rows,
                                   const Error& failed);
  // Sets `has_rows` once rows of the chunk were handed over.
  void copy_chunk(const Chunk& chunk, postgres::SnapshotReader& reader, bool& has_rows, const std::stop_token& stop);
  void copy_rows(const Chunk& chunk, postgres::SnapshotReader& reader, bool& has_rows, const std::stop_token& stop);
  void finish_table(std::size_t table);
  void finish(TableCopy& copy);
  void write_small();
  void report_copied(TableCopy& copy);
  void report(TableCopy& copy, CopyResult::Kind kind);

  Surroundings around_;
  postgres::SnapshotSource& snapshot_;
  std::string snapshot_name_;             // as the first worker exported it
  std::vector<CopyOrder::Table> tables_;  // empty after plan()
  std::vector<std::unique_ptr<TableCopy>> copies_;
  std::stop_source giving_up_;

  std::mutex mutex_;  // guards what follows
  std::optional<ChunkPlan> plan_;
  struct Small {
    TableCopy* copy;
    std::vector<RowBatch> rows;
  };
  std::vector<Small> small_;
  std::size_t small_bytes_ = 0;
  std::exception_ptr failure_;
};

}  // namespace walbrook::replication
