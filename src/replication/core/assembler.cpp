#include "replication/core/assembler.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/planted.h"

namespace walbrook::replication {

Assembler::Assembler(const AssemblerOptions& options, TypeCatalog& types, const TableGroups& groups)
    : options_(options),
      types_(types),
      groups_(groups),
      open_batch_(options.parsing),
      history_(options.last, options.begins_at, options.checkpoint),
      position_(options.checkpoint) {}

void Assembler::feed(std::string_view frame) {
  if (reached_until()) return;
  try {
    take(frame);
  } catch (Error& failed) {
    if (const Lsn lsn = place_in_stream(); lsn.is_set()) failed.add_facts({.lsn = lsn.to_string()});
    throw;
  }
}

Lsn Assembler::place_in_stream() const {
  return in_transaction_ && !skipping_ ? open_batch_.content().transactions.back().commit_lsn : position_;
}

void Assembler::take(std::string_view frame) {
  const auto message = postgres::decode(frame, {.protocol = options_.protocol,
                                                .in_stream = stream_ != nullptr,
                                                .parallel_streaming = options_.parallel_streaming});
  if (!message) {
    throw Error(ErrorKind::protocol,
                fmt::format("the stream cannot be read: {} (byte {} of {}, last commit before it ended at {})",
                            message.error().message, message.error().offset, frame.size(), position_.to_string()));
  }
  const auto bytes = stream_ != nullptr ? stream_->changes().bytes() : 0;
  const auto rows = stream_ != nullptr ? stream_->changes().rows() : 0;
  auto* const stream = stream_;
  std::visit([this](const auto& each) { on(each); }, *message);
  if (stream != nullptr && stream == stream_) {
    streamed_bytes_ += stream->changes().bytes() - bytes;
    streamed_rows_ += stream->changes().rows() - rows;
  }
}

bool Assembler::beyond_until(Lsn commit_lsn) {
  // Commits below the checkpoint are compared even if they are at or above `until`.
  if (options_.until && commit_lsn >= *options_.until && commit_lsn >= options_.checkpoint) {
    history_.reached(commit_lsn);  // no later message will report it
    next_commit_ = commit_lsn;
  }
  return reached_until();
}

// Begin and BeginPrepare. A transaction below the checkpoint is read and skipped: only the comparison needs it.
void Assembler::open_transaction(const Transaction& transaction) {
  if (in_transaction_ || stream_ != nullptr) {
    throw Error(ErrorKind::protocol, "the stream begins a transaction inside another one");
  }
  if (beyond_until(transaction.commit_lsn)) return;
  if (transaction.commit_lsn >= options_.checkpoint) history_.reached(transaction.commit_lsn);
  in_transaction_ = true;
  open_ = transaction;
  sequence_ = 0;
  changed_ = altered_ = false;
  skipping_ = transaction.commit_lsn < options_.checkpoint;
  spooled_ = false;
  if (skipping_) return;
  open_batch_.add(transaction);
  open_batch_.mark();
}

void Assembler::close_transaction(Lsn end_lsn) {
  open_batch_.set_checkpoint(end_lsn);
  ++commits_;
  ++commits_seen_;
}

bool Assembler::is_durable(const Transaction& transaction, bool changed) {
  if (transaction.commit_lsn >= options_.checkpoint) {
    history_.reached(transaction.commit_lsn);
    return false;
  }
  if (changed) history_.transaction(transaction);
  return true;
}

void Assembler::on(const postgres::Begin& begin) {
  open_transaction({.xid = begin.xid, .commit_lsn = begin.final_lsn, .commit_time = begin.commit_time});
}

void Assembler::on(const postgres::Commit& commit) {
  if (!in_transaction_) throw Error(ErrorKind::protocol, "the stream commits a transaction that it did not begin");
  in_transaction_ = false;
  position_ = commit.end_lsn;
  if (is_durable(open_, changed_)) return;
  if (spooled_) {
    // The parts have left, and so has everything that came before them: the batch holds only what came after them. The
    // transaction is taken out and added again with MergeParts first, so that the parts are applied before the rest.
    auto rest = open_batch_.take_behind_mark();
    open_batch_.add(rest.transactions.front());
    open_batch_.add(MergeParts{.xid = rest.transactions.front().xid, .transaction = open_batch_.newest()});
    open_batch_.add(std::move(rest), open_batch_.newest());
  } else if (!changed_ && !altered_) {
    open_batch_.remove_newest_transaction();  // it changed nothing that is published
    if (commits_ > 0) open_batch_.set_checkpoint(commit.end_lsn);
    return;
  }
  close_transaction(commit.end_lsn);
  if (changed_) set_last();
}

// Descriptions of tables are no published changes: a stream without logical messages is the same stream.
void Assembler::on(const postgres::LogicalMessage& message) {
  if (message.prefix != postgres::description_prefix || !message.transactional || message.content.empty()) return;
  if (stream_ == nullptr && !in_transaction_) {
    throw Error(ErrorKind::protocol, "the stream describes a table outside of a transaction");
  }
  if (stream_ == nullptr && skipping_) return;
  const auto* text = options_.parsing.text;
  const auto content = text == nullptr ? std::string(message.content) : text->json_to_utf8(message.content);
  const auto description = postgres::parse_description(content);
  if (stream_ != nullptr) {
    add(description, content, stream_->changes(), stream_->index_of_unchanged(message.xid));
    stream_->note_altered();
  } else {
    altered_ = true;
    described_ = open_batch_.content().transactions.back().commit_lsn;
    add(description, content, open_batch_, open_batch_.newest());
  }
}

void Assembler::add(const postgres::TableDescription& description, std::string_view text, OpenBatch& batch,
                    std::uint32_t transaction) {
  using Kind = postgres::TableDescription::Kind;
  if (planted::is(planted::Fault::description_dropped)) return;
  const auto commit_lsn = batch.content().transactions[transaction].commit_lsn;
  if (description.kind != Kind::altered) {
    TableSchema table{.oid = description.table, .schema = description.schema, .name = description.name};
    TableError error{.oid = groups_.group(description.table),
                     .described = std::make_shared<const TableSchema>(std::move(table)),
                     .reason = description.kind == Kind::rewritten
                                   ? "the table was rewritten in the source"
                                   : "the table was altered in the source, and its event trigger could not describe it",
                     .fixed_by_copy = true,
                     .copy_must_be_newer = true,
                     .is_read = true,
                     .commit_lsn = commit_lsn};
    if (!batch.is_covered(error)) batch.add(std::move(error));
    return;
  }
  auto altered = describe_altered(description, types_, options_.parsing, groups_, options_.selection.get());
  altered.description = text;
  altered.transaction = transaction;
  batch.add(std::move(altered), groups_.group(description.table));
}

void Assembler::on(const postgres::Relation& message) {
  if (stream_ == nullptr && in_transaction_ && !skipping_)
    described_ = open_batch_.content().transactions.back().commit_lsn;
  auto& relations = stream_ != nullptr ? stream_->relations() : relations_;
  const RelationInUtf8 described(message, options_.parsing.text);
  auto state =
      describe_relation(described.relation(), types_, options_.parsing.limits, groups_, options_.selection.get());
  compare_identity(state);
  // A description that equals the known one keeps that object, so that open row batches stay open. A streamed
  // transaction looks at its own descriptions first: it may have altered the table.
  for (const auto* known : {&relations, &relations_}) {
    const auto found = known->find(message.oid);
    if (found == known->end() || *found->second->schema != *state.schema) continue;
    const auto same = found->second;
    relations[message.oid] = same;
    return;
  }
  relations[message.oid] = std::make_shared<RelationState>(std::move(state));
}

Assembler::Place Assembler::place(Oid relation, std::uint32_t xid) {
  return place(relation, xid, next_sequence());
}

Assembler::Place Assembler::place(Oid relation, std::uint32_t xid, std::uint32_t sequence) {
  if (stream_ == nullptr && !in_transaction_) {
    throw Error(ErrorKind::protocol, fmt::format("a change of relation {} outside of a transaction", relation));
  }
  changed_ = true;
  auto& relations = stream_ != nullptr ? stream_->relations() : relations_;
  const auto found = relations.find(relation);
  if (found == relations.end()) {
    throw Error(ErrorKind::protocol,
                fmt::format("a change of relation {}, which the stream did not describe", relation));
  }
  // Composite types and the identities of leaves can be altered without a message of the stream.
  if (found->second->types_version != types_.version() ||
      found->second->identities_version != groups_.identities_version()) {
    found->second = describe_again(found->second, types_, options_.parsing.limits, groups_, options_.selection.get());
  }
  auto* const state = found->second.get();
  if (stream_ != nullptr) {
    const Place at{
        .batch = &stream_->changes(), .relation = state, .transaction = stream_->index_of(xid), .sequence = sequence};
    report_conflicts(at);
    return at;
  }
  if (skipping_) return {.batch = nullptr, .relation = state, .transaction = 0, .sequence = 0};
  const Place at{.batch = &open_batch_, .relation = state, .transaction = open_batch_.newest(), .sequence = sequence};
  report_conflicts(at);
  return at;
}

// Called for every Relation message: the newest description of the leaf counts.
void Assembler::compare_identity(const RelationState& leaf) {
  const auto oid = leaf.schema->oid;
  conflicts_.erase(oid);
  if (leaf.group == oid || groups_.identity(leaf.group).agrees_with(*leaf.schema)) return;
  conflicts_[oid] = {.root = leaf.group, .leaf = leaf.schema};
}

// Reports a conflict once for each transaction, not only once: the table is copied again, and a copy helps only if its
// consistent point is after the last transaction with the conflict (SyncedOutput::altered_at).
void Assembler::report_conflicts(const Place& place) {
  if (conflicts_.empty() || place.batch == nullptr) return;
  std::erase_if(conflicts_, [this](const auto& conflict) {
    return groups_.identity(conflict.second.root).agrees_with(*conflict.second.leaf);
  });
  const auto commit_lsn = place.batch->content().transactions[place.transaction].commit_lsn;
  for (const auto& [leaf, about] : conflicts_) {
    if (about.root != place.relation->group) continue;
    TableError error{.oid = about.root,
                     .described = about.leaf,
                     .reason = {},
                     .fixed_by_copy = true,
                     .copy_must_be_newer = true,
                     .commit_lsn = commit_lsn};
    if (place.batch->is_covered(error)) return;
    error.reason = "the replica identity of partition " + about.leaf->full_name() + " was altered";
    place.batch->add(std::move(error));
    return;
  }
}

void Assembler::on(const postgres::Insert& insert) {
  const auto at = place(insert.relation, insert.xid);
  if (at.batch != nullptr)
    at.batch->append(*at.relation, Op::insert, insert.after, nullptr, at.transaction, at.sequence);
}

void Assembler::on(const postgres::Update& update) {
  const auto at = place(update.relation, update.xid);
  if (at.batch == nullptr) return;
  const RowBatch* before = nullptr;
  if (update.old_kind != postgres::OldTuple::none) {
    if (!at.batch->append(*at.relation, Op::before, update.before, nullptr, at.transaction, at.sequence)) return;
    before = &at.batch->batch_of(*at.relation);
  }
  at.batch->append(*at.relation, Op::update, update.after, before, at.transaction, at.sequence);
}

void Assembler::on(const postgres::Delete& remove) {
  const auto at = place(remove.relation, remove.xid);
  if (at.batch != nullptr)
    at.batch->append(*at.relation, Op::remove, remove.before, nullptr, at.transaction, at.sequence);
}

void Assembler::on(const postgres::Truncate& truncate) {
  if (stream_ == nullptr && !in_transaction_) throw Error(ErrorKind::protocol, "Truncate outside of a transaction");
  changed_ = true;
  if (stream_ == nullptr && skipping_) return;
  walbrook::Truncate operation{.tables = {}, .sequence = next_sequence()};
  std::vector<Oid> groups;
  for (const Oid oid : truncate.relations) {
    const auto at = place(oid, truncate.xid, operation.sequence);
    operation.tables.push_back(at.relation->schema);
    operation.transaction = at.transaction;
    groups.push_back(at.relation->group);
  }
  if (operation.tables.empty()) return;
  if (stream_ == nullptr) operation.transaction = open_batch_.newest();
  (stream_ != nullptr ? stream_->changes() : open_batch_).add(std::move(operation), groups);
}

std::size_t Assembler::held_bytes() const {
  return open_batch_.bytes() + streamed_bytes_;
}

bool Assembler::full() const {
  return held_bytes() >= options_.batch_bytes || open_batch_.rows() + streamed_rows_ >= options_.batch_rows;
}

std::optional<Batch> Assembler::take_due() {
  if (!due_.empty()) {
    Batch first = std::move(due_.front());
    due_.pop_front();
    return first;
  }
  if (!full()) return std::nullopt;
  if (commits_ > 0) return take_commits();
  return take_part();  // only open transactions are held, and they are too large
}

std::optional<Batch> Assembler::cut() {
  if (!due_.empty()) return take_due();
  if (commits_ == 0) return std::nullopt;
  return take_commits();
}

CommitBatch Assembler::take_commits() {
  commits_ = 0;
  auto out = in_transaction_ && !skipping_ ? open_batch_.take_before_mark() : open_batch_.take_commits();
  for (const auto& error : out.errors) {
    if (error.label) described_ = std::max(described_, error.commit_lsn);
  }
  out.described = described_;
  return out;
}

// Takes a part of the open transaction that holds the most bytes. For the plain one, the transaction is added again at
// once (reopen), since its Commit is still to come.
TransactionPart Assembler::take_part() {
  StreamedTransaction* largest = nullptr;
  for (const auto& [xid, stream] : streams_) {
    if (largest == nullptr || stream->changes().bytes() > largest->changes().bytes()) largest = stream.get();
  }
  if (largest != nullptr && largest->changes().bytes() >= open_batch_.bytes()) {
    streamed_bytes_ -= largest->changes().bytes();
    streamed_rows_ -= largest->changes().rows();
    return largest->take_part();
  }
  const Transaction transaction = open_batch_.content().transactions.back();
  auto out = open_batch_.take_part(transaction.xid);
  open_batch_.reopen(transaction);
  spooled_ = true;
  return out;
}

// Streamed transactions: before the server knows how a transaction ends, it sends what it cannot hold in memory, in
// blocks, with blocks of several transactions in turn.
// https://www.postgresql.org/docs/current/protocol-logical-replication.html
//
//   StreamStart 700, changes, StreamStop     the changes are in streams_[700], each under its subtransaction
//   StreamStart 702, changes, StreamStop     streams_[702]; if the bound is reached, the larger one leaves a part
//   StreamStart 700, changes, StreamStop
//   StreamAbort 700, subtransaction 701      changes of 701 that are held are dropped when they are taken; for parts
//                                            that have left, 701 is in MergeParts::aborted
//   StreamCommit 700                         the rest joins open_batch_, after MergeParts if parts have left

void Assembler::on(const postgres::StreamStart& start) {
  if (in_transaction_ || stream_ != nullptr) {
    throw Error(ErrorKind::protocol, "the stream begins a block inside another one or inside a transaction");
  }
  auto& stream = streams_[start.xid];
  if (start.first_segment != (stream == nullptr)) {
    throw Error(ErrorKind::protocol,
                fmt::format("the stream {} transaction {}, which {}", start.first_segment ? "begins" : "continues",
                            start.xid, start.first_segment ? "is open" : "it did not begin"));
  }
  if (stream == nullptr) stream = std::make_unique<StreamedTransaction>(start.xid, options_.parsing);
  stream_ = stream.get();
}

void Assembler::on(const postgres::StreamStop& /*stop*/) {
  if (stream_ == nullptr) throw Error(ErrorKind::protocol, "the stream ends a block that it did not begin");
  stream_ = nullptr;
}

std::unique_ptr<StreamedTransaction> Assembler::end_stream(std::uint32_t xid, std::string_view what) {
  if (in_transaction_ || stream_ != nullptr) {
    throw Error(ErrorKind::protocol, fmt::format("the stream {} transaction {} inside another one", what, xid));
  }
  auto found = streams_.extract(xid);
  if (found.empty()) {
    throw Error(ErrorKind::protocol, fmt::format("the stream {} transaction {}, which it did not begin", what, xid));
  }
  streamed_bytes_ -= found.mapped()->changes().bytes();
  streamed_rows_ -= found.mapped()->changes().rows();
  return std::move(found.mapped());
}

// After the commit the server does not repeat descriptions that it sent within the transaction. Types that were created
// in it can be looked up from now on.
void Assembler::learn_relations(StreamedTransaction& stream) {
  for (auto& [oid, state] : stream.relations()) {
    relations_[oid] = describe_again(state, types_, options_.parsing.limits, groups_, options_.selection.get());
  }
}

void Assembler::on(const postgres::StreamCommit& commit) {
  const auto stream = end_stream(commit.xid, "commits");
  if (beyond_until(commit.commit_lsn)) return;  // its spooled parts are discarded when the slot is read again
  position_ = commit.end_lsn;
  learn_relations(*stream);
  const Transaction committed{.xid = commit.xid, .commit_lsn = commit.commit_lsn, .commit_time = commit.commit_time};
  if (is_durable(committed, stream->changed())) {
    if (stream->spooled()) due_.push_back(DiscardSpooled{commit.xid});
    return;
  }
  if (!stream->relations().empty() || stream->altered()) described_ = commit.commit_lsn;
  auto rest = stream->take();
  if (!stream->spooled() && rest.operations.empty() && rest.errors.empty() && !stream->changed()) {
    if (commits_ > 0) open_batch_.set_checkpoint(commit.end_lsn);
    return;
  }
  open_batch_.add(committed);
  if (stream->spooled()) {
    open_batch_.add(MergeParts{.xid = commit.xid, .transaction = open_batch_.newest(), .aborted = stream->aborted()});
  }
  open_batch_.add(std::move(rest), open_batch_.newest());
  close_transaction(commit.end_lsn);
  if (stream->changed()) set_last();
}

void Assembler::on(const postgres::StreamAbort& abort) {
  if (abort.xid != abort.subxid) {
    const auto found = streams_.find(abort.xid);
    if (found != streams_.end()) found->second->abort(abort.subxid);
    return;
  }
  // Servers report the rollback of some transactions that they never streamed.
  if (!streams_.contains(abort.xid)) return;
  const auto stream = end_stream(abort.xid, "rolls back");
  if (stream->spooled()) due_.push_back(DiscardSpooled{abort.xid});
}

// Two-phase commit: the changes of a prepared transaction are kept in the destination, durable with the checkpoint,
// since the server sends them once. CommitPrepared merges them, RollbackPrepared drops them.

void Assembler::on(const postgres::BeginPrepare& begin) {
  open_transaction({.xid = begin.xid, .commit_lsn = begin.prepare_lsn, .commit_time = begin.prepare_time});
}

// Hands out the commits that came before it first, so that its checkpoint never passes them.
void Assembler::due_prepared(PreparedTransaction&& prepared) {
  if (commits_ > 0) due_.push_back(take_commits());
  due_.push_back(std::move(prepared));
  ++commits_seen_;
}

void Assembler::on(const postgres::Prepare& prepare) {
  if (!in_transaction_) throw Error(ErrorKind::protocol, "the stream prepares a transaction that it did not begin");
  in_transaction_ = false;
  position_ = prepare.end_lsn;
  if (skipping_) return;
  const bool changed = spooled_ || open_batch_.changed_since_mark();
  auto content = open_batch_.take_behind_mark();
  if (changed) due_prepared({std::move(content), prepare.xid, {}, prepare.end_lsn});
}

void Assembler::on(const postgres::StreamPrepare& prepare) {
  const auto stream = end_stream(prepare.xid, "prepares");
  if (beyond_until(prepare.prepare_lsn)) return;
  position_ = prepare.end_lsn;
  learn_relations(*stream);
  if (prepare.prepare_lsn >= options_.checkpoint) history_.reached(prepare.prepare_lsn);
  if (prepare.prepare_lsn < options_.checkpoint) {
    if (stream->spooled()) due_.push_back(DiscardSpooled{prepare.xid});
    return;
  }
  auto content = stream->take();
  if (!stream->spooled() && content.operations.empty() && content.errors.empty()) return;
  due_prepared({std::move(content), prepare.xid, stream->aborted(), prepare.end_lsn});
}

void Assembler::on(const postgres::CommitPrepared& commit) {
  if (in_transaction_ || stream_ != nullptr) {
    throw Error(ErrorKind::protocol,
                fmt::format("the stream commits prepared transaction {} inside another one", commit.xid));
  }
  if (beyond_until(commit.commit_lsn)) return;
  position_ = commit.end_lsn;
  const Transaction committed{.xid = commit.xid, .commit_lsn = commit.commit_lsn, .commit_time = commit.commit_time};
  if (is_durable(committed, true)) return;
  described_ = commit.commit_lsn;  // a Relation message may have come in the transaction, which was read long ago
  open_batch_.add(committed);
  open_batch_.add(MergeParts{.xid = commit.xid, .transaction = open_batch_.newest(), .prepared = true, .aborted = {}});
  close_transaction(commit.end_lsn);
  set_last();
}

// The message has the end of the rollback's record, but not its beginning. `until` is the beginning of a commit's
// record, so the rollback is before it if it ends there at the latest. A later one is left for the next run; it is no
// commit that next_commit() could name.
void Assembler::on(const postgres::RollbackPrepared& rollback) {
  if (rollback.rollback_end_lsn <= options_.checkpoint) {
    position_ = rollback.rollback_end_lsn;
    return;
  }
  history_.reached(rollback.rollback_end_lsn);  // before anything is discarded
  if (options_.until && rollback.rollback_end_lsn > *options_.until) return;
  position_ = rollback.rollback_end_lsn;
  if (commits_ > 0) due_.push_back(take_commits());
  due_.push_back(DiscardPrepared{.xid = rollback.xid, .checkpoint = rollback.rollback_end_lsn});
}

}  // namespace walbrook::replication
