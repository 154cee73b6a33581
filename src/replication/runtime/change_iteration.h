// The changes of a slot, handed out one slice after the other to who asks for them: a run without a destination.
//
// A thread reads (receiver.h) as far as the queue has room, answers keepalives however long the asker takes, and
// confirms. What the loader is to a run the asker is here: a batch is durable when all of it was handed out and more
// was asked for. So the server is never told of a transaction that the asker may not have seen.
//
// A transaction that is larger than a batch comes in parts, as they are read. Protocol 1 sends transactions when they
// have committed, so every part of one is final.
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
  std::vector<postgres::TableName> include_columns;  // as in RunOptions
  std::vector<ResolvedTableOverrides> overrides{};
  ValueLimits limits{};
  std::size_t slice_rows = 1000;         // of one slice, at most
  std::size_t batch_bytes = 32U << 20U;  // up to three of these are in memory: handed out, waiting, being filled
  bool confirm = true;
  std::stop_token stop;
};

struct HandedOut {
  std::string schema, name;  // of the table, or of the root whose partition the rows come from
  ChangeRows rows;
  // Set behind the last slice of whole transactions: everything that was committed before this was handed out.
  Lsn complete;
};

// One thread at a time.
class ChangeIteration {
 public:
  // Connects, and begins to read. Error: what stands in the way.
  explicit ChangeIteration(IterationOptions options);
  // Confirms what was handed out and asked beyond, and frees the slot.
  ~ChangeIteration();
  ChangeIteration(const ChangeIteration&) = delete;
  ChangeIteration& operator=(const ChangeIteration&) = delete;

  // Blocks. nullopt: everything that was committed before the constructor was called has been handed out, or it was
  // stopped.
  [[nodiscard]] std::optional<HandedOut> next();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace walbrook::replication
