// A change batch: what one transaction of the destination applies (dlt: load package).
//
// Batches tile the commit sequence: batch n+1 starts at the commit after the last one of batch n. A transaction is
// whole inside one batch, unless it is larger than `batch_bytes` or is prepared before it is committed: then its parts
// leave before that batch, as they come, and the batch that carries its commit names them with a MergeParts operation.
// Parts of an open transaction wait in the spool, the changes of a prepared transaction in the destination.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
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
  std::uint32_t sequence = 0;     // see RowBatch::sequence
};

// A command altered the table. Rows that follow have these columns, until another command alters it.
struct AlteredTable {
  TableSchemaRef schema;    // the columns after the command
  std::string description;  // as the event trigger sent it (postgres/catalog/table_description.h)
  // By column that was added with a default: the value that the rows of before have, as a column of one row. A column
  // whose value cannot be kept is left out.
  std::map<std::string, std::shared_ptr<const Column>> missing;
  std::uint32_t transaction = 0;  // index into the batch's transactions
};

// The place in the batch at which the parts of a transaction that left before its commit are applied, in their order.
struct MergeParts {
  std::uint32_t xid = 0;
  std::uint32_t transaction = 0;
  bool prepared = false;               // true: a PreparedTransaction keeps them
  std::vector<std::uint32_t> aborted;  // subtransactions that were rolled back, ascending: their changes are left out
};

// Order matters per table only: all changes of one table are in the operations in the order of their commits. One batch
// may hold changes of many transactions.
using Operation = std::variant<RowBatch, Truncate, MergeParts, AlteredTable>;

// A label that a row had in the stream.
struct EnumLabel {
  std::uint32_t type = 0;  // the enum's OID
  std::string label;
  friend bool operator==(const EnumLabel&, const EnumLabel&) = default;
};

// A table whose changes could not be read, or do not suffice: it is suspended, or copied again if that helps; the
// others continue.
struct TableError {
  Oid oid = 0;
  TableSchemaRef described = nullptr;  // the table, or one of its leaves, as the stream described it; never nullptr
  std::string reason;
  bool fixed_by_copy = false;
  // Changes from here on name their rows by another identity, or rows changed here without messages: only a copy that
  // is newer than the change helps, and such a copy is not affected.
  bool copy_must_be_newer = false;
  bool is_read = false;  // every change was read: rows changed besides, without messages
  Lsn commit_lsn = {};   // of the change; unset while its transaction is open
  // Set: this is an error only if the catalog lacks the label once it was read after the commit. No message reports
  // that a label was renamed, and the rows that were sent before keep its former name.
  std::optional<EnumLabel> label = std::nullopt;
};

// The changes that were gathered from the stream.
struct GatheredChanges {
  // In commit order. For an open transaction: it alone, or its subtransactions.
  std::vector<Transaction> transactions;
  std::vector<Operation> operations;
  std::vector<TableError> errors;
  std::size_t bytes = 0;  // memory held, for the bound of the queue
  std::size_t rows = 0;   // changes, without `before` rows
};

// Contiguous whole commits, at least one.
struct CommitBatch : GatheredChanges {
  // The newest transaction, in this batch or before it, in which the stream described a relation, or which brought a
  // label of an enum for the first time: somebody may have altered a table or a type. The rows are applied once the
  // catalog was compared as of a moment after this commit.
  Lsn described;
  Lsn checkpoint;    // end_lsn of the last commit: streaming restarts here once the batch is durable
  Transaction last;  // the last one with published changes; unset: none has any
};

// A part of an open transaction, to be spooled. Its errors come with its commit.
struct TransactionPart {
  std::uint32_t xid = 0;  // of the top-level transaction, as in all structures below
  std::vector<Transaction> transactions;
  std::vector<Operation> operations;
  std::size_t bytes = 0;
};

// The changes of a prepared transaction, or those that were not spooled before: they are kept, durable with the
// checkpoint, until the transaction is committed or rolled back.
struct PreparedTransaction : GatheredChanges {
  std::uint32_t xid = 0;
  std::vector<std::uint32_t> aborted;  // see MergeParts::aborted; for its earlier parts
  Lsn checkpoint;                      // the end of its PREPARE
};

// The spooled parts of a transaction are no longer needed: it was rolled back, or is durable.
struct DiscardSpooled {
  std::uint32_t xid = 0;
};

// A prepared transaction was rolled back.
struct DiscardPrepared {
  std::uint32_t xid = 0;
  Lsn checkpoint;  // the end of its ROLLBACK PREPARED
};

// The stream begins again at the checkpoint: the spooled parts of open transactions will come again.
struct StreamRestart {};

using Batch =
    std::variant<CommitBatch, TransactionPart, PreparedTransaction, DiscardSpooled, DiscardPrepared, StreamRestart>;

}  // namespace walbrook
