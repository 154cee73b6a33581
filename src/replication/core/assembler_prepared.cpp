// Two-phase commit: what was prepared is kept in the destination, durable with the checkpoint, since the
// server sends it once; it is merged, or dropped, by what is decided later.
#include <fmt/format.h>

#include <utility>

#include "replication/core/assembler.h"

namespace walbrook::replication {

void Assembler::on(const postgres::BeginPrepare& begin) {
  open_transaction({.xid = begin.xid, .commit_lsn = begin.prepare_lsn, .commit_time = begin.prepare_time});
}

// Commits that came before it leave first, so that the checkpoint never passes them.
void Assembler::due_prepared(LoadPackage&& content, std::uint32_t xid, Lsn end_lsn) {
  if (commits_ > 0) due_.push_back(take_commits());
  content.kind = PackageKind::prepare;
  content.staged_xid = xid;
  content.checkpoint = end_lsn;
  due_.push_back(std::move(content));
  ++commits_seen_;
}

void Assembler::on(const postgres::Prepare& prepare) {
  if (!in_transaction_) throw Error(ErrorKind::protocol, "the stream prepares a transaction that it did not begin");
  in_transaction_ = false;
  position_ = prepare.end_lsn;
  if (skipping_) return;
  const bool changed = spooled_ || package_.changed_since_mark();
  auto content = package_.take_behind_mark();
  if (changed) due_prepared(std::move(content), prepare.xid, prepare.end_lsn);
}

void Assembler::on(const postgres::StreamPrepare& prepare) {
  const auto stream = end_stream(prepare.xid, "prepares");
  if (beyond_until(prepare.prepare_lsn)) return;
  position_ = prepare.end_lsn;
  learn_relations(*stream);
  if (prepare.prepare_lsn >= options_.checkpoint) history_.reached(prepare.prepare_lsn);
  if (prepare.prepare_lsn < options_.checkpoint) {
    if (stream->spooled()) due_.push_back({.kind = PackageKind::discard, .staged_xid = prepare.xid});
    return;
  }
  auto content = stream->take();
  if (!stream->spooled() && content.steps.empty()) return;
  content.aborted = stream->aborted();
  due_prepared(std::move(content), prepare.xid, prepare.end_lsn);
}

void Assembler::on(const postgres::CommitPrepared& commit) {
  if (in_transaction_ || stream_ != nullptr) {
    throw Error(ErrorKind::protocol,
                fmt::format("the stream commits prepared transaction {} inside of another one", commit.xid));
  }
  if (beyond_until(commit.commit_lsn)) return;
  position_ = commit.end_lsn;
  const Transaction committed{.xid = commit.xid, .commit_lsn = commit.commit_lsn, .commit_time = commit.commit_time};
  if (is_durable(committed, true)) return;
  described_ = commit.commit_lsn;  // perhaps in the transaction, which was read long ago
  package_.add(committed);
  package_.add(MergeStaged{.xid = commit.xid, .transaction = package_.newest(), .prepared = true, .aborted = {}});
  close_transaction(commit.end_lsn);
  set_last();
}

void Assembler::on(const postgres::RollbackPrepared& rollback) {
  if (beyond_until(rollback.rollback_end_lsn)) return;
  position_ = rollback.rollback_end_lsn;
  if (rollback.rollback_end_lsn <= options_.checkpoint) return;
  if (commits_ > 0) due_.push_back(take_commits());
  due_.push_back({.kind = PackageKind::discard,
                  .staged_xid = rollback.xid,
                  .prepared = true,
                  .checkpoint = rollback.rollback_end_lsn});
}

}  // namespace walbrook::replication
