// A change batch that is being filled: tuples are parsed straight from the frame into its row batches.
//
// A mark separates whole commits, which are before it, from the one transaction that is open, which is after it. Row
// batches cross the mark, so that small transactions share them; taking one side splits them.
//
// Worked: transactions 700 and 701 each insert two rows into t.
//
//   add(700), mark(), two rows     one row batch with rows 0 and 1; nothing is before the mark
//   add(701), mark(), two rows     the same row batch, rows 0 to 3; row_marks_ = {0 → 2}: rows 2, 3 are after the mark
//   take_before_mark()             the row batch is split at row 2: 700 leaves with rows 0 and 1; 701 keeps two rows
#pragma once

#include <map>
#include <unordered_map>
#include <utility>

#include "base/error.h"
#include "model/batch.h"
#include "postgres/protocol/message.h"
#include "replication/core/relation_state.h"

namespace walbrook::replication {

// Thrown when the server sent a value in a binary form that has no parser here: the stream has to be in text.
class NeedsText : public Error {
 public:
  using Error::Error;
};

class OpenBatch {
 public:
  explicit OpenBatch(const postgres::ParseOptions& parsing) : parsing_(parsing) { parsing_.labels = &new_labels_; }
  OpenBatch(const OpenBatch&) = delete;
  OpenBatch& operator=(const OpenBatch&) = delete;
  ~OpenBatch() = default;

  [[nodiscard]] const GatheredChanges& content() const { return content_; }
  [[nodiscard]] std::size_t bytes() const { return content_.bytes; }
  [[nodiscard]] std::size_t rows() const { return content_.rows; }

  // Adds a transaction, which is then the newest of content().transactions.
  void add(const Transaction& transaction);
  [[nodiscard]] std::uint32_t newest() const { return static_cast<std::uint32_t>(content_.transactions.size() - 1); }
  [[nodiscard]] Transaction& transaction(std::uint32_t index) { return content_.transactions[index]; }
  // REQUIRES: the newest transaction changed nothing.
  void remove_newest_transaction();
  // Both describe the whole commits: CommitBatch::checkpoint and CommitBatch::last.
  void set_checkpoint(Lsn lsn) { checkpoint_ = lsn; }
  void set_last(const Transaction& transaction) { last_ = transaction; }

  // Appends one row. `unchanged_from` is the batch whose last row is the old tuple of this update: cells that the
  // update leaves out are taken from the old tuple if it has them. Returns false if the row could not be read: a
  // TableError reports it, and the batch has neither the row nor its old tuple. Throws NeedsText; Error(protocol).
  bool append(const RelationState& relation, Op op, const postgres::Tuple& tuple, const RowBatch* unchanged_from,
              std::uint32_t transaction, std::uint32_t sequence);
  // The row batch that takes the relation's next row.
  [[nodiscard]] RowBatch& batch_of(const RelationState& relation);
  // Adds an operation. Later rows of these tables go into new row batches.
  void add(walbrook::Truncate truncate, const std::vector<Oid>& groups);
  // Adds an operation. Later rows of the table's group go into new row batches.
  void add(AlteredTable altered, Oid group);
  // Adds an operation. Later rows of all tables go into new row batches.
  void add(MergeParts merge);
  void add(TableError error);
  // The newest transaction has an error already that has every consequence for the table that `error` would have. So
  // there are at most a few errors for each table and transaction.
  [[nodiscard]] bool is_covered(const TableError& error) const;
  // Adds the operations and errors of another batch; their rows become rows of this transaction.
  void add(GatheredChanges&& other, std::uint32_t transaction);

  // Sets the mark before the newest transaction's changes: it is open from here on.
  void mark();
  // Adds the transaction again after a part of it was taken; the errors that stayed are its errors.
  void reopen(const Transaction& transaction);
  [[nodiscard]] bool changed_since_mark() const;
  // Takes everything before the mark; the open transaction and its changes stay.
  [[nodiscard]] CommitBatch take_before_mark();
  // Takes the open transaction with its changes; everything before the mark stays.
  [[nodiscard]] GatheredChanges take_behind_mark();
  // REQUIRES: no transaction is open.
  [[nodiscard]] CommitBatch take_commits();
  // Takes everything, whether committed or open.
  [[nodiscard]] GatheredChanges take_all();
  // Takes all changes of the open transaction `xid`, to be spooled. Its errors stay until it is known whether it
  // commits.
  [[nodiscard]] TransactionPart take_part(std::uint32_t xid);

 private:
  struct OpenRows {
    std::size_t operation;
    const TableSchema* schema;
  };
  [[nodiscard]] bool append_cell(const RelationState& relation, RowBatch& batch, std::size_t c,
                                 const postgres::Cell& cell, Op op, const postgres::Tuple& tuple);
  void report(TableError error);
  void ask_for_copy(const RelationState& relation, const std::string& why);
  void report_labels(const RelationState& relation);
  void report_unreadable(const RelationState& relation, const std::string& why);
  [[nodiscard]] GatheredChanges split_at_mark();
  [[nodiscard]] CommitBatch as_commits(GatheredChanges&& changes);

  postgres::ParseOptions parsing_;
  std::vector<postgres::NewLabel> new_labels_;  // of the row that is being appended
  GatheredChanges content_;
  Lsn checkpoint_;    // CommitBatch::checkpoint
  Transaction last_;  // CommitBatch::last
  // The row batch that takes the next row of each group (TableGroups).
  std::unordered_map<Oid, OpenRows> open_;
  std::size_t marked_operations_ = 0;  // operations from here on are the open transaction's alone
  // Earlier operations that the open transaction appended to: operation → its first row there.
  std::map<std::size_t, std::size_t> row_marks_;
  std::size_t marked_errors_ = 0;
  std::size_t marked_bytes_ = 0;
  std::size_t marked_rows_ = 0;
  std::size_t before_bytes_ = 0;  // in content_.bytes, of the old tuple that was appended last
};

}  // namespace walbrook::replication
