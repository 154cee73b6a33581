// The changes of a slot, handed out slice by slice to a caller who asks for them: a run without a destination.
//
// Threads: one thread reads (receiver.h) as far as the queue has room, answers keepalives however long the caller
// takes, and confirms. The caller has the loader's role: a batch counts as durable when all of it was handed out and
// more was asked for. So the server never gets a confirmation for a transaction that the caller may not have seen.
//
// A transaction larger than a batch comes in parts, as they are read. Protocol 1 sends transactions after they have
// committed, so every part is final.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "arrow/change_rows.h"
#include "postgres/catalog/table_name.h"
#include "postgres/slot/slot.h"
#include "replication/core/column_selection.h"

namespace walbrook::replication {

struct IterationOptions {
  postgres::Endpoint conninfo;
  std::string slot, publication;
  std::vector<postgres::TableName> tables;           // whose changes are handed out; empty = all
  std::vector<postgres::TableName> include_columns;  // see RunOptions
  std::vector<ResolvedTableOverrides> overrides{};
  ValueLimits limits{};
  std::size_t slice_rows = 1000;         // most rows of a slice
  std::size_t batch_bytes = 32U << 20U;  // up to three of these are in memory: handed out, queued, being filled
  bool confirm = true;
  bool standby = false;  // the source may be a standby
  std::stop_token stop;
};

struct HandedOut {
  std::string schema, name;  // of the table, or of the partition root that the rows belong to
  ChangeRows rows;
  // Set with the last slice of whole transactions: everything that was committed before this LSN was handed out.
  Lsn complete;
};

// Used by one thread at a time.
class ChangeIteration {
 public:
  // Connects and begins to read. Throws Error with what prevents it.
  explicit ChangeIteration(IterationOptions options);
  // Confirms what was handed out and followed by a request for more, and releases the slot.
  ~ChangeIteration();
  ChangeIteration(const ChangeIteration&) = delete;
  ChangeIteration& operator=(const ChangeIteration&) = delete;

  // Blocks until there is a slice. Returns nullopt once everything that was committed before the constructor was called
  // has been handed out, or after a stop.
  [[nodiscard]] std::optional<HandedOut> next();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace walbrook::replication
