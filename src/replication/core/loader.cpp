#include "replication/core/loader.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/check.h"
#include "base/fault.h"
#include "base/planted.h"
#include "destination/target_shape.h"
#include "model/part_codec.h"
#include "replication/core/table_comparison.h"

namespace walbrook::replication {
namespace {

constexpr milliseconds idle_commit_interval{2000};  // an idle position becomes the checkpoint at most this often
constexpr milliseconds check_interval{1000};        // that the destination is still there, where nothing is loaded
constexpr milliseconds first_reload{100};
constexpr milliseconds longest_reload{10'000};
constexpr std::chrono::seconds longest_catalog_wait{15};

// Packages tile the commit sequence: nothing in one of them commits before what is durable already, or out of order.
void check_order(const WholeCommits& package, Lsn checkpoint) {
  Lsn before = checkpoint;
  for (const auto& transaction : package.transactions) {
    WALBROOK_CHECK(transaction.commit_lsn >= before, "transaction {} commits at {}, after {} was applied",
                   transaction.xid, transaction.commit_lsn.to_string(), before.to_string());
    before = transaction.commit_lsn;
  }
}

std::string refused_change(const TableFailed& failed) {
  auto cause = failed.cause();
  if (cause.ends_with('.')) cause.pop_back();
  return fmt::format(
      "{}. Walbrook gives target tables no constraints, and nothing that depends on them: remove what was added, the "
      "next run resyncs the table.",
      cause);
}

}  // namespace

Loader::Loader(LoaderOptions options, const Clock& clock, destination::Destination& destination, Spool& spool,
               TableSync& sync, PackageFeed& packages, TableGroups& groups, Statistics& statistics,
               std::atomic<std::uint64_t>& durable, std::function<void()> advanced)
    : options_(std::move(options)),
      clock_(clock),
      destination_(destination),
      spool_(spool),
      sync_(sync),
      packages_(packages),
      groups_(groups),
      statistics_(statistics),
      durable_(durable),
      advanced_(std::move(advanced)),
      checkpoint_(options_.checkpoint.lsn),
      last_(options_.checkpoint.last),
      next_load_(options_.newest_load + 1) {}

Next Loader::step(Now now) {
  if (now.steady < retry_at_) return Wait{.until = retry_at_, .what = Awaited::retry};
  try {
    const auto next = work(now);
    statistics_.spooled(spool_.bytes());
    attempts_ = 0;
    return next;
  } catch (const destination::DestinationLost& lost) {
    Error told = lost;
    told.add_facts({.lsn = checkpoint_.to_string()});
    throw Error(told);
  } catch (const Error& failed) {
    if (failed.kind() != ErrorKind::destination && failed.kind() != ErrorKind::in_doubt) throw;
    return try_again(failed);
  }
}

Next Loader::try_again(const Error& failed) {
  if (attempts_ >= options_.retries) throw given_up(failed);
  const auto backoff = std::min(longest_reload, first_reload * (1 << std::min(attempts_, 10)));
  ++attempts_;
  spdlog::warn("{}; nothing is lost, trying again in {} ms", failed.cause(), backoff.count());
  retry_at_ = clock_.now().steady + backoff;
  return Wait{.until = retry_at_, .what = Awaited::retry};
}

Next Loader::work(Now now) {
  while (!messages_.empty()) {
    receive(std::move(messages_.front()), now);
    messages_.pop_front();
  }
  if (look_for_orders_ || (next_due_ && now.steady >= *next_due_)) order_copies(now);
  store_changed();
  if (some_begin_with_changes_) begin_with_changes();
  settle(checkpoint_);
  settled_at_ = checkpoint_;
  if (has_to_store()) return RunAgain{};
  if (!package_) {
    auto taken = packages_.take();
    if (!taken.package) return be_idle(taken, now);
    package_ = std::move(taken.package);
  }
  if (const auto* commits = std::get_if<WholeCommits>(&*package_);
      commits != nullptr && waits_for_catalog(commits->described, now)) {
    return Wait{.until = *catalog_waited_to_, .what = Awaited::catalog};
  }
  return apply();
}

bool Loader::is_at_end() const {
  return !options_.follow && checkpoint_ >= options_.target && settled_at_ == checkpoint_ && !has_to_store() &&
         sync_.settled();
}

void Loader::receive(LoaderMessage message, Now now) {
  if (const auto* seen = std::get_if<CatalogSeen>(&message)) {
    catalog_asked_ = false;
    catalog_complete_to_ = std::max(catalog_complete_to_, seen->complete_to);
    if (seen->publication) publication_seen(*seen->publication);
  } else if (const auto* request = std::get_if<ResyncRequest>(&message)) {
    resync(*request);
  } else if (const auto* result = std::get_if<CopyResult>(&message)) {
    copy_ended(*result, now);
  } else {
    commits_wait_ = std::get<CommitsWait>(message).wait;
  }
}

void Loader::publication_seen(const postgres::Publication& publication) {
  note_changed(sync_.publication_seen(publication, checkpoint_));
  groups_.set(sync_.groups(), sync_.identities());
  for (const auto& [oid, table] : sync_.tables()) statistics_.table(table);
  look_for_orders_ = true;
}

// The request is answered when it is durable: a run that ends before the copy does leaves it to the next one.
void Loader::resync(const ResyncRequest& request) {
  std::vector<TableRecord> known;
  for (const auto& [oid, table] : sync_.tables()) known.push_back(table.record);
  try {
    check_resync(known, request.tables);
  } catch (const Error&) {
    const std::lock_guard lock(request.answer->mutex);
    request.answer->refused = std::current_exception();
    return;
  }
  auto changed = sync_.copy_anew(request.tables, false, resync_requested);
  for (const auto& record : changed) {
    spdlog::info("table {}.{} is resynced: {}", record.schema, record.name, record.reason);
  }
  note_changed(std::move(changed));
  answers_.push_back(request.answer);
}

void Loader::copy_ended(const CopyResult& result, Now now) {
  auto* table = sync_.find(result.table);
  if (table == nullptr || table->copy_number != result.number || table->record.state != TableState::copying) return;
  switch (result.kind) {
    case CopyResult::Kind::copied:
      if (table->identity_altered_at.is_set() && table->identity_altered_at >= result.consistent_point) {
        table->record.state = TableState::pending;
        table->record.reason = "the replica identity of a partition was altered while it was copied";
        return note_changed(*table);
      }
      table->copied = result.consistent_point;
      table->copied_columns = result.columns;
      table->copied_rows = result.rows;
      any_copied_ = true;
      return;
    case CopyResult::Kind::gone:
      table->record.state = TableState::removed;
      table->record.reason = "dropped in the source while it was to be copied";
      return note_changed(*table);
    case CopyResult::Kind::failed:
      suspend(*table, result.reason);
      return note_changed(*table);
    case CopyResult::Kind::postponed:
      return postpone(*table, result.why, now);
  }
}

// What the spool has of it goes: its changes are dropped from here on, since the snapshot to come holds them.
void Loader::postpone(SyncedTable& table, const CannotCopyNow& why, Now now) {
  replication::postpone(table, why, options_.follow, now.steady);
  const auto& again = *table.postponement;
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(again.again_at - now.steady).count();
  spdlog::warn("table {}.{} cannot be copied now, the others continue: {}; {}", table.record.schema, table.record.name,
               why.reason,
               again.given_up ? "the next run copies it" : fmt::format("it is tried again in {} s", seconds));
  note_changed(table);
}

TableRecord Loader::promoted_record(const SyncedTable& table) const {
  auto record = table.record;
  record.style = sync_.style();
  if (table.moves_to) {
    record.target_schema = table.moves_to->schema;
    record.target_name = table.moves_to->table;
  }
  return record;
}

void Loader::order_copies(Now now) {
  set_aside_without_place(now);
  discard_needless();  // of a table that waits for its copy, the copy's snapshot will hold what is there
  bool any_copies = false;
  for (auto* table : sync_.order_copies(next_load_, now.steady)) {
    if (table->record.state == TableState::copying && copies_no_rows(table->record)) {
      some_begin_with_changes_ = true;
    } else if (table->record.state == TableState::copying) {
      any_copies = true;
      order_.tables.push_back(
          {.record = promoted_record(*table), .source = table->source, .number = table->copy_number});
    }
    note_changed(*table);
  }
  look_for_orders_ = false;
  next_due_ = sync_.next_due();
  if (any_copies) copy_loads_.begin(next_load_++, now.wall);
}

void Loader::set_aside_without_place(Now now) {
  std::vector<TableRecord> records;
  for (const auto* table : sync_.copies_due(now.steady)) records.push_back(promoted_record(*table));
  if (records.empty()) return;
  for (const auto& found : destination_.inspect(records)) {
    if (found.kind != destination::TargetFinding::Kind::name_conflict) continue;  // the copy replaces it
    auto& table = *sync_.find(found.oid);
    suspend(table, fmt::format("{}. {}", found.reason, found.hint));
    note_changed(table);
  }
}

void Loader::note_changed(std::vector<TableRecord> changed) {
  for (auto& record : changed) {
    if (record.state == TableState::pending) look_for_orders_ = true;
    if (const auto* table = sync_.find(record.oid)) statistics_.table(*table);
    unstored_.push_back(std::move(record));
  }
}

// Durable before the copies begin: a crash from here on finds tables that are not streaming, and copies them again.
void Loader::store_changed() {
  if (!unstored_.empty()) {
    const auto load = destination_.begin({});
    for (const auto& record : unstored_) {
      const bool waits_for_copy = record.state == TableState::pending || record.state == TableState::copying;
      if (waits_for_copy && planted::is(planted::Fault::copying_stored_late)) continue;
      load->put(destination::PutTable{record});
    }
    load->commit();
    unstored_.clear();
    discard_needless();
  }
  if (!order_.tables.empty()) copier_->order(std::exchange(order_, {}));
  for (const auto& answer : std::exchange(answers_, {})) {
    const std::lock_guard lock(answer->mutex);
    answer->durable = true;
  }
}

bool Loader::waits_for_catalog(Lsn described, Now now) {
  if (!described.is_set() || described < catalog_complete_to_ || described <= not_waited_for_ ||
      !catalog_->is_answered()) {
    catalog_waited_to_.reset();
    return false;
  }
  if (!catalog_waited_to_) catalog_waited_to_ = now.steady + longest_catalog_wait;
  if (now.steady >= *catalog_waited_to_) {
    // The next poll that succeeds compares all the same, and resyncs what these rows do not fit.
    not_waited_for_ = described;
    catalog_waited_to_.reset();
    spdlog::warn(
        "the source's catalog has not been read for {} s: changes are applied, and the tables compared with it later",
        longest_catalog_wait.count());
    return false;
  }
  // A poll that was under way may have begun before that commit.
  if (!std::exchange(catalog_asked_, true)) catalog_->ask();
  return true;
}

void Loader::settle(Lsn reached) {
  promote_copied(reached);
  note_changed(sync_.decide(reached));
  note_changed(sync_.let_go(checkpoint_));
}

// Copies whose consistent point is reached. None of them, where they are to become visible together and one is missing.
std::vector<SyncedTable*> Loader::copies_to_promote(Lsn reached) {
  std::vector<SyncedTable*> ready;
  bool all_are_copied = true;
  any_copied_ = false;
  for (auto& [oid, table] : sync_.tables()) {
    if (table.record.state == TableState::copying && table.copied) any_copied_ = true;
    if (table.record.state == TableState::copying && table.copied && *table.copied <= reached) {
      ready.push_back(&table);
    } else if (is_to_be_copied(table)) {
      all_are_copied = false;
    }
  }
  if (options_.together && !promoted_ && !all_are_copied) return {};
  return ready;
}

// They become visible, all of them in one load.
void Loader::promote_copied(Lsn reached) {
  if (!any_copied_) return;
  const auto ready = copies_to_promote(reached);
  if (ready.empty()) return;
  try {
    promote(ready, reached);
  } catch (const TableFailed& failed) {  // the others of them become visible with the next step
    return promotion_failed(failed);
  }
  promoted_ = true;
  are_promoted(ready);
  advanced_();
}

void Loader::are_promoted(const std::vector<SyncedTable*>& tables) {
  for (auto* table : tables) {
    table->postponement.reset();
    table->copied.reset();
    table->moves_to.reset();
    table->variant_columns.clear();
    statistics_.table(*table);
    // A change that waited for it may have asked for a new copy already.
    if (table->record.state == TableState::pending) look_for_orders_ = true;
  }
}

void Loader::begin_with_changes() {
  std::vector<SyncedTable*> tables;
  for (auto& [oid, table] : sync_.tables()) {
    if (table.record.state != TableState::copying || !copies_no_rows(table.record)) continue;
    try {
      static_cast<void>(
          destination::target_column_names(destination_.capabilities().names, sync_.style(), *table.source.described));
      tables.push_back(&table);
    } catch (const Error& refused) {
      if (refused.kind() != ErrorKind::data) throw;
      suspend(table, refused.what());
      note_changed(table);
    }
  }
  if (!tables.empty()) {
    std::vector<TableRecord> records;
    std::vector<destination::CopyTarget> copies;
    records.reserve(tables.size());
    for (auto* table : tables) {
      table->copied = checkpoint_;
      table->copied_columns = table->source.described;
      table->copied_rows = 0;
      const auto& record = records.emplace_back(promoted_record(*table));
      copies.push_back({.table = &record, .schema = table->copied_columns});
    }
    destination_.begin_copy(copies)->finish();
    try {
      promote(tables, checkpoint_);
      are_promoted(tables);
    } catch (const TableFailed& failed) {
      return promotion_failed(failed);  // the others begin with the next step
    }
  }
  some_begin_with_changes_ = false;
}

void Loader::promote(const std::vector<SyncedTable*>& ready, Lsn reached) {
  // The package in hand is not durable. What a failed attempt has spooled of it is put again with the next one.
  if (const auto* commits = package_ ? std::get_if<WholeCommits>(&*package_) : nullptr) {
    spool_.discard_from(commits->transactions.front().commit_lsn);
  }
  using Of = destination::AttemptId::Of;
  const auto load = destination_.begin({.of = Of::copies, .number = next_load_, .last_commit = reached});
  for (auto* table : ready) {
    for_table(table->record.oid, [&] {
      load->alter(table->record, {.overflow = {table->variant_columns.begin(), table->variant_columns.end()}});
    });
  }
  TableChanges changes(sync_);
  fault::hit("before_promote");
  CopyLoads copy_loads = copy_loads_;
  Counts counts;
  std::map<Oid, PackageApply::TableCounts> table_counts;
  for (auto* table : ready) {
    PackageApply promotion(*load, spool_, sync_, changes, table->record.load_id);
    promotion.promote(*table);
    copy_loads.add(*table, promotion);
    counts += promotion.counts();
    table_counts.insert(promotion.table_counts().begin(), promotion.table_counts().end());
  }
  for (const auto& [oid, record] : changes.changed()) load->put(destination::PutTable{record});
  for (const auto& record : copy_loads.take_changed())
    load->put(destination::PutLoad{record});  // it ends after its tables' new columns
  commit(*load, reached);
  for (const auto* table : ready) spool_.discard(table_key(table->record.oid));
  changes.adopt();
  copy_loads_ = std::move(copy_loads);
  statistics_.promoted(counts, table_counts);
}

Next Loader::be_idle(const PackageFeed::Taken& taken, Now now) {
  if (now.steady - last_check_ >= check_interval) {
    destination_.check_still_there();
    last_check_ = now.steady;
  }
  const Lsn position = taken.idle_position;
  // The checkpoint follows an idle position after some time only, and a table must not wait for that: nor may others
  // see the checkpoint before the table's state.
  if (position > checkpoint_) settle(position);
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
  if (position > checkpoint_) until = std::min(until, last_idle_commit_ + idle_commit_interval);
  if (next_due_) until = std::min(until, *next_due_);
  return Wait{.until = until, .what = Awaited::work};
}

bool Loader::commits_idle(Lsn position, Now now) const {
  if (position <= checkpoint_) return false;
  const bool ends_here = !options_.follow && checkpoint_ < options_.target && position >= options_.target;
  return ends_here || commits_wait_ || now.steady - last_idle_commit_ >= idle_commit_interval;
}

Next Loader::apply() {
  try {
    std::visit([this](const auto& package) { apply_once(package); }, *package_);
  } catch (const TableFailed& failed) {
    table_failed(failed);
    return RunAgain{};
  } catch (const SpoolFull& full) {
    make_room(full);
    return RunAgain{};
  }
  package_.reset();
  packages_.finished();
  advanced_();
  return RunAgain{};
}

void Loader::apply_once(const WholeCommits& package) {
  check_order(package, checkpoint_);
  const auto begun = clock_.now();
  if (!planted::is(planted::Fault::spooled_twice)) spool_.discard_from(package.transactions.front().commit_lsn);
  const auto load = destination_.begin({.of = destination::AttemptId::Of::batch,
                                        .number = next_load_,
                                        .first_commit = package.transactions.front().commit_lsn,
                                        .last_commit = package.transactions.back().commit_lsn});
  TableChanges changes(sync_);
  alter_targets(*load, package.steps, changes);
  fault::hit("before_load");
  PackageApply applied(*load, spool_, sync_, changes, next_load_);
  applied.apply(package);
  for (const auto& [oid, record] : changes.changed()) load->put(destination::PutTable{record});
  load->put(destination::PutLoad{load_record(next_load_, package, applied, sync_, begun.wall)});
  commit(*load, package.checkpoint, package.last);
  ++next_load_;
  for (const auto& key : applied.taken_from_spool()) spool_.discard(key);
  adopt(changes);
  const std::chrono::duration<double> took = clock_.now().steady - begun.steady;
  statistics_.loaded(applied.counts(), applied.table_counts(), package.transactions.back().commit_time, took.count());
}

void Loader::adopt(TableChanges& changes) {
  std::vector<Oid> touched;
  for (const auto& [oid, record] : changes.changed()) touched.push_back(oid);
  changes.adopt();
  for (const auto oid : touched) {
    const auto& table = *sync_.find(oid);
    statistics_.table(table);
    if (table.record.state == TableState::pending) look_for_orders_ = true;
  }
}

void Loader::apply_once(const TransactionPart& part) {
  const auto addition = destination_.begin({});  // before the rows' own transaction, which applies them from the spool
  TableChanges changes(sync_);
  alter_targets(*addition, part.steps, changes);
  addition->commit();
  const auto bytes = write_part(part.transactions, part.steps);
  fault::hit("before_spool");
  spool_.put(transaction_key(part.xid), {}, bytes);  // what is tried again has put nothing
  changes.adopt();
}

void Loader::make_room(const SpoolFull& full) {
  const bool of_transaction = full.key().kind == SpoolKey::Kind::transaction;
  std::uint64_t of_transactions = of_transaction ? full.bytes() : 0;
  auto largest = full.key();  // of a table that is refused at once nothing is there yet
  std::uint64_t most = 0;
  for (const auto& [key, bytes] : spool_.keys()) {
    if (key.kind == SpoolKey::Kind::transaction) {
      of_transactions += bytes;
    } else if (bytes > most) {
      largest = key;
      most = bytes;
    }
  }
  if (largest.kind == SpoolKey::Kind::transaction || (of_transaction && of_transactions > spool_.capacity())) {
    throw Error(ErrorKind::data,
                fmt::format("transaction {} is open and does not fit: {}", full.key().id, full.cause()),
                remedy("Give the spool more room ({}, {}), or end the transaction at the source.",
                       RemedyOption::max_spool_size, RemedyOption::spool_dir));
  }
  postpone(*sync_.find(largest.id), {.reason = "its copy was given up: " + full.cause(), .remedy = full.remedy()},
           clock_.now());
}

void Loader::discard_needless() {
  for (const auto& [key, bytes] : spool_.keys()) {
    if (key.kind != SpoolKey::Kind::table) continue;
    const auto* table = sync_.find(key.id);
    if (table == nullptr || table->record.state != TableState::copying) spool_.discard(key);
  }
}

void Loader::apply_once(const DiscardSpooled& discard) {
  fault::hit("before_discard");
  spool_.discard(transaction_key(discard.xid));
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
}

void Loader::apply_once(const PreparedTransaction& package) {
  const auto load = destination_.begin({.last_commit = package.checkpoint});
  TableChanges changes(sync_);
  alter_targets(*load, package.steps, changes);
  fault::hit("before_prepare");
  PackageApply prepared(*load, spool_, sync_, changes, next_load_);
  prepared.keep_prepared(package);
  for (const auto& [oid, record] : changes.changed()) load->put(destination::PutTable{record});
  commit(*load, package.checkpoint);
  for (const auto& key : prepared.taken_from_spool()) spool_.discard(key);
  adopt(changes);
}

void Loader::alter_targets(destination::Transaction& load, const std::vector<Step>& steps, TableChanges& changes) {
  for (const auto& [oid, schema] : new_columns(steps, sync_)) {
    for_table(oid,
              [&, oid = oid, schema = schema] { load.alter(sync_.find(oid)->record, {.columns = schema->columns}); });
  }
  for (auto& [oid, columns] : variant_columns(steps, sync_)) {
    auto& table = *sync_.find(oid);
    if (table.record.state == TableState::streaming) {
      for_table(oid, [&, columns = columns] {
        load.alter(table.record, {.overflow = {columns.begin(), columns.end()}});
      });
    } else {
      for (const auto& column : columns) changes.note_variant(table, column);
    }
  }
}

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

Error Loader::given_up(const Error& failed) const {
  auto then = failed.remedy();
  if (!then.empty()) then += "\n  ";
  then += fmt::format(
      "Nothing is lost: the copy stands at {}, the slot keeps what follows. Start walbrook again once it is mended.",
      checkpoint_.to_string());
  Error told(failed.kind(), failed.cause(), std::move(then), failed.facts());
  told.add_facts({.lsn = checkpoint_.to_string()});
  return told;
}

// The package is applied again, and leaves the table's changes out then.
void Loader::table_failed(const TableFailed& failed) {
  const auto begun = std::visit(
      [](const auto& each) {
        if constexpr (requires { each.transactions; }) {
          if (!each.transactions.empty()) return each.transactions.front().commit_lsn;
        }
        return Lsn{};
      },
      *package_);
  if (failed.of_target()) return target_failed(failed, begun);
  GatheredChanges* changes = std::get_if<WholeCommits>(&*package_);
  if (changes == nullptr) changes = std::get_if<PreparedTransaction>(&*package_);
  if (changes != nullptr) {
    changes->troubles.push_back({.oid = failed.table(), .reason = failed.what(), .commit_lsn = begun});
    return;
  }
  // A part names no troubles, and its transaction may still roll back; but a target that cannot be altered for it
  // cannot be altered for the next one either.
  auto& table = *sync_.find(failed.table());
  suspend(table, failed.what());
  table.set_aside_at = begun;
  note_changed(table);
}

// Where the destination refuses to change one table's target (destination::TargetRefused), the load that it happened in
// is rolled back. What follows for the table is stored by itself, before that load is tried again: the rows of a table
// that is suspended are dropped then, and those of one that is resynced wait for its copy, which is begun after them.
// So nothing depends on how much of the load had been applied.
void Loader::target_failed(const TableFailed& failed, Lsn commit_lsn) {
  auto& table = *sync_.find(failed.table());
  const auto altered = destination_.inspect({&table.record, 1});
  if (altered.empty()) {
    suspend(table, refused_change(failed));
  } else {
    answer_altered_target(table, altered.front(), sync_.resync_max_size());
  }
  table.set_aside_at = commit_lsn;
  note_changed(table);
}

void Loader::promotion_failed(const TableFailed& failed) {
  auto& table = *sync_.find(failed.table());
  const auto record = promoted_record(table);
  const auto findings = destination_.inspect({&record, 1});
  if (!findings.empty() && findings.front().kind == destination::TargetFinding::Kind::name_conflict) {
    suspend(table, fmt::format("{}. {}", findings.front().reason, findings.front().hint));
  } else {
    suspend(table, failed.of_target() ? refused_change(failed) : failed.what());
  }
  note_changed(table);
}

}  // namespace walbrook::replication
