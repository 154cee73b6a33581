// The assembler: messages of the stream → change batches. Pure: no I/O, clock or thread; the types of user-defined
// columns come through TypeCatalog.
//
// Rows are parsed straight from the frame into the row batches of the open batch. Rows of a streamed transaction go to
// a batch of its own (StreamedTransaction) until the transaction commits. Two bounds close a batch: bytes and rows,
// which open and streamed transactions share. A transaction that is still open when a bound is reached leaves in parts
// (TransactionPart), and the batch with its commit names them (MergeParts). `cut` hands out whole commits only; the
// rows of a transaction that is still open move to the next batch.
//
// Where a transaction is while it is open, and how it ends:
//
//   plain      in open_batch_, after the mark     Commit: commits_ counts it. If it changed nothing, it is removed
//   spooled_   its parts have left; the rest is   Commit: it is added to open_batch_ again, first MergeParts, then
//              in open_batch_, after the mark     the rest
//   skipping_  nowhere: it commits below the      Commit: it is compared with the history of the checkpoint
//              checkpoint                         (history_check.h)
//   streamed   in streams_, perhaps with parts    StreamCommit: it joins open_batch_, MergeParts first if parts have
//              that have left                     left. StreamAbort: DiscardSpooled if parts have left
//   prepared   in the destination, since Prepare  CommitPrepared: MergeParts. RollbackPrepared: DiscardPrepared
//
// Worked, with batch_rows = 3: transaction 700 has one row, 701 has five.
//
//   Begin 700, Insert, Commit          open_batch_ holds 700; commits_ = 1
//   Begin 701, Insert, Insert          three rows: full. take_due: commits_ > 0, so CommitBatch{700} leaves; the two
//                                      rows of 701 stay, and nothing is before the mark
//   Insert                             full again, and commits_ = 0: TransactionPart{701, 3 rows}; spooled_ = true
//   Insert, Insert, Commit             the rest, two rows, is taken from after the mark; open_batch_ gets 701,
//                                      MergeParts{701}, then the rest. commits_ = 1
//   cut                                CommitBatch{701}: the loader applies the spooled part, then the two rows
//
// If the connection is lost before the last Commit, the stream comes again from the checkpoint after 700, and the
// loader discards the part first (StreamRestart).
//
// Threads: the receiver's alone. `types` and `groups` are read here and written by others, under their own locks.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "postgres/catalog/table_description.h"
#include "postgres/protocol/decoder.h"
#include "replication/core/history_check.h"
#include "replication/core/streamed_transaction.h"

namespace walbrook::replication {

struct AssemblerOptions {
  postgres::ParseOptions parsing{};
  std::size_t batch_bytes = 32U << 20U;
  std::size_t batch_rows = 1'000'000;
  // Commits with commit_lsn below it are durable: they are compared with `last` and skipped.
  Lsn checkpoint;
  Transaction last = {};            // for HistoryCheck
  Lsn begins_at;                    // for HistoryCheck
  std::optional<Lsn> until;         // commits with commit_lsn at or above it are not taken; it begins such a record
  ColumnSelectionRef selection;     // nullptr: every column is copied
  int protocol = 1;                 // proto_version of START_REPLICATION
  bool parallel_streaming = false;  // streaming = parallel of START_REPLICATION
};

class Assembler {
 public:
  // Borrows `types` and `groups` for its lifetime.
  Assembler(const AssemblerOptions& options, TypeCatalog& types, const TableGroups& groups);

  // Takes in one frame of the stream; the frame is borrowed for the call. Throws Error(protocol), NeedsText or
  // OtherHistory, each with the LSN where it happened. After NeedsText, whole commits can still be cut.
  void feed(std::string_view frame);
  // Notes that everything that committed before `position` was fed. Throws OtherHistory.
  void reached(Lsn position) { history_.reached(position); }
  // HistoryCheck::is_settled.
  [[nodiscard]] bool is_compared() const { return history_.is_settled(); }
  // The batch that has to leave before the next frame is fed: one that waits in due_, the open one if it is full, or a
  // part of an open transaction. nullopt: none has to. REQUIRES: it is called until it returns nullopt before the next
  // feed.
  [[nodiscard]] std::optional<Batch> take_due();
  // The next batch in due_, else all whole commits; nullopt: there are none.
  [[nodiscard]] std::optional<Batch> cut();

  // A transaction that is not streamed is open: the assembler is between its Begin and its Commit.
  [[nodiscard]] bool in_transaction() const { return in_transaction_; }
  [[nodiscard]] bool has_commits() const { return commits_ > 0 || !due_.empty(); }
  // Grows with every commit and every prepared transaction that is taken.
  [[nodiscard]] std::uint64_t commits_seen() const { return commits_seen_; }
  // Commit time of the oldest commit that was not cut yet; 0 if there is none.
  [[nodiscard]] std::int64_t oldest_commit_time() const {
    return commits_ > 0 ? open_batch_.content().transactions.front().commit_time : 0;
  }
  // end_lsn of the last commit that was seen, taken or not.
  [[nodiscard]] Lsn position() const { return position_; }
  // A commit at or above `until` was seen: nothing more will be taken.
  [[nodiscard]] bool reached_until() const { return next_commit_.is_set(); }
  // The first commit that `until` kept out; unset: none was seen.
  [[nodiscard]] Lsn next_commit() const { return next_commit_; }
  // commit_lsn of the transaction between its Begin and its Commit; unset if none is open.
  [[nodiscard]] Lsn open_commit() const { return in_transaction_ ? open_.commit_lsn : Lsn{}; }

