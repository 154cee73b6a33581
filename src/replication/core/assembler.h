// Messages to change batches. Pure: no I/O, clock or thread; the types of user-defined columns come through
// TypeCatalog.
//
// Rows are parsed straight from the frame into the open batch's row batches; those of streamed transactions into
// batches of their own until they are committed. Two bounds close a batch: bytes and rows. A transaction that is still
// open when they are reached leaves in parts (TransactionPart), and the batch with its commit names them. `cut` hands
// out whole commits only; the rows of a transaction that is still open move to the next batch.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "postgres/protocol/decoder.h"
#include "replication/core/history_check.h"
#include "replication/core/streamed_transaction.h"

namespace walbrook::replication {

struct AssemblerOptions {
  postgres::ParseOptions parsing{};
  std::size_t batch_bytes = 32U << 20U;
  std::size_t batch_rows = 1'000'000;
  Lsn checkpoint;                   // commits with commit_lsn below it are durable already: compared and skipped
  Transaction last = {};            // as HistoryCheck takes it
  Lsn begins_at;                    // the same
  std::optional<Lsn> until;         // commits with commit_lsn at or above it are not taken
  ColumnSelectionRef selection;     // nullptr: every column is copied
  int protocol = 1;                 // as asked for in START_REPLICATION
  bool parallel_streaming = false;  // the same
};

class Assembler {
 public:
  Assembler(const AssemblerOptions& options, TypeCatalog& types, const TableGroups& groups);

  // One frame of the stream. Throws Error(protocol), NeedsText, OtherHistory, all with the LSN where it happened.
  void feed(std::string_view frame);
  // Everything that committed before `position` was fed. Throws OtherHistory.
  void reached(Lsn position) { history_.reached(position); }
  // HistoryCheck::is_settled.
  [[nodiscard]] bool is_compared() const { return history_.is_settled(); }
  // A batch that has to leave before the next frame is fed: the open one is full, a part of an open transaction, or
  // what became of a prepared or rolled-back one.
  [[nodiscard]] std::optional<Batch> take_due();
  // All whole commits that are there; nullopt when there are none.
  [[nodiscard]] std::optional<Batch> cut();

  // A transaction that is not streamed is open: between its Begin and its Commit.
  [[nodiscard]] bool in_transaction() const { return in_transaction_; }
  [[nodiscard]] bool has_commits() const { return commits_ > 0 || !due_.empty(); }
  // Grows with every commit that is taken.
  [[nodiscard]] std::uint64_t commits_seen() const { return commits_seen_; }
  // Commit time of the oldest commit that was not cut yet; 0 when there is none.
  [[nodiscard]] std::int64_t oldest_commit_time() const {
    return commits_ > 0 ? open_batch_.content().transactions.front().commit_time : 0;
  }
  // end_lsn of the last commit that was seen, taken or not.
  [[nodiscard]] Lsn position() const { return position_; }
  // A commit at or above `until` was seen: nothing more will be taken.
  [[nodiscard]] bool reached_until() const { return next_commit_.is_set(); }
  // The first commit that `until` kept out; unset: none was seen.
  [[nodiscard]] Lsn next_commit() const { return next_commit_; }
  // Of the transaction between its Begin and its Commit; unset where none is open.
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
  void on(const postgres::Type& /*type*/) {}               // TypeCatalog knows more
  void on(const postgres::LogicalMessage& /*message*/) {}  // understood, not part of any table
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
  // The commit of the open transaction where it is known, else the end of the last one.
  [[nodiscard]] Lsn place_in_stream() const;

  // Where a change of the message's transaction goes.
  struct Place {
    OpenBatch* batch;  // nullptr: the change is durable already
    RelationState* relation;
    std::uint32_t transaction;
    std::uint32_t sequence;  // of the change
  };
  // REQUIRES: it is asked once a change of a row.
  [[nodiscard]] Place place(Oid relation, std::uint32_t xid);
  [[nodiscard]] Place place(Oid relation, std::uint32_t xid, std::uint32_t sequence);
  [[nodiscard]] std::uint32_t next_sequence() { return stream_ != nullptr ? stream_->next_sequence() : sequence_++; }
  // Whether a leaf names its rows as its root's other leaves do, by what the catalog says of them.
  void compare_identity(const RelationState& leaf);
  void report_conflicts(const Place& place);
  void open_transaction(const Transaction& transaction);
  // Behind a transaction that is whole in open_batch_: it counts from now on.
  void close_transaction(Lsn end_lsn);
  // The newest transaction of open_batch_ has published changes: it is what the checkpoint knows as the last one.
  void set_last() { open_batch_.set_last(open_batch_.transaction(open_batch_.newest())); }
  // Compares a whole transaction with what the checkpoint knows. True: it is durable already.
  [[nodiscard]] bool is_durable(const Transaction& transaction, bool changed);
  [[nodiscard]] bool beyond_until(Lsn commit_lsn);
  [[nodiscard]] std::unique_ptr<StreamedTransaction> end_stream(std::uint32_t xid, std::string_view what);
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

  // A leaf's identity is not the one by which its root's rows are found: told with the root's changes, until a newer
  // message of the leaf or the catalog says otherwise.
  struct IdentityConflict {
    Oid root;
    TableSchemaRef leaf;
  };
  std::map<Oid, IdentityConflict> conflicts_;  // by leaf

  OpenBatch open_batch_;     // whole commits, behind its mark the open transaction
  std::size_t commits_ = 0;  // whole commits in open_batch_
  std::uint64_t commits_seen_ = 0;
  HistoryCheck history_;
  bool in_transaction_ = false;
  Transaction open_;            // where in_transaction_
  std::uint32_t sequence_ = 0;  // of its next change
  bool changed_ = false;        // the open transaction has changes, also such that its batch leaves out
  bool skipping_ = false;       // the open transaction is durable already
  bool spooled_ = false;        // parts of the open transaction have left
  std::unordered_map<std::uint32_t, std::unique_ptr<StreamedTransaction>> streams_;  // by top-level xid
  StreamedTransaction* stream_ = nullptr;                                            // whose block is open
  std::size_t streamed_bytes_ = 0;                                                   // held by streams_
  std::size_t streamed_rows_ = 0;
  std::deque<Batch> due_;  // batches that leave before anything else does, in order
  Lsn position_;
  Lsn described_;  // as CommitBatch::described
  Lsn next_commit_;
};

}  // namespace walbrook::replication
