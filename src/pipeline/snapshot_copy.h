// Copies the tables of an order as one exported snapshot sees them, with several workers.
//
// Threads: the caller's is the first worker; the others are started and joined by `work`. Each has a connection in the
// snapshot and takes piece after piece: a table, or a range of pages of a large one. What they share is the list of
// pieces, the copies (table_copy.h), and the small tables that wait to be written together. The first error that
// concerns more than one table ends all of them.
#pragma once

#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <stop_token>
#include <vector>

#include "pipeline/copier.h"
#include "pipeline/table_copy.h"

namespace walbrook::pipeline {

class SnapshotCopy {
 public:
  // Borrows all for its lifetime.
  struct Surroundings {
    const CopierOptions& options;
    destination::Destination& destination;
    TypeCatalog& types;
    Mailbox<LoaderMessage>& loader;
    RunObserver& observer;
    Statistics& statistics;
  };
  SnapshotCopy(const Surroundings& around, const source::SnapshotSource& snapshot,
               std::vector<CopyOrder::Table> tables);

  // Copies what can be copied, and tells the loader of each table that is done with. Throws what concerns the order.
  void work(std::stop_token stop);
  // Behind work, also where it threw: what has to be tried again under a newer snapshot.
  [[nodiscard]] std::vector<CopyOrder::Table> left_over() const;

 private:
  struct Piece {
    TableCopy* copy;
    std::optional<source::PageRange> pages;  // nullopt: all of it
  };
  void plan(source::SnapshotReader& reader);
  void run_worker(source::SnapshotReader reader, const std::stop_token& stop);
  void loop_worker(source::SnapshotReader reader, const std::stop_token& stop);
  [[nodiscard]] std::optional<Piece> next();
  void copy_piece(const Piece& piece, source::SnapshotReader& reader, const std::stop_token& stop);
  void copy_rows(const Piece& piece, source::SnapshotReader& reader, const std::stop_token& stop);
  void settle(TableCopy& copy);
  void finish(TableCopy& copy);
  void write_small();
  void tell_copied(TableCopy& copy);
  void tell(TableCopy& copy, CopyResult::Kind kind);

  Surroundings around_;
  const source::SnapshotSource& snapshot_;
  std::vector<CopyOrder::Table> tables_;  // empty once they are planned
  std::vector<std::unique_ptr<TableCopy>> copies_;
  std::stop_source giving_up_;

  std::mutex mutex_;  // guards what follows
  std::deque<Piece> pieces_;
  struct Small {
    TableCopy* copy;
    std::vector<RowBatch> rows;
  };
  std::vector<Small> small_;
  std::size_t small_bytes_ = 0;
  std::exception_ptr failure_;
};

}  // namespace walbrook::pipeline