 private:
  void on(const postgres::Begin& begin);
  void on(const postgres::Commit& commit);
  void on(const postgres::Relation& relation);
  void on(const postgres::Insert& insert);
  void on(const postgres::Update& update);
  void on(const postgres::Delete& remove);
  void on(const postgres::Truncate& truncate);
  void on(const postgres::Origin& /*origin*/) {}
  void on(const postgres::Type& /*type*/) {}  // TypeCatalog knows more
  void on(const postgres::LogicalMessage& message);
  void on(const postgres::StreamStart& start);
  void on(const postgres::StreamStop& stop);
  void on(const postgres::StreamCommit& commit);
  void on(const postgres::StreamAbort& abort);
  void on(const postgres::BeginPrepare& begin);
  void on(const postgres::Prepare& prepare);
  void on(const postgres::StreamPrepare& prepare);
  void on(const postgres::CommitPrepared& commit);
  void on(const postgres::RollbackPrepared& rollback);

  void take(std::string_view frame);
  // Where an error is reported: the commit of the open transaction if it is known, else the end of the last commit.
  [[nodiscard]] Lsn place_in_stream() const;

  // Where a change goes.
  struct Place {
    OpenBatch* batch;  // nullptr: the change is durable, its transaction is skipped
    RelationState* relation;
    std::uint32_t transaction;  // index into the transactions of `batch`
    std::uint32_t sequence;     // RowBatch::sequence of the change
  };
  // The place of the next change of `relation`; `xid` is the (sub)transaction that a streamed change carries. The first
  // form numbers the change. REQUIRES: the first form is called once for each change of a row. Throws Error(protocol)
  // outside of a transaction, or if the stream did not describe the relation.
  [[nodiscard]] Place place(Oid relation, std::uint32_t xid);
  [[nodiscard]] Place place(Oid relation, std::uint32_t xid, std::uint32_t sequence);
  [[nodiscard]] std::uint32_t next_sequence() { return stream_ != nullptr ? stream_->next_sequence() : sequence_++; }
  // Notes in conflicts_ whether the identity of a leaf differs from the one that the catalog shows for its root's
  // leaves.
  void compare_identity(const RelationState& leaf);
  // Adds what an event trigger said of a table to the batch, as part of the (sub)transaction.
  void add(const postgres::TableDescription& description, std::string_view text, OpenBatch& batch,
           std::uint32_t transaction);
  // Reports the conflicts of the change's table to the batch, once for each transaction.
  void report_conflicts(const Place& place);
  void open_transaction(const Transaction& transaction);
  // Counts the transaction that is now whole in open_batch_.
  void close_transaction(Lsn end_lsn);
  // Notes that the newest transaction of open_batch_ has published changes: the checkpoint remembers it as the last
  // one.
  void set_last() { open_batch_.set_last(open_batch_.transaction(open_batch_.newest())); }
  // True: the transaction is durable. Then, if it has published changes, it is compared with the checkpoint's history.
  [[nodiscard]] bool is_durable(const Transaction& transaction, bool changed);
  // True: the commit is at or above `until`, or an earlier one was; nothing more is taken.
  [[nodiscard]] bool beyond_until(Lsn commit_lsn);
  [[nodiscard]] std::unique_ptr<StreamedTransaction> end_stream(std::uint32_t xid, std::string_view what);
  // Takes over what the stream described within the transaction.
  void learn_relations(StreamedTransaction& stream);
  void due_prepared(PreparedTransaction&& prepared);
  [[nodiscard]] std::size_t held_bytes() const;
  [[nodiscard]] bool full() const;
  [[nodiscard]] CommitBatch take_commits();
  [[nodiscard]] TransactionPart take_part();

  AssemblerOptions options_;
  TypeCatalog& types_;
  const TableGroups& groups_;
  std::unordered_map<Oid, std::shared_ptr<RelationState>> relations_;

  // The identity of a leaf differs from the one by which the rows of its root are found. It is reported with the
  // changes of the root until a newer Relation message of the leaf, or the catalog, shows that they agree.
  struct IdentityConflict {
    Oid root;
    TableSchemaRef leaf;
  };
  std::map<Oid, IdentityConflict> conflicts_;  // by leaf

  OpenBatch open_batch_;     // whole commits, and after its mark the open transaction
  std::size_t commits_ = 0;  // whole commits in open_batch_
  std::uint64_t commits_seen_ = 0;
  HistoryCheck history_;
  // The transaction between Begin and Commit, or Prepare.
  bool in_transaction_ = false;
  Transaction open_;            // valid while in_transaction_
  std::uint32_t sequence_ = 0;  // number of its next change
  bool changed_ = false;        // it has published changes, perhaps none that its batch holds
  bool altered_ = false;        // it has descriptions of altered tables
  bool skipping_ = false;       // it is durable
  bool spooled_ = false;        // parts of it have left
  // Streamed transactions that have not ended, by top-level xid; stream_ is the one whose block is open, else nullptr.
  std::unordered_map<std::uint32_t, std::unique_ptr<StreamedTransaction>> streams_;
  StreamedTransaction* stream_ = nullptr;
  std::size_t streamed_bytes_ = 0;  // held by streams_
  std::size_t streamed_rows_ = 0;
  std::deque<Batch> due_;  // batches that leave before anything else does, in order
  Lsn position_;           // end_lsn of the last commit that was seen
  Lsn described_;          // CommitBatch::described of the next batch
  Lsn next_commit_;        // the first commit at or above `until`; unset: none was seen
};

}  // namespace walbrook::replication
