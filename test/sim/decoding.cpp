#include "test/sim/decoding.h"

#include <algorithm>
#include <utility>

#include "postgres/catalog/table_description.h"
#include "postgres/protocol/encoder.h"

namespace walbrook::sim {
namespace {

constexpr unsigned streams_percent = 35;  // after a change of a transaction that may be streamed

postgres::Cell sent_cell(const Cell& cell) {
  if (!cell) return {postgres::CellKind::null, {}};
  return {postgres::CellKind::text, *cell};
}

// Returns the old row as the replica identity sends it: the whole row, or only its key.
postgres::TupleBytes old_tuple(const Shape& shape, const Cells& cells) {
  std::vector<postgres::Cell> sent;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const bool is_sent = shape.identity == 'f' || shape.columns[i].in_primary_key;
    sent.push_back(is_sent ? sent_cell(cells[i]) : postgres::Cell{postgres::CellKind::null, {}});
  }
  return postgres::TupleBytes(sent);
}

postgres::TupleBytes new_tuple(const Cells& cells, const std::vector<bool>& unchanged) {
  std::vector<postgres::Cell> sent;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const bool is_left_out = i < unchanged.size() && unchanged[i];
    sent.push_back(is_left_out ? postgres::Cell{postgres::CellKind::unchanged, {}} : sent_cell(cells[i]));
  }
  return postgres::TupleBytes(sent);
}

bool same_key(const Shape& shape, const Cells& a, const Cells& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (shape.columns[i].in_primary_key && a[i] != b[i]) return false;
  }
  return true;
}

}  // namespace

std::optional<std::string> Decoding::next_frame() {
  while (frames_.empty()) {
    position_ = decoded_;
    if (next_record_ == server_.wal.size()) return std::nullopt;
    const auto& record = server_.wal[next_record_++];
    decode(record);
    decoded_ = record.end;
  }
  auto frame = std::move(frames_.front());
  frames_.pop_front();
  return frame;
}

void Decoding::decode(const WalRecord& record) {
  switch (record.kind) {
    case WalRecord::Kind::change:
      return on_change(record);
    case WalRecord::Kind::alteration:
      return on_alteration(record);
    case WalRecord::Kind::rollback_to:
      return on_rollback_to(record);
    case WalRecord::Kind::commit:
      return on_commit(record);
    case WalRecord::Kind::rollback:
      return on_rollback(record);
    case WalRecord::Kind::prepare:
      return on_prepare(record);
    case WalRecord::Kind::commit_prepared:
    case WalRecord::Kind::rollback_prepared:
      return on_end_of_prepared(record);
  }
}

void Decoding::on_change(const WalRecord& record) {
  auto& transaction = transactions_[record.xid];
  transaction.changes.push_back(next_record_ - 1);
  const bool may_stream = options_.streaming && record.at >= options_.begins_at;
  if (may_stream && random_.chance(streams_percent)) send_block(record.xid, transaction);
}

// Describes every affected relation again. Nothing is sent for a transaction without published changes.
void Decoding::on_alteration(const WalRecord& record) {
  const auto forget = [&record](std::map<Oid, std::uint64_t>& described) {
    if (record.altered == 0) {
      described.clear();
    } else {
      described.erase(record.altered);
    }
  };
  forget(described_);
  for (auto& [xid, transaction] : transactions_) forget(transaction.described);
  if (server_.sends_empty || transactions_.contains(record.xid)) on_commit(record);
}

void Decoding::on_rollback_to(const WalRecord& record) {
  auto& transaction = transactions_[record.xid];
  for (const auto subxid : record.rolled_back) {
    if (transaction.sent_subxids.contains(subxid)) {
      send_stream_abort(record, subxid);
      server_.tally->add(Happening::streamed_rolled_back_to);
    }
    std::erase_if(transaction.changes, [&](std::size_t change) { return server_.wal[change].subxid == subxid; });
  }
}

void Decoding::send_stream_abort(const WalRecord& record, Xid subxid) {
  postgres::StreamAbort abort{.xid = record.xid, .subxid = subxid, .abort_lsn = {}, .abort_time = 0};
  if (postgres::streams_in_parallel(options_.protocol)) {
    abort.abort_lsn = record.at;
    abort.abort_time = record.time;
  }
  send(abort);
}

void Decoding::on_commit(const WalRecord& record) {
  auto transaction = std::move(transactions_[record.xid]);
  transactions_.erase(record.xid);
  if (record.at < options_.begins_at) return;
  server_.tally->add_sent(record.at);
  if (transaction.streamed) {
    if (!transaction.changes.empty()) send_block(record.xid, transaction);
    send(postgres::StreamCommit{
        .xid = record.xid, .flags = 0, .commit_lsn = record.at, .end_lsn = record.end, .commit_time = record.time});
    // What was described in its blocks is not described again.
    for (const auto& [oid, version] : transaction.described) described_[oid] = version;
    return;
  }
  if (!has_published_changes(transaction) && !server_.sends_empty) return;
  send(postgres::Begin{.final_lsn = record.at, .commit_time = record.time, .xid = record.xid});
  send_changes(transaction, described_);
  send(postgres::Commit{.flags = 0, .commit_lsn = record.at, .end_lsn = record.end, .commit_time = record.time});
}

void Decoding::on_rollback(const WalRecord& record) {
  if (transactions_[record.xid].streamed) send_stream_abort(record, record.xid);
  transactions_.erase(record.xid);
}

