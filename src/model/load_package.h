// A load package: what one destination transaction applies.
//
// Packages tile the commit sequence: package n+1 starts at the commit after the last one of package n. A transaction is
// whole inside one package unless it is larger than `package_bytes`, or is prepared before it is committed: then its
// parts are put aside as they come, and the package that carries its commit names them with a MergeStaged step. Parts
// of an open transaction wait in the spool, the changes of a prepared one in the destination.
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
  std::uint32_t transaction = 0;  // index into the package's transactions
  std::uint32_t sequence = 0;     // as RowBatch::sequence
};

// The parts of that transaction that were put aside go in here, in their order.
struct MergeStaged {
  std::uint32_t xid = 0;
  std::uint32_t transaction = 0;
  bool prepared = false;               // kept by a package of kind `prepare`
  std::vector<std::uint32_t> aborted;  // subtransactions that were rolled back, ascending: without their changes
};

// Order matters per table only: all changes of one table stand in the steps in the order of their commits. One batch
// may hold changes of many transactions.
using Step = std::variant<RowBatch, Truncate, MergeStaged>;

enum class PackageKind {
  commits,  // whole commits
  part,     // a part of one open transaction, to be spooled
  prepare,  // the (rest of the) changes of a prepared transaction: kept, with the checkpoint, until it is decided
  discard,  // a transaction of which parts were put aside was rolled back
  restart,  // the stream begins again at the checkpoint: what is spooled of open transactions will come again
};

// A table whose changes could not be read: it is set aside, or copied anew where that mends it; the others go on.
struct Trouble {
  Oid oid = 0;
  std::string reason;
  bool copy_mends = false;
  bool of_identity =
      false;            // changes from here on name their rows otherwise; a copy that is newer is not touched by it
  Lsn commit_lsn = {};  // of the change; unset while its transaction is open
};

struct LoadPackage {
  PackageKind kind = PackageKind::commits;
  std::uint32_t staged_xid = 0;        // of part, prepare, discard: the top-level transaction
  bool prepared = false;               // of discard: it was prepared
  std::vector<std::uint32_t> aborted;  // of prepare: as in MergeStaged, for its earlier parts
  // The newest transaction, of this package or before it, in which the stream described a relation: somebody may have
  // altered a table. Its rows are applied once the catalog was compared as of behind this commit.
  Lsn described;
  Lsn checkpoint;                         // end_lsn of the last commit: where streaming starts once it is durable
  Transaction last;                       // of commits: the last one with published changes; unset: none has any
  std::vector<Transaction> transactions;  // in commit order; of part and prepare: the one, or its subtransactions
  std::vector<Step> steps;
  std::vector<Trouble> troubles;
  std::size_t bytes = 0;  // memory held, for the queue's bound
  std::size_t rows = 0;   // changes in it, `before` rows not counted
};

}  // namespace walbrook
