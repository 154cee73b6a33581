// A change batch: what one transaction of the destination applies (dlt: load package).
//
// Batches tile the commit sequence: batch n+1 starts at the commit after the last one of batch n. A transaction is
// whole inside one batch unless it is larger than `batch_bytes`, or is prepared before it is committed: then its
// parts leave before it as they come, and the batch that carries its commit names them with a MergeParts operation.
// Parts of an open transaction wait in the spool, the changes of a prepared one in the destination.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/lsn.h"
#include "model/row_batch.h"
#include "model/transaction.h"

namespace walbrook {

struct Truncate {
  std::vector<TableSchemaRef> tables;
  std::uint32_t transaction = 0;  // index into the batch's transactions
  std::uint32_t sequence = 0;     // as RowBatch::sequence
};

// The parts of that transaction that left before its commit go in here, in their order.
struct MergeParts {
  std::uint32_t xid = 0;
  std::uint32_t transaction = 0;
  bool prepared = false;               // kept by a PreparedTransaction
  std::vector<std::uint32_t> aborted;  // subtransactions that were rolled back, ascending: without their changes
};

// Order matters per table only: all changes of one table stand in the operations in the order of their commits. One
// batch may hold changes of many transactions.
using Operation = std::variant<RowBatch, Truncate, MergeParts>;

// A table whose changes could not be read: it is suspended, or copied again where that helps; the others go on.
struct TableError {
  Oid oid = 0;
  std::string reason;
  bool fixed_by_copy = false;
  bool of_identity =
      false;            // changes from here on name their rows otherwise; a copy that is newer is not touched by it
  Lsn commit_lsn = {};  // of the change; unset while its transaction is open
};

// Changes as they are gathered from the stream.
struct GatheredChanges {
  std::vector<Transaction> transactions;  // in commit order; of one that is open: it alone, or its subtransactions
  std::vector<Operation> operations;
  std::vector<TableError> errors;
  std::size_t bytes = 0;  // memory held, for the queue's bound
  std::size_t rows = 0;   // changes in it, `before` rows not counted
};

// Contiguous whole commits, one at least.
struct CommitBatch : GatheredChanges {
  // The newest transaction, of this batch or before it, in which the stream described a relation: somebody may have
  // altered a table. Its rows are applied once the catalog was compared as of behind this commit.
  Lsn described;
  Lsn checkpoint;    // end_lsn of the last commit: where streaming starts once it is durable
  Transaction last;  // the last one with published changes; unset: none has any
};

// A part of a transaction that is open, to be spooled. Its errors come with its commit.
struct TransactionPart {
  std::uint32_t xid = 0;  // of the top-level transaction, as in all that follow
  std::vector<Transaction> transactions;
  std::vector<Operation> operations;
  std::size_t bytes = 0;
};

// The (rest of the) changes of a prepared transaction: they are kept, with the checkpoint, until it is decided.
struct PreparedTransaction : GatheredChanges {
  std::uint32_t xid = 0;
  std::vector<std::uint32_t> aborted;  // as in MergeParts, for its earlier parts
  Lsn checkpoint;                      // behind its PREPARE
};

// What was spooled of a transaction is of no more use: it was rolled back, or is durable already.
struct DiscardSpooled {
  std::uint32_t xid = 0;
};

// A prepared transaction was rolled back.
struct DiscardPrepared {
  std::uint32_t xid = 0;
  Lsn checkpoint;  // behind its ROLLBACK PREPARED
};

// The stream begins again at the checkpoint: what is spooled of open transactions will come again.
struct StreamRestart {};

using Batch =
    std::variant<CommitBatch, TransactionPart, PreparedTransaction, DiscardSpooled, DiscardPrepared, StreamRestart>;

}  // namespace walbrook