void Decoding::on_prepare(const WalRecord& record) {
  if (!options_.two_phase) return;
  auto transaction = std::move(transactions_[record.xid]);
  transactions_.erase(record.xid);
  if (record.at < options_.begins_at) return;
  server_.tally->add(Happening::prepared_sent);
  const std::string gid = "gid" + std::to_string(record.xid);
  if (transaction.streamed) {
    if (!transaction.changes.empty()) send_block(record.xid, transaction);
    send(postgres::StreamPrepare{.flags = 0,
                                 .prepare_lsn = record.at,
                                 .end_lsn = record.end,
                                 .prepare_time = record.time,
                                 .xid = record.xid,
                                 .gid = gid});
    for (const auto& [oid, version] : transaction.described) described_[oid] = version;
    return;
  }
  send(postgres::BeginPrepare{
      .prepare_lsn = record.at, .end_lsn = record.end, .prepare_time = record.time, .xid = record.xid, .gid = gid});
  send_changes(transaction, described_);
  send(postgres::Prepare{.flags = 0,
                         .prepare_lsn = record.at,
                         .end_lsn = record.end,
                         .prepare_time = record.time,
                         .xid = record.xid,
                         .gid = gid});
}

void Decoding::on_end_of_prepared(const WalRecord& record) {
  const bool commits = record.kind == WalRecord::Kind::commit_prepared;
  if (!options_.two_phase) return commits ? on_commit(record) : on_rollback(record);
  if (record.at < options_.begins_at) return;
  const std::string gid = "gid" + std::to_string(record.xid);
  if (commits) {
    send(postgres::CommitPrepared{.flags = 0,
                                  .commit_lsn = record.at,
                                  .end_lsn = record.end,
                                  .commit_time = record.time,
                                  .xid = record.xid,
                                  .gid = gid});
  } else {
    send(postgres::RollbackPrepared{.flags = 0,
                                    .prepare_end_lsn = record.prepared_end,
                                    .rollback_end_lsn = record.end,
                                    .prepare_time = record.time,
                                    .rollback_time = record.time,
                                    .xid = record.xid,
                                    .gid = gid});
  }
}

bool Decoding::has_published_changes(const Buffered& transaction) const {
  return std::ranges::any_of(transaction.changes,
                             [this](std::size_t change) { return server_.wal[change].change->sent; });
}

void Decoding::send_block(Xid xid, Buffered& transaction) {
  if (!transaction.streamed) server_.tally->add(Happening::streamed);
  send(postgres::StreamStart{.xid = xid, .first_segment = !transaction.streamed});
  transaction.streamed = true;
  for (const auto change : transaction.changes) transaction.sent_subxids.insert(server_.wal[change].subxid);
  send_changes(transaction, transaction.described);
  send(postgres::StreamStop{});
}

void Decoding::send_changes(Buffered& transaction, std::map<Oid, std::uint64_t>& described) {
  for (const auto change : std::exchange(transaction.changes, {})) {
    if (server_.wal[change].change->sent) send_change(server_.wal[change], described);
  }
}

void Decoding::describe(const Shape& shape, Xid xid, std::map<Oid, std::uint64_t>& described) {
  if (const auto known = described.find(shape.oid); known != described.end() && known->second == shape.version) return;
  described[shape.oid] = shape.version;
  postgres::Relation relation{
      .xid = xid, .oid = shape.oid, .schema = "public", .name = shape.name, .identity = shape.identity, .columns = {}};
  for (const auto& column : shape.columns) {
    const bool in_key = shape.identity == 'f' || (shape.identity == 'd' && column.in_primary_key);
    relation.columns.push_back({.in_key = in_key, .name = column.name, .type_oid = column.type, .typmod = -1});
  }
  send(relation);
}

void Decoding::send_change(const WalRecord& record, std::map<Oid, std::uint64_t>& described) {
  const auto& change = *record.change;
  if (change.kind == Change::Kind::truncate) {
    postgres::Truncate truncate{.xid = record.subxid, .relations = {}, .cascade = false, .restart_identity = false};
    for (const auto& shape : change.tables) {
      describe(*shape, record.subxid, described);
      truncate.relations.push_back(shape->oid);
    }
    return send(truncate);
  }
  if (change.kind == Change::Kind::message) {
    return send(postgres::LogicalMessage{.xid = record.subxid,
                                         .transactional = true,
                                         .lsn = record.at,
                                         .prefix = postgres::description_prefix,
                                         .content = change.message});
  }
  const auto& shape = *change.table;
  describe(shape, record.subxid, described);
  const auto before = old_tuple(shape, change.before);
  const auto after = new_tuple(change.after, change.unchanged);
  const auto old_kind = shape.identity == 'f' ? postgres::OldTuple::full : postgres::OldTuple::key;
  switch (change.kind) {
    case Change::Kind::insert:
      return send(postgres::Insert{.xid = record.subxid, .relation = shape.oid, .after = after.tuple()});
    case Change::Kind::update: {
      const bool sends_old = shape.identity == 'f' || !same_key(shape, change.before, change.after);
      return send(postgres::Update{.xid = record.subxid,
                                   .relation = shape.oid,
                                   .old_kind = sends_old ? old_kind : postgres::OldTuple::none,
                                   .before = sends_old ? before.tuple() : postgres::Tuple{},
                                   .after = after.tuple()});
    }
    case Change::Kind::remove:
      return send(postgres::Delete{
          .xid = record.subxid, .relation = shape.oid, .old_kind = old_kind, .before = before.tuple()});
    case Change::Kind::truncate:
    case Change::Kind::message:
      return;
  }
}

void Decoding::send(const postgres::Message& message) {
  wire_.protocol = options_.protocol;
  wire_.parallel_streaming = postgres::streams_in_parallel(options_.protocol);
  postgres::Wire wire = wire_;
  frames_.push_back(postgres::encode(message, wire));
  postgres::follow(message, wire_);
}

}  // namespace walbrook::sim
