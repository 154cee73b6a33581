// A transaction of a destination: row operations, changes of target tables, and the changes of state that belong to
// them.
//
// Contract (test/contract checks it for every destination):
//  * Where Capabilities::atomic is set, everything becomes durable and visible together in commit(), or nothing does.
//    Elsewhere idempotent writes under the attempt's id reach the same end state.
//  * commit() returns only when the transaction is durable (fsync'ed). It throws Error(in_doubt) if it cannot know
//    whether it is; the next Destination::begin finds out.
//  * A transaction that is destroyed without a commit leaves the destination as it was, except for what `alter` added
//  to
//    an output that is being copied.
//  * Any method may throw Error(destination). The transaction is dead then: the caller destroys it and tries again. A
//    failure that concerns one target table alone is a TargetRefused: trying again would fail again. That includes a
//    target that does not exist, and a name that somebody else has taken.
//  * Values are stored exactly as given; model/physical_type.h defines what each layout means.
//
// A transaction ends before its destination does. One thread uses it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/lsn.h"
#include "destination/state.h"
#include "model/column.h"
#include "output/row_operations.h"

namespace walbrook::destination {

// Identifies the work that a transaction attempts. Work that is begun again after a crash has the same id, so that a
// destination without transactions recognizes what an earlier attempt wrote: `number` is the id of the load to come,
// which becomes durable only with the attempt itself. A batch that is begun again has the same first commit. Its last
// commit may differ, since how much has arrived decides where a batch ends.
struct AttemptId {
  enum class Of : std::uint8_t {
    batch,    // changes of the stream
    copies,   // copied tables are swapped in
    program,  // rows that a program wrote
    state,    // state alone: an idle position, table records
  } of = Of::state;
  std::int64_t number = 0;  // the load's LoadRecord::id; of `state`: the newest load's
  Lsn first_commit = {};    // of a batch: its first transaction's
  Lsn last_commit = {};     // of a batch: its last transaction's; of copies: the position they are swapped in at
};

// The destination refuses to change one target table, and would refuse again: somebody altered the table, or added a
// constraint to it. Other tables are not affected.
class TargetRefused final : public Error {
 public:
  TargetRefused(std::string cause, Remedy remedy) : Error(ErrorKind::data, std::move(cause), std::move(remedy)) {}
};

// How a target table follows the columns of its source. The steps are made in the order of the members.
struct Alteration {
  struct RenamedColumn {
    std::string from;  // its name in the source, until now
    ColumnSchema to;   // the column from now on; the target's column keeps its values
  };
  // Columns change their names together: they may exchange them. What a dropped column of such a name left is dropped.
  std::vector<RenamedColumn> renamed = {};
  // These get the type that they have here: decimals with more digits before or after the point.
  std::vector<ColumnSchema> widened = {};
  std::vector<ColumnSchema> columns = {};  // added where the table lacks them
  // By column that is added: the value that existing rows get, as a column of one row. Others are NULL in them.
  std::map<std::string, std::shared_ptr<const Column>> values = {};
  // The columns are new in the source: a column of that name is what a dropped one left, and is dropped first.
  bool replaces_dropped = false;
  std::vector<std::string> overflow = {};  // source columns that get an overflow column, if they have none

  [[nodiscard]] bool empty() const { return renamed.empty() && widened.empty() && columns.empty() && overflow.empty(); }
};

// A target table that gets another name or another schema, since its source has one.
struct TargetMove {
  OutputRecord output;  // with the target's name from then on
  TargetName former;

