// One transaction of a destination: row operations, target tables that change, and the state that tells of them.
//
// Contract (test/contract holds every destination to it):
//  * Where Capabilities::atomic: everything becomes durable and visible together in commit(), or not at all. Elsewhere
//    the same end state is reached by idempotent writes under the attempt's id.
//  * commit() returns only when it is durable (fsync'ed). It throws Error(in_doubt) where it cannot know whether it
//    is; the next Destination::begin finds out.
//  * Destroying a transaction without commit leaves the destination as it was, but for what `alter` added.
//  * Any method may throw Error(destination); the transaction is dead then, and the caller destroys it and tries again.
//    What concerns one target table alone is a TargetRefused: trying again would fail again.
//  * Values are stored exactly as given; see model/physical_type.h for what each layout means.
//
// A transaction ends before its destination does. One thread uses it.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/lsn.h"
#include "destination/state.h"
#include "output/row_operations.h"

namespace walbrook::destination {

// What a transaction is an attempt at. The same work begun again after a crash has the same id, so that a destination
// without transactions recognizes what an earlier attempt has written: `number` is that of the load to come, which is
// durable only with the attempt itself. Of a batch that is begun again the first commit is the same; the last one may
// differ, since a batch is cut by how much had arrived.
struct AttemptId {
  enum class Of : std::uint8_t {
    batch,    // changes of the stream
    copies,   // copied tables are swapped in
    program,  // rows that a program wrote
    state,    // state alone: an idle position, table records
  } of = Of::state;
  std::int64_t number = 0;  // LoadRecord::id; of `state` that of the newest load
  Lsn first_commit = {};    // of a batch: of its first transaction
  Lsn last_commit = {};     // of a batch: of its last transaction; of copies: the position they are swapped in at
};

// The destination refuses to change one target table, and would refuse it again: somebody else altered the table, or
// gave it a constraint. Other tables are not concerned.
class TargetRefused final : public Error {
 public:
  TargetRefused(std::string cause, Remedy remedy) : Error(ErrorKind::data, std::move(cause), std::move(remedy)) {}
};

// How a target table's columns change. Only additions, each of which harms nobody who reads the table before the
// transaction is committed.
struct Alteration {
  std::vector<ColumnSchema> columns = {};  // those that the table does not have are added; NULL in the rows it has
  std::vector<std::string> overflow = {};  // columns of the source that get an overflow column, where they have none

  [[nodiscard]] bool empty() const { return columns.empty() && overflow.empty(); }
};

// The rows that row operations are about. Borrows.
struct RowsOf {
  TableSchemaRef schema;                                   // of the rows' batches
  const std::vector<walbrook::Transaction>* transactions;  // what RowBatch::transaction points into; nullptr: unknown
  std::int64_t load_id = 0;                                // of the load that the transaction is
  bool keyed = false;                                      // rows are found by key, else by their whole content
};

struct AppendCounts {
  std::uint64_t rows = 0;
  std::uint64_t overflow = 0;  // values that went to an overflow column
};

struct MergeCounts {
  std::uint64_t removed = 0;          // rows that went from the target
  std::uint64_t written = 0;          // rows that were written to it
  std::uint64_t overflow_values = 0;  // values that went to an overflow column
};

class Transaction {
 public:
  Transaction() = default;
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  virtual ~Transaction() = default;

  // Adds columns to the target table; of an output in state `copying`, to its finished copy as well. REQUIRES, unless
  // Capabilities::transactional_ddl: nothing else was done in the transaction. The additions may become durable by
  // themselves.
  virtual void alter(const OutputRecord& output, const Alteration& alteration) = 0;
  // The finished copy of the output (CopyWriter::finish) becomes what readers see under its target name; the target
  // that `former` names, where the output was until now, goes. Before any row operation on the output.
  virtual void swap_in(const OutputRecord& output, const TargetName* former = nullptr) = 0;

  // The three row operations. Columns of the target that are not in the rows' schema become NULL in written rows; every
  // column of the schema is in the target, and every overflow column that the values need (alter).
  //
  // Fills in the cells that `patches` leave out from the target's rows, as they are now, and keeps the rows for the
  // next append to the output. Throws Error(data) where a patch does not find exactly one row.
  virtual void complete(const OutputRecord& output, const RowsOf& rows, std::span<const Patch> patches) = 0;
  // Returns how many rows went.
  virtual std::uint64_t remove(const OutputRecord& output, const RowsOf& rows, std::span<const Removal> removals) = 0;
  // Appends `appended` and the rows that complete() keeps for the output.
  virtual AppendCounts append(const OutputRecord& output, const RowsOf& rows, std::span<const RowRef> appended) = 0;
  virtual void truncate(const OutputRecord& output) = 0;

  virtual void put(const StateChange& change) = 0;
  // The changes of a prepared transaction that are kept (KeepPrepared), in the order in which they were put. `sink` may
  // call the transaction's other methods.
  virtual void read_prepared(std::uint32_t xid, const std::function<void(std::string_view)>& sink) = 0;

  virtual void commit() = 0;
};

// The three row operations in their order: complete, remove, append.
MergeCounts apply(Transaction& transaction, const OutputRecord& output, const RowOperations& operations);

}  // namespace walbrook::destination
