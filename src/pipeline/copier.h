// The copier: copies ordered tables from a temporary slot's snapshot into the destination, one order after the other.
//
// Its thread owns the snapshot's connections and the CopyWriter; it tells the loader what came of each table. A table
// whose snapshot went stale (rewritten while the slot was made) is tried again under a new one, and with it those that
// follow.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

#include "pipeline/mailbox.h"
#include "pipeline/run.h"
#include "pipeline/statistics.h"
#include "pipeline/table_sync.h"

namespace walbrook::pipeline {

struct CopyOrder {
  struct Table {
    TableRecord record;
    source::SourceTable source;
    std::uint64_t number = 0;  // SyncedTable::copy_number
  };
  std::vector<Table> tables;
};

struct CopyResult {
  enum class Kind { copied, gone, failed } kind = Kind::copied;
  Oid table = 0;
  std::uint64_t number = 0;
  Lsn consistent_point;
  TableSchemaRef columns;
  std::uint64_t rows = 0;
  std::string reason;  // of failed
};

// What the loader is told by the others.
using LoaderMessage = std::variant<source::Publication, CopyResult>;

struct CopierOptions {
  std::string conninfo;
  source::CopyOptions copy;
  // Without an initial load a table gets its columns and no rows, and its changes from this position on.
  std::optional<Lsn> changes_only_from;
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
  // Under one snapshot. What is done with leaves `tables`; what stays must be tried again under a newer snapshot.
  void copy_all(std::vector<CopyOrder::Table>& tables, std::stop_token stop);
  enum class Outcome { done, again };
  [[nodiscard]] Outcome copy_one(const CopyOrder::Table& table, const source::SnapshotSource& snapshot,
                                 source::SnapshotReader& reader, std::stop_token stop);
  void copy_rows(const CopyOrder::Table& table, source::SnapshotReader& reader, CopyResult& result,
                 const source::CopyOptions& how, std::stop_token stop);

  CopierOptions options_;
  destination::Destination& destination_;
  TypeCatalog& types_;
  Mailbox<LoaderMessage>& loader_;
  RunObserver& observer_;
  Statistics& statistics_;
  Mailbox<CopyOrder> orders_;
};

}  // namespace walbrook::pipeline
