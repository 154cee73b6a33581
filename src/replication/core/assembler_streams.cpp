// Streamed transactions: the server sends what it cannot hold before it knows how the transaction ends, in blocks, of
// several transactions in turn. https://www.postgresql.org/docs/current/protocol-logical-replication.html
#include <fmt/format.h>

#include <utility>

#include "replication/core/assembler.h"

namespace walbrook::replication {

void Assembler::on(const postgres::StreamStart& start) {
  if (in_transaction_ || stream_ != nullptr) {
    throw Error(ErrorKind::protocol, "the stream begins a block inside another one or inside a transaction");
  }
  auto& stream = streams_[start.xid];
  if (start.first_segment != (stream == nullptr)) {
    throw Error(ErrorKind::protocol,
                fmt::format("the stream {} transaction {}, which {}", start.first_segment ? "begins" : "goes on with",
                            start.xid, start.first_segment ? "is open" : "it did not begin"));
  }
  if (stream == nullptr) stream = std::make_unique<StreamedTransaction>(start.xid, options_.limits);
  stream_ = stream.get();
}

void Assembler::on(const postgres::StreamStop& /*stop*/) {
  if (stream_ == nullptr) throw Error(ErrorKind::protocol, "the stream ends a block that it did not begin");
  stream_ = nullptr;
}

std::unique_ptr<StreamedTransaction> Assembler::end_stream(std::uint32_t xid, std::string_view what) {
  if (in_transaction_ || stream_ != nullptr) {
    throw Error(ErrorKind::protocol, fmt::format("the stream {} transaction {} inside of another one", what, xid));
  }
  auto found = streams_.extract(xid);
  if (found.empty()) {
    throw Error(ErrorKind::protocol, fmt::format("the stream {} transaction {}, which it did not begin", what, xid));
  }
  streamed_bytes_ -= found.mapped()->changes().bytes();
  streamed_rows_ -= found.mapped()->changes().rows();
  return std::move(found.mapped());
}

// The server does not describe again, behind the commit, what it described within the transaction. Types that were made
// in it can be looked up from now on.
void Assembler::learn_relations(StreamedTransaction& stream) {
  for (auto& [oid, state] : stream.relations()) {
    relations_[oid] = describe_again(state, types_, options_.limits, groups_, options_.selection.get());
  }
}

void Assembler::on(const postgres::StreamCommit& commit) {
  const auto stream = end_stream(commit.xid, "commits");
  if (beyond_until(commit.commit_lsn)) return;  // what is spooled of it is discarded when the slot is read again
  position_ = commit.end_lsn;
  learn_relations(*stream);
  const Transaction committed{.xid = commit.xid, .commit_lsn = commit.commit_lsn, .commit_time = commit.commit_time};
  if (is_durable(committed, stream->changed())) {
    if (stream->spooled()) due_.push_back({.kind = PackageKind::discard, .staged_xid = commit.xid});
    return;
  }
  if (!stream->relations().empty()) described_ = commit.commit_lsn;
  auto rest = stream->take();
  if (!stream->spooled() && rest.steps.empty() && rest.troubles.empty() && !stream->changed()) {
    if (commits_ > 0) package_.set_checkpoint(commit.end_lsn);
    return;
  }
  package_.add(committed);
  if (stream->spooled()) {
    package_.add(MergeStaged{.xid = commit.xid, .transaction = package_.newest(), .aborted = stream->aborted()});
  }
  package_.add(std::move(rest), package_.newest());
  close_transaction(commit.end_lsn);
  if (stream->changed()) set_last();
}

void Assembler::on(const postgres::StreamAbort& abort) {
  if (abort.xid != abort.subxid) {
    const auto found = streams_.find(abort.xid);
    if (found != streams_.end()) found->second->abort(abort.subxid);
    return;
  }
  // Servers tell of some transactions that they never streamed.
  if (!streams_.contains(abort.xid)) return;
  const auto stream = end_stream(abort.xid, "rolls back");
  if (stream->spooled()) due_.push_back({.kind = PackageKind::discard, .staged_xid = abort.xid});
}

}  // namespace walbrook::replication