  [[nodiscard]] OutputRecord before() const;  // the output with the target's former name
};

// What the rows of one row operation have in common. All of it is borrowed until the operation returns.
struct RowsOf {
  TableSchemaRef schema;                                   // of the rows' batches
  const std::vector<walbrook::Transaction>* transactions;  // RowBatch::transaction indexes it; nullptr: unknown
  std::int64_t load_id = 0;                                // of the load that the transaction writes
  bool keyed = false;                                      // rows are found by key; false: by their whole content
  Lsn copied_at{};                                         // RowOperations::copied_at
};

struct AppendCounts {
  std::uint64_t rows = 0;
  std::uint64_t overflow = 0;  // values that went to an overflow column
};

struct MergeCounts {
  std::uint64_t removed = 0;          // rows that were removed from the target
  std::uint64_t written = 0;          // rows that were written to the target
  std::uint64_t overflow_values = 0;  // values that went to an overflow column
};

class Transaction {
 public:
  Transaction() = default;
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  virtual ~Transaction() = default;

  // Alters the target table and, if the output is in state `copying`, its finished copy. REQUIRES: no row operation on
  // the output came before in this transaction, unless Capabilities::transactional_ddl; and `renamed`, `widened` and
  // `values` are empty, unless Capabilities::rows_change. While the output is `copying`, the alteration may become
  // durable by itself: it adds columns then, which harm nobody.
  virtual void alter(const OutputRecord& output, const Alteration& alteration) = 0;
  // Alters the output's finished copy alone, which readers do not see. The alteration may become durable by itself.
  // REQUIRES: the transaction does nothing else; `renamed`, `widened` and `values` are empty, unless
  // Capabilities::rows_change.
  virtual void alter_copy(const OutputRecord& output, const Alteration& alteration) = 0;
  // Makes the output's finished copy (CopyWriter::finish) the table that readers see under its target name. If `former`
  // is given, drops the target table of that name, which held the output's rows until now. REQUIRES: no row operation
  // on the output came before in this transaction.
  virtual void swap_in(const OutputRecord& output, const TargetName* former = nullptr) = 0;

  // Gives target tables other names, which they may exchange. A target of the pipeline's that has such a name and is
  // not moved itself is dropped: its source is no longer called so. REQUIRES: Capabilities::moves allows it, and the
  // transaction does nothing else but put().
  virtual void move(std::span<const TargetMove> moves) = 0;

  // Tells which rows the three operations below are about to write, so that the target can be made ready for their
  // values. apply() calls it.
  virtual void expect(const OutputRecord& /*output*/, const RowOperations& /*operations*/) {}

  // The three row operations. REQUIRES: the target has every column of the rows' schema, and every overflow column that
  // the values need (see alter). Columns of the target that the schema lacks become NULL in written rows.
  //
  // Fills in the cells that `patches` leave out with the values that the target's rows have now, and keeps the
  // completed rows for the next append to the output. Throws Error(data) if a patch does not find exactly one row.
  // REQUIRES: no completed rows of the output wait for their append.
  virtual void complete(const OutputRecord& output, const RowsOf& rows, std::span<const Patch> patches) = 0;
  // Removes the rows that `removals` name. Returns how many it removed.
  virtual std::uint64_t remove(const OutputRecord& output, const RowsOf& rows, std::span<const Removal> removals) = 0;
  // Appends `appended` and the rows that complete() kept for the output.
  virtual AppendCounts append(const OutputRecord& output, const RowsOf& rows, std::span<const RowRef> appended) = 0;
  // Removes all rows of the target table.
  virtual void truncate(const OutputRecord& output) = 0;

  // Changes the state. What `change` borrows must live until put() returns.
  virtual void put(const StateChange& change) = 0;
  // Passes the kept changes of a prepared transaction (KeepPrepared) to `sink`, in the order in which they were put.
  // `sink` may call the transaction's other methods; each text is valid until `sink` returns.
  virtual void read_prepared(std::uint32_t xid, const std::function<void(std::string_view)>& sink) = 0;

  // Makes the transaction durable; see the contract above.
  virtual void commit() = 0;
};

// Throws Error(internal): the output has no finished copy.
[[noreturn]] void refuse_no_copy(const OutputRecord& output);

// Announces the rows and runs the three row operations in their order: complete, remove, append.
MergeCounts apply(Transaction& transaction, const OutputRecord& output, const RowOperations& operations);

}  // namespace walbrook::destination
