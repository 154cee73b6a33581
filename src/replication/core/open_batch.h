// A change batch that is being filled: tuples are parsed straight from the frame into its row batches.
//
// With a mark: what stands before it are whole commits, what comes behind it belongs to the one transaction that is
// open. Batches go across the mark, so that small transactions share them; taking one side splits them.
#pragma once

#include <map>
#include <unordered_map>
#include <utility>

#include "base/error.h"
#include "model/batch.h"
#include "postgres/protocol/message.h"
#include "replication/core/relation_state.h"

namespace walbrook::replication {

// The server sent a value in a binary form that has no parser here: the stream must be asked for in text.
class NeedsText : public Error {
 public:
  using Error::Error;
};

class OpenBatch {
 public:
  explicit OpenBatch(const postgres::ParseOptions& parsing) : parsing_(parsing) {}

  [[nodiscard]] const GatheredChanges& content() const { return content_; }
  [[nodiscard]] std::size_t bytes() const { return content_.bytes; }
  [[nodiscard]] std::size_t rows() const { return content_.rows; }

  // `transaction` is then the newest of content().transactions.
  void add(const Transaction& transaction);
  [[nodiscard]] std::uint32_t newest() const { return static_cast<std::uint32_t>(content_.transactions.size() - 1); }
  [[nodiscard]] Transaction& transaction(std::uint32_t index) { return content_.transactions[index]; }
  // REQUIRES: it changed nothing.
  void remove_newest_transaction();
  // Of the whole commits in it.
  void set_checkpoint(Lsn lsn) { checkpoint_ = lsn; }
  void set_last(const Transaction& transaction) { last_ = transaction; }

  // One row. `unchanged_from` is the batch whose last row is the old tuple of this update: cells that the update leaves
  // out are taken from it where it has them. False: the row could not be read. A TableError tells of it then, and the
  // batch has neither it nor its old tuple. Throws NeedsText; Error(protocol).
  bool append(const RelationState& relation, Op op, const postgres::Tuple& tuple, const RowBatch* unchanged_from,
              std::uint32_t transaction, std::uint32_t sequence);
  // The batch that takes the relation's next row.
  [[nodiscard]] RowBatch& batch_of(const RelationState& relation);
  // An operation behind which no row goes into an earlier batch of these tables.
  void add(walbrook::Truncate truncate, const std::vector<Oid>& groups);
  // An operation behind which no row goes into an earlier batch of any table.
  void add(MergeParts merge);
  void add(TableError error);
  // The newest transaction has one already from which all follows for the table that would follow from `error`. So
  // there are at most a few of them for each table and transaction.
  [[nodiscard]] bool is_covered(const TableError& error) const;
  // Another batch's operations and errors, whose rows become those of this transaction.
  void add(GatheredChanges&& other, std::uint32_t transaction);

  // The newest transaction is open from here on.
  void mark();
  // The transaction of which a part was taken goes on: the errors that stayed are its own.
  void reopen(const Transaction& transaction);
  [[nodiscard]] bool changed_since_mark() const;
  // Everything before the mark; the open transaction and what it changed stay.
  [[nodiscard]] CommitBatch take_before_mark();
  // Only what came behind the mark, with the open transaction; nothing of it stays.
  [[nodiscard]] GatheredChanges take_behind_mark();
  // REQUIRES: no transaction is open.
  [[nodiscard]] CommitBatch take_commits();
  [[nodiscard]] GatheredChanges take_all();
  // All changes of open transaction `xid`, to be spooled: the errors stay until it is known whether it commits.
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
  void report_unreadable(const RelationState& relation, const std::string& why);
  [[nodiscard]] GatheredChanges split_at_mark();
  [[nodiscard]] CommitBatch as_commits(GatheredChanges&& changes);

  postgres::ParseOptions parsing_;
  GatheredChanges content_;
  Lsn checkpoint_;                          // as CommitBatch has it
  Transaction last_;                        // likewise
  std::unordered_map<Oid, OpenRows> open_;  // by group
  std::size_t marked_operations_ = 0;       // operations from here on belong to the open transaction alone
  std::map<std::size_t, std::size_t>
      row_marks_;  // earlier operations that it appended to: operation → its first row there
  std::size_t marked_errors_ = 0;
  std::size_t marked_bytes_ = 0;
  std::size_t marked_rows_ = 0;
};

}  // namespace walbrook::replication
