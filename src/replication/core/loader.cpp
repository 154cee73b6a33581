#include "replication/core/loader.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/check.h"
#include "base/fault.h"
#include "base/planted.h"
#include "model/part_codec.h"
#include "replication/core/part_apply.h"
#include "replication/core/part_request.h"
#include "replication/core/spool_room.h"
#include "replication/core/table_comparison.h"
#include "replication/core/table_renames.h"

namespace walbrook::replication {
namespace {

constexpr milliseconds check_interval{2000};  // how often an idle loader looks for the destination

// Batches tile the commit sequence: no transaction of a batch commits before what is durable, or out of order.
void check_order(const CommitBatch& batch, Lsn checkpoint) {
  Lsn before = checkpoint;
  for (const auto& transaction : batch.transactions) {
    WALBROOK_CHECK(transaction.commit_lsn >= before, "transaction {} commits at {}, after {} was applied",
                   transaction.xid, transaction.commit_lsn.to_string(), before.to_string());
    before = transaction.commit_lsn;
  }
}

}  // namespace

Loader::Loader(LoaderOptions options, const Clock& clock, destination::Destination& destination, Spool& spool,
               TableSync& sync, BatchFeed& batches, TableGroups& groups, Statistics& statistics,
               std::atomic<std::uint64_t>& durable, std::function<void()> advanced)
    : options_(std::move(options)),
      clock_(clock),
      destination_(destination),
      spool_(spool),
      sync_(sync),
      batches_(batches),
      groups_(groups),
      statistics_(statistics),
      durable_(durable),
      advanced_(std::move(advanced)),
      retry_(options_.retries),
      suspended_(sync, options_.suspended_retry),
      copies_({.follow = options_.follow, .together = options_.together}, sync, spool, destination, statistics),
      parts_(sync, spool, statistics, options_.follow),
      checkpoint_(options_.checkpoint.lsn),
      last_(options_.checkpoint.last),
      next_load_(options_.newest_load + 1) {}

Next Loader::step(Now now) {
  if (!retry_.is_due(now)) return retry_.wait();
  try {
    const auto next = work(now);
    statistics_.spooled(spool_.bytes());
    retry_.succeeded();
    return next;
  } catch (const destination::DestinationLost& lost) {
    Error located = lost;
    located.add_facts({.lsn = checkpoint_.to_string()});
    throw Error(located);
  } catch (const destination::DestinationOutdated&) {
    throw;
  } catch (const destination::DestinationUnreachable& away) {
    if (options_.waits_for_destination) {
      retry_.unreachable(away, clock_.now());
    } else {
      retry_.failed(away, clock_.now(), checkpoint_);
    }
    return retry_.wait();
  } catch (const Error& failed) {
    if (failed.kind() != ErrorKind::destination && failed.kind() != ErrorKind::in_doubt) throw;
    retry_.failed(failed, clock_.now(), checkpoint_);
    return retry_.wait();
  }
}

Next Loader::work(Now now) {
  while (!messages_.empty()) {
    // A target that is altered under its former name cannot be renamed before.
    if (!unstored_.empty() && std::holds_alternative<CatalogSeen>(messages_.front())) store_changed();
    receive(std::move(messages_.front()), now);
    messages_.pop_front();
  }
  rename_tables();
  retry_suspended(now);
  if (copies_.is_order_due(now.steady)) order_copies(now);
  store_changed();
  note_changed(parts_.order(*table_copier_, now.steady));
  if (copies_.some_begin_with_changes()) begin_with_changes(now);
  follow_checkpoint(checkpoint_, now);
  settled_at_ = checkpoint_;
  if (has_to_store()) return RunAgain{};
  if (!batch_) {
    auto taken = batches_.take();
    if (!taken.batch) return be_idle(taken, now);
    batch_ = std::move(taken.batch);
  }
  if (const auto* commits = std::get_if<CommitBatch>(&*batch_)) {
    const auto until = catalog_wait_.until(commits->described, *catalog_, now);
    if (until) return Wait{.until = *until, .what = Awaited::catalog};
  }
  return apply();
}

bool Loader::is_at_end() const {
  return !options_.follow && checkpoint_ >= options_.until && settled_at_ == checkpoint_ && !has_to_store() &&
         sync_.is_settled() && parts_.are_settled();
}

void Loader::receive(LoaderMessage message, Now now) {
  if (const auto* seen = std::get_if<CatalogSeen>(&message)) {
    catalog_wait_.seen(seen->complete_to);
    if (seen->publication) publication_seen(*seen->publication);
  } else if (const auto* request = std::get_if<TableRequest>(&message)) {
    take_request(*request);
  } else if (const auto* result = std::get_if<CopyResult>(&message)) {
    note_changed(copies_.ended(*result, now.steady));
  } else if (auto* part = std::get_if<PartResult>(&message)) {
    note_changed(parts_.ended(std::move(*part), now.steady));
  } else {
    commits_wait_ = std::get<CommitsWait>(message).wait;
  }
}

void Loader::publication_seen(const postgres::Publication& publication) {
  note_changed(sync_.publication_seen(publication, checkpoint_));
  groups_.set(sync_.groups(), sync_.identities());
  for (const auto& [oid, table] : sync_.tables()) {
    for (const auto& output : table.outputs) statistics_.output(table, output);
  }
  statistics_.phase(Phase::streaming);  // only now does the status show all tables
  copies_.look();
  parts_.look();
}

// The request is answered once it is durable: if the run ends before the copy does, the next run makes the copy.
void Loader::take_request(const TableRequest& request) {
  try {
    if (request.where.empty()) {
      check_request(request.what, sync_.state(), request.tables);
    } else {
      check_part_request(sync_.state(), request.tables.at(0));
    }
  } catch (const Error&) {
    const std::lock_guard lock(request.answer->mutex);
    request.answer->refused = std::current_exception();
    return;
  }
  note_changed(request.where.empty() ? suspended_.request(request.what, request.tables)
                                     : request_part(sync_, request.tables.at(0), request.where));
  parts_.look();
  answers_.push_back(request.answer);
}

void Loader::retry_suspended(Now now) {
  note_changed(suspended_.schedule(now.wall));
  note_changed(suspended_.retry(now.wall, destination_));
}

void Loader::order_copies(Now now) {
  bool uses_id = false;
  note_changed(copies_.order(next_load_, uses_id, now));
  if (uses_id) ++next_load_;
}

void Loader::note_changed(RecordChanges changed) {
  for (const auto& record : changed.outputs) {
    if (record.state == OutputState::pending) copies_.look();
    if (record.state == OutputState::suspended) suspended_.look();
    if (const auto found = sync_.find(record.id)) statistics_.output(*found.table, *found.output);
  }
  unstored_.add(std::move(changed));
}

// The targets of renamed tables are looked for under their new names from then on.
void Loader::rename_tables() {
  if (unstored_.renames.empty()) return;
  store_renames(destination_, sync_, unstored_);
  for (const auto& record : unstored_.outputs) {
    if (const auto found = sync_.find(record.id)) statistics_.output(*found.table, *found.output);
  }
  copies_.look();  // what could not be renamed is copied
}

// Stores what changed, before anything else is applied and before the copies begin. A crash from here on finds outputs
// that are not streaming, and the next run copies them. This load does not move the checkpoint.
void Loader::store_changed() {
  rename_tables();
  while (!unstored_.empty()) {
    try {
      store_records();
    } catch (const OutputFailed& failed) {
      std::erase_if(unstored_.alterations,
                    [&failed](const TargetAlteration& each) { return each.output.id == failed.output(); });
      const auto found = sync_.find(failed.output());
      answer_failed_changes(failed, found, destination_, sync_.resync_max_size());
      note_changed(*found.output);
    }
  }
  copies_.give_orders(*table_copier_);
  for (const auto& answer : std::exchange(answers_, {})) {
    const std::lock_guard lock(answer->mutex);
    answer->durable = true;
  }
}

void Loader::store_records() {
  const auto load = destination_.begin({});
  if (planted::is(planted::Fault::copying_stored_late)) {
    std::erase_if(unstored_.outputs, [](const OutputRecord& record) {
      return record.state == OutputState::pending || record.state == OutputState::copying;
    });
  }
  unstored_.put(*load);
  load->commit();
  unstored_ = {};
  discard_needless(spool_, sync_);
}

void Loader::follow_checkpoint(Lsn reached, Now now) {
  swap_in_copied(reached, now);
  apply_parts(reached, now);
  note_changed(sync_.decide(reached));
  note_changed(sync_.remove_departed(checkpoint_));
}

void Loader::swap_in_copied(Lsn reached, Now now) {
  auto ready = copies_.ready(reached);
  note_changed(copies_.follow_columns(ready));
  if (!ready.empty() && swap_in(ready, reached, now)) advanced_();
}

void Loader::begin_with_changes(Now now) {
  RecordChanges refused;
  const auto beginning = copies_.begin_with_changes(checkpoint_, refused);
  note_changed(std::move(refused));
  if (beginning.empty() || swap_in(beginning, checkpoint_, now)) copies_.all_have_begun();
}

// Makes the copies visible. Returns false if one of the outputs has failed: its load was rolled back, and the others
// are swapped in by the next step.
bool Loader::swap_in(const std::vector<FoundOutput>& ready, Lsn reached, Now now) {
  forget_batch_in_hand();
  try {
    load_copies(ready, reached);
  } catch (const OutputFailed& failed) {
    note_changed(copies_.failed(failed));
    return false;
  }
  for (const auto& [table, output] : ready) {
    if (suspended_.streams_again(*output, now.wall)) note_changed(*output);
  }
  return true;
}

// One load. The spooled changes are discarded and the records adopted only after the commit, so that the load can be
// made again from the start.
void Loader::load_copies(const std::vector<FoundOutput>& ready, Lsn reached) {
  const auto load =
      destination_.begin({.of = destination::AttemptId::Of::copies, .number = next_load_, .last_commit = reached});
  TableChanges changes(sync_);
  copies_.put(*load, ready, changes);
  commit(*load, reached);
  changes.adopt();
  copies_.swapped_in(ready);
}

void Loader::forget_batch_in_hand() {
  if (const auto* commits = batch_ ? std::get_if<CommitBatch>(&*batch_) : nullptr) {
    spool_.discard_from(commits->transactions.front().commit_lsn);
  }
}

void Loader::apply_parts(Lsn reached, Now now) {
  while (const auto* part = parts_.ready(reached)) {
    try {
      apply_part(*part, reached, now);
    } catch (const PartOutdated& outdated) {
      parts_.postpone(part->output, {.reason = outdated.why}, now.steady);
    } catch (const PartImpossible& impossible) {
      note_changed(parts_.failed(part->output, impossible.why));
    } catch (const OutputFailed& failed) {
      note_changed(parts_.failed(part->output, failed.cause()));
    }
  }
}

// One load: overflow columns are added, because without transactional DDL a load begins with its alterations; the part
// is applied; the record no longer has the request; the checkpoint is committed.
void Loader::apply_part(const PartResult& part, Lsn reached, Now now) {
  forget_batch_in_hand();
  auto& output = *sync_.find(part.output).output;
  const auto load =
      destination_.begin({.of = destination::AttemptId::Of::copies, .number = next_load_, .last_commit = reached});
  for_output(part.output, [&] {
    load->alter(output.record, {.overflow = {part.overflow_columns.begin(), part.overflow_columns.end()}});
  });
  TableChanges changes(sync_);
  PartApply(*load, output.record, spool_, next_load_).apply(*part.rows, part.columns, part.consistent_point);
  changes.edit(output).resync_where.clear();
  changes.changed().put(*load);
  load->put(destination::PutLoad{load_record(next_load_, part, output.record, now.wall)});
  commit(*load, reached);
  ++next_load_;
  changes.adopt();
  parts_.applied(part.output);
  advanced_();
}

Next Loader::be_idle(const BatchFeed::Taken& taken, Now now) {
  if (now.steady - last_check_ >= check_interval) {
    destination_.check_still_there();
    destination_.maintain(destination::Lull::idle);
    last_check_ = now.steady;
  }
  const Lsn position = taken.idle_position;
  // The checkpoint follows an idle position only after a while. A table must not wait for that; and readers must not
  // see the checkpoint before the table's state.
  if (position > checkpoint_) follow_checkpoint(position, now);
  if (has_to_store()) return RunAgain{};
  if (commits_idle(position, now)) {
    const auto load = destination_.begin({.last_commit = position});
    fault::hit("before_idle_commit");
    commit(*load, position);
    last_idle_commit_ = now.steady;
    advanced_();
    return RunAgain{};
  }
  if (taken.closed) return Done{};
  auto until = last_check_ + check_interval;
  if (position > checkpoint_) until = std::min(until, last_idle_commit_ + destination_.capabilities().idle_interval);
  if (const auto at = copies_.next_due()) until = std::min(until, *at);
  if (const auto at = parts_.next_due()) until = std::min(until, *at);
  if (const auto at = suspended_.next_retry()) until = std::min(until, now.steady + (*at - now.wall));
  return Wait{.until = until, .what = Awaited::work};
}

bool Loader::commits_idle(Lsn position, Now now) const {
  if (position <= checkpoint_) return false;
  const bool ends_here = !options_.follow && checkpoint_ < options_.until && position >= options_.until;
  return ends_here || commits_wait_ || now.steady - last_idle_commit_ >= destination_.capabilities().idle_interval;
}

Next Loader::apply() {
  try {
    std::visit([this](const auto& batch) { apply_once(batch); }, *batch_);
  } catch (const OutputFailed& failed) {
    output_failed(failed);
    return RunAgain{};
  } catch (const SpoolFull& full) {
    // The spool is full: one copy is given up, and the batch is applied again. The others continue.
    auto& output = *sync_.find(copy_to_give_up(spool_, full)).output;
    const CannotCopyNow why{.reason = "its copy was given up: " + full.cause(), .remedy = full.remedy()};
    if (output.has_part_under_way) {
      parts_.postpone(output.record.id, why, clock_.now().steady);
    } else {
      note_changed(copies_.postpone(output, why, clock_.now().steady));
    }
    return RunAgain{};
  }
  batch_.reset();
  batches_.finish_batch();
  advanced_();
  destination_.maintain(destination::Lull::between_loads);
  return RunAgain{};
}

// In this order: the spool forgets an earlier attempt; targets get new columns, since a load may have to begin with its
// alterations; the changes are applied; records and the load's row are stored; the checkpoint is committed. Only then
// are spooled changes that were used discarded and the changed records adopted.
void Loader::apply_once(const CommitBatch& batch) {
  check_order(batch, checkpoint_);
  const auto begun = clock_.now();
  if (!planted::is(planted::Fault::spooled_twice)) spool_.discard_from(batch.transactions.front().commit_lsn);
  const auto needs = needs_.of(batch, destination_);
  const auto load = destination_.begin({.of = destination::AttemptId::Of::batch,
                                        .number = next_load_,
                                        .first_commit = batch.transactions.front().commit_lsn,
                                        .last_commit = batch.transactions.back().commit_lsn});
  TableChanges changes(sync_);
  const auto adaptations = alter_targets(*load, needs, sync_, changes);
  fault::hit("before_load");
  BatchApply applied(*load, spool_, sync_, changes, next_load_);
  applied.adapt_to(adaptations);
  applied.apply(batch);
  changes.changed().put(*load);
  load->put(destination::PutLoad{load_record(next_load_, batch, applied, sync_, begun.wall)});
  commit(*load, batch.checkpoint, batch.last);
  ++next_load_;
  discard_spooled(applied.taken_from_spool());
  adopt(changes);
  const std::chrono::duration<double> took = clock_.now().steady - begun.steady;
  statistics_.loaded(applied.counts(), applied.output_counts(), batch.transactions.back().commit_time, took.count());
}

void Loader::adopt(TableChanges& changes) {
  const auto touched = changes.changed_outputs();
  changes.adopt();
  for (const auto id : touched) {
    const auto [table, output] = sync_.find(id);
    statistics_.output(*table, *output);
    if (output->record.state == OutputState::pending) copies_.look();
    if (output->record.state == OutputState::suspended) suspended_.look();
    // No copy will need the output's spooled changes. If they stayed, the output could be chosen as the copy to give
    // up, although it has none under way.
    if (!needs_spooled(*output)) spool_.discard(output_key(id));
  }
}

void Loader::apply_once(const TransactionPart& part) {
  const auto bytes = write_part(part.transactions, part.operations);
  fault::hit("before_spool");
  spool_.put(transaction_key(part.xid), {}, bytes);  // an attempt that failed has put nothing
  needs_.add(part);
}

void Loader::apply_once(const DiscardSpooled& discard) {
  fault::hit("before_discard");
  discard_spooled({transaction_key(discard.xid)});
}

void Loader::apply_once(const DiscardPrepared& discard) {
  fault::hit("before_discard");
  const auto load = destination_.begin({.last_commit = discard.checkpoint});
  load->put(destination::DropPrepared{discard.xid});
  commit(*load, discard.checkpoint);
}

void Loader::apply_once(const StreamRestart& /*restart*/) {
  fault::hit("before_discard");
  spool_.discard_transactions();
  needs_.forget_all();
}

void Loader::apply_once(const PreparedTransaction& batch) {
  const auto load = destination_.begin({.last_commit = batch.checkpoint});
  TableChanges changes(sync_);
  fault::hit("before_prepare");
  BatchApply prepared(*load, spool_, sync_, changes, next_load_);
  prepared.keep_prepared(batch);
  changes.changed().put(*load);
  commit(*load, batch.checkpoint);
  discard_spooled(prepared.taken_from_spool());
  adopt(changes);
}

void Loader::discard_spooled(const std::vector<SpoolKey>& keys) {
  for (const auto& key : keys) {
    spool_.discard(key);
    if (key.kind == SpoolKey::Kind::transaction) needs_.forget(key.id);
  }
}

// The checkpoint is written last and never goes back. Memory and `durable_`, which the receiver confirms to the source,
// follow only after the commit has returned: if the commit fails, nothing here has changed.
void Loader::commit(destination::Transaction& load, Lsn checkpoint, const Transaction& last) {
  auto row = options_.checkpoint;
  row.lsn = std::max(checkpoint, checkpoint_);
  if (options_.server != nullptr) row.timeline = options_.server->timeline_of(row.lsn);
  row.last = last.commit_lsn.is_set() ? last : last_;
  fault::hit("before_checkpoint");
  if (planted::is(planted::Fault::confirmed_before_durable)) durable_ = row.lsn.value;
  if (!planted::is(planted::Fault::checkpoint_skipped)) load.put(destination::PutCheckpoint{row});
  fault::hit("after_checkpoint");
  fault::hit("before_commit");
  load.commit();
  fault::hit("after_commit");
  WALBROOK_CHECK(row.lsn.value >= durable_, "the durable LSN would go back to {}", row.lsn.to_string());
  checkpoint_ = row.lsn;
  last_ = row.last;
  durable_ = row.lsn.value;
  statistics_.checkpoint(row.lsn);
}

// If an output cannot take changes, the load in which that happened was rolled back. The consequence for the output is
// stored in a load of its own, before the batch is tried again. If the output is suspended, its rows are dropped then;
// if it is resynced, they are in its copy, which begins later. So nothing depends on how much of the load had been
// applied.
void Loader::output_failed(const OutputFailed& failed) {
  const auto begun = std::visit(
      [](const auto& each) {
        if constexpr (requires { each.transactions; }) {
          if (!each.transactions.empty()) return each.transactions.front().commit_lsn;
        }
        return Lsn{};
      },
      *batch_);
  const auto found = sync_.find(failed.output());
  answer_failed_changes(failed, found, destination_, sync_.resync_max_size());
  found.output->suspended_at = begun;
  note_changed(*found.output);
}

}  // namespace walbrook::replication
