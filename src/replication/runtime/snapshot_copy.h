// Copies the tables of an order as one exported snapshot sees them, with several workers.
//
// Threads: the caller's is the first worker; the others are started and joined by `work`. Each has a connection in the
// snapshot and takes chunk after chunk (chunk_plan.h). What they share is the plan, the copies (table_copy.h), and the
// small tables that wait to be written together. The first error that concerns more than one table ends all of them.
//
// The first worker takes the slot's snapshot over and exports it again for the others; then the slot is dropped, so
// that a copy holds no WAL however long it lasts. That worker's transaction stays open until `work` returns: while it
// lives the others may join, and where its connection is lost the order is begun again under a new snapshot.
//
// A worker that finds the server's lock table full puts its chunk back and ends, so that fewer tables are locked at a
// time; the last one that is left postpones the table (postponement.h) and goes on with the next.
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

  // Copies what can be copied, and tells the loader of each table that is done with. Throws what concerns the order.
  void work(std::stop_token stop);
  // Behind work, also where it threw: what has to be tried again under a newer snapshot.
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
  // What `failed` means for the chunk's table and for this worker: false, where the worker ends. Rethrows it where it
  // concerns more than the table. REQUIRES: it is being handled.
  [[nodiscard]] bool judge_failure(const Chunk& chunk, const postgres::SnapshotReader& reader, bool has_rows,
                                   const Error& failed);
  // `has_rows` is set once rows of the chunk were handed over.
  void copy_chunk(const Chunk& chunk, postgres::SnapshotReader& reader, bool& has_rows, const std::stop_token& stop);
  void copy_rows(const Chunk& chunk, postgres::SnapshotReader& reader, bool& has_rows, const std::stop_token& stop);
  void finish_table(std::size_t table);
  void finish(TableCopy& copy);
  void write_small();
  void report_copied(TableCopy& copy);
  void report(TableCopy& copy, CopyResult::Kind kind);

  Surroundings around_;
  postgres::SnapshotSource& snapshot_;
  std::string snapshot_name_;             // as the first worker exports it
  std::vector<CopyOrder::Table> tables_;  // empty once they are planned
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
