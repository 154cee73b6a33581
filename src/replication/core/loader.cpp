#include "replication/core/loader.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "base/fault.h"

namespace walbrook::replication {
namespace {

constexpr milliseconds package_wait{100};
constexpr milliseconds idle_commit_interval{2000};  // an idle position becomes the checkpoint at most this often
constexpr milliseconds check_interval{1000};        // that the destination is still there, where nothing is loaded
constexpr milliseconds first_reload{100};
constexpr milliseconds longest_reload{10'000};

}  // namespace

Loader::Loader(LoaderOptions options, destination::Destination& destination, Spool& spool, TableSync& sync,
               PackageQueue& queue, Mailbox<LoaderMessage>& inbox, TableGroups& groups, Statistics& statistics,
               std::atomic<std::uint64_t>& durable, std::function<void()> advanced)
    : options_(std::move(options)),
      destination_(destination),
      spool_(spool),
      sync_(sync),
      queue_(queue),
      inbox_(inbox),
      groups_(groups),
      statistics_(statistics),
      durable_(durable),
      advanced_(std::move(advanced)),
      checkpoint_(options_.checkpoint.lsn),
      last_(options_.checkpoint.last),
      next_load_(options_.newest_load + 1) {}

void Loader::step(SteadyTime now, std::stop_token stop) {
  for (auto& message : inbox_.take()) receive(std::move(message), stop);
  if (sync_.any_due(now)) order_copies({}, stop);
  auto taken = queue_.take(package_wait);
  if (taken.package) {
    if (taken.package->kind == PackageKind::commits) wait_for_catalog(taken.package->described, stop);
    apply(*taken.package, stop);
    queue_.finished();
    advanced_();
    promote_copied(checkpoint_, stop);
    decide(checkpoint_, stop);
    let_go(stop);
    statistics_.spooled(spool_.bytes());
    return;
  }
  if (now - last_check_ >= check_interval) {
    last_check_ = now;
    with_retries([&] { destination_.check_still_there(); }, stop);
  }
  promote_copied(std::max(checkpoint_, taken.idle_position), stop);
  // The checkpoint follows an idle position after some time only, and a table must not wait for that: nor may others
  // see the checkpoint before the table's state.
  decide(std::max(checkpoint_, taken.idle_position), stop);
  idle(taken.idle_position, now, stop);
  let_go(stop);
  statistics_.spooled(spool_.bytes());
  drained_ = taken.closed;
}

void Loader::let_go(std::stop_token stop) {
  const auto gone = sync_.let_go(checkpoint_);
  if (gone.empty()) return;
  for (const auto& record : gone) statistics_.table(*sync_.find(record.oid));
  with_retries([&] { store(gone); }, stop);
}

bool Loader::done() const {
  return !options_.follow && checkpoint_ >= options_.target && sync_.settled();
}

void Loader::receive(LoaderMessage message, std::stop_token stop) {
  if (const auto* seen = std::get_if<CatalogSeen>(&message)) {
    catalog_complete_to_ = std::max(catalog_complete_to_, seen->complete_to);
    if (seen->publication) publication_seen(*seen->publication, stop);
  } else if (const auto* request = std::get_if<ResyncRequest>(&message)) {
    resync(*request, stop);
  } else {
    copy_ended(std::get<CopyResult>(message), stop);
  }
}

void Loader::publication_seen(const postgres::Publication& publication, std::stop_token stop) {
  auto changed = sync_.publication_seen(publication, checkpoint_);
  groups_.set(sync_.groups(), sync_.identities());
  for (const auto& [oid, table] : sync_.tables()) statistics_.table(table);
  order_copies(std::move(changed), stop);
}

// The request is answered when it is durable: a run that ends before the copy does leaves it to the next one.
void Loader::resync(const ResyncRequest& request, std::stop_token stop) {
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
  order_copies(std::move(changed), stop);
  const std::lock_guard lock(request.answer->mutex);
  request.answer->durable = true;
}

void Loader::wait_for_catalog(Lsn described, std::stop_token stop) {
  constexpr milliseconds look_around{50};
  constexpr std::chrono::seconds longest_wait{15};
  if (!described.is_set() || described < catalog_complete_to_ || described <= not_waited_for_) return;
  const auto until = std::chrono::steady_clock::now() + longest_wait;
  catalog_.at_once();
  while (described >= catalog_complete_to_ && catalog_.is_answered() && !stop.stop_requested()) {
    if (std::chrono::steady_clock::now() >= until) {
      // The next poll that succeeds compares all the same, and resyncs what these rows do not fit.
      not_waited_for_ = described;
      spdlog::warn(
          "the source's catalog has not been read for {} s: changes are applied, and the tables compared with it later",
          longest_wait.count());
      return;
    }
    for (auto& message : inbox_.take(look_around)) receive(std::move(message), stop);
    // The poll may have begun before that commit.
    if (described >= catalog_complete_to_) catalog_.at_once();
  }
}

void Loader::decide(Lsn reached, std::stop_token stop) {
  auto changed = sync_.decide(reached);
  if (changed.empty()) return;
  for (const auto& record : changed) statistics_.table(*sync_.find(record.oid));
  order_copies(std::move(changed), stop);
}

void Loader::order_copies(std::vector<TableRecord> changed, std::stop_token stop) {
  discard_needless();  // of a table that waits for its copy, the copy's snapshot will hold what is there
  CopyOrder order;
  const auto ordered = sync_.order_copies(next_load_, std::chrono::steady_clock::now());
  set_aside_without_place(ordered, stop);
  for (auto* table : ordered) {
    if (table->record.state == TableState::copying && !copies_no_rows(table->record)) {
      order.tables.push_back(
          {.record = promoted_record(*table), .source = table->source, .number = table->copy_number});
    }
    changed.push_back(table->record);
    statistics_.table(*table);
  }
  // Durable before the copier begins: a crash from here on finds tables that are not streaming, and copies them again.
  with_retries([&] { store(changed); }, stop);
  begin_with_changes(ordered, stop);
  if (order.tables.empty()) return;
  copy_loads_.begin(next_load_++);
  copier_->order(std::move(order));
}

void Loader::set_aside_without_place(const std::vector<SyncedTable*>& ordered, std::stop_token stop) {
  if (ordered.empty()) return;
  std::vector<TableRecord> records;
  for (const auto* table : ordered) records.push_back(promoted_record(*table));
  std::vector<destination::TargetFinding> findings;
  with_retries([&] { findings = destination_.inspect(records); }, stop);
  for (const auto& found : findings) {
    if (found.kind != destination::TargetFinding::Kind::name_conflict) continue;  // the copy replaces it
    quarantine(*sync_.find(found.oid), fmt::format("{}. {}", found.reason, found.hint));
  }
}

void Loader::quarantine(SyncedTable& table, const std::string& reason) {
  table.record.state = TableState::quarantined;
  table.record.reason = reason;
  spdlog::error("table {}.{} is set aside: {}", table.record.schema, table.record.name, reason);
}

void Loader::store(const std::vector<TableRecord>& records) {
  if (records.empty()) return;
  const auto load = destination_.begin({});
  for (const auto& record : records) load->put(destination::PutTable{record});
  load->commit();
}

void Loader::copy_ended(const CopyResult& result, std::stop_token stop) {
  auto* table = sync_.find(result.table);
  if (table == nullptr || table->copy_number != result.number || table->record.state != TableState::copying) return;
  switch (result.kind) {
    case CopyResult::Kind::copied:
      if (table->identity_altered_at.is_set() && table->identity_altered_at >= result.consistent_point) {
        table->record.state = TableState::pending;
        table->record.reason = "the replica identity of a partition was altered while it was copied";
        return order_copies({table->record}, stop);
      }
      table->copied = result.consistent_point;
      table->copied_columns = result.columns;
      table->copied_rows = result.rows;
      return;
    case CopyResult::Kind::gone:
      table->record.state = TableState::removed;
      table->record.reason = "dropped in the source while it was to be copied";
      break;
    case CopyResult::Kind::failed:
      quarantine(*table, result.reason);
      break;
    case CopyResult::Kind::postponed:
      return postpone(*table, result.why, stop);
  }
  statistics_.table(*table);
  with_retries([&] { store({table->record}); }, stop);
  discard_needless();
}

// What the spool has of it goes: its changes are dropped from here on, since the snapshot to come holds them.
void Loader::postpone(SyncedTable& table, const CannotCopyNow& why, std::stop_token stop) {
  const auto now = std::chrono::steady_clock::now();
  TableSync::postpone(table, why, options_.follow, now);
  const auto& again = *table.postponement;
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(again.again_at - now).count();
  spdlog::warn("table {}.{} cannot be copied now, the others continue: {}; {}", table.record.schema, table.record.name,
               why.reason,
               again.given_up ? "the next run copies it" : fmt::format("it is tried again in {} s", seconds));
  statistics_.table(table);
  with_retries([&] { store({table.record}); }, stop);
  discard_needless();
}

// Copies whose consistent point is reached. None of them, where they are to become visible together and one is missing.
std::vector<SyncedTable*> Loader::copies_to_promote(Lsn reached) const {
  std::vector<SyncedTable*> ready;
  for (auto& [oid, table] : sync_.tables()) {
    if (table.record.state == TableState::copying && table.copied && *table.copied <= reached) {
      ready.push_back(&table);
    } else if (options_.together && !promoted_ && is_to_be_copied(table)) {
      return {};
    }
  }
  return ready;
}

// They become visible, all of them in one load.
void Loader::promote_copied(Lsn reached, std::stop_token stop) {
  const auto ready = copies_to_promote(reached);
  if (ready.empty()) return;
  try {
    with_retries([&] { promote(ready, reached); }, stop);
  } catch (const TableFailed& failed) {  // the others of them become visible with the next step
    return promotion_failed(failed, stop);
  }
  promoted_ = true;
  are_promoted(ready);
  advanced_();
  order_copies({}, stop);  // a spooled change may have asked for a new copy already
}

void Loader::are_promoted(const std::vector<SyncedTable*>& tables) {
  for (auto* table : tables) {
    table->postponement.reset();
    table->copied.reset();
    table->moves_to.reset();
    table->variant_columns.clear();
    statistics_.table(*table);
  }
}

void Loader::promote(const std::vector<SyncedTable*>& ready, Lsn reached) {
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

void Loader::idle(Lsn position, SteadyTime now, std::stop_token stop) {
  if (position <= checkpoint_) return;
  const bool ends_here = !options_.follow && checkpoint_ < options_.target && position >= options_.target;
  const bool commits_wait = options_.commits_wait != nullptr && *options_.commits_wait;
  if (!ends_here && !commits_wait && now - last_idle_commit_ < idle_commit_interval) return;
  with_retries(
      [&] {
        const auto load = destination_.begin({.last_commit = position});
        fault::hit("before_idle_commit");
        commit(*load, position);
      },
      stop);
  last_idle_commit_ = now;
  advanced_();
}

void Loader::apply(LoadPackage& package, std::stop_token stop) {
  while (true) {
    try {
      with_retries([&] { apply_once(package); }, stop);
      break;
    } catch (const TableFailed& failed) {
      const Lsn at = package.transactions.empty() ? Lsn{} : package.transactions.front().commit_lsn;
      if (failed.of_target()) {
        target_failed(failed, at, stop);
      } else {
        package.troubles.push_back({.oid = failed.table(), .reason = failed.what(), .commit_lsn = at});
      }
    } catch (const SpoolFull& full) {
      make_room(full, stop);
    }
  }
  order_copies({}, stop);  // a change may have asked for a new copy of its table
}

void Loader::apply_once(const LoadPackage& package) {
  switch (package.kind) {
    case PackageKind::part:
      return spool(package);
    case PackageKind::prepare:
      return keep_prepared(package);
    case PackageKind::discard:
    case PackageKind::restart:
      return discard(package);
    case PackageKind::commits:
      break;
  }
  const auto begun = std::chrono::steady_clock::now();
  const auto started = std::chrono::system_clock::now();
  spool_.discard_from(package.transactions.front().commit_lsn);
  const auto load = destination_.begin({.of = destination::AttemptId::Of::batch,
                                        .number = next_load_,
                                        .first_commit = package.transactions.front().commit_lsn,
                                        .last_commit = package.transactions.back().commit_lsn});
  alter_targets(*load, package);
  fault::hit("before_load");
  TableChanges changes(sync_);
  PackageApply applied(*load, spool_, sync_, changes, next_load_);
  applied.apply(package);
  for (const auto& [oid, record] : changes.changed()) load->put(destination::PutTable{record});
  load->put(destination::PutLoad{load_record(next_load_, package, applied, sync_, started)});
  commit(*load, package.checkpoint, package.last);
  ++next_load_;
  for (const auto& key : applied.taken_from_spool()) spool_.discard(key);
  adopt(changes);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  statistics_.loaded(applied.counts(), applied.table_counts(), package.transactions.back().commit_time, took.count());
}

void Loader::adopt(TableChanges& changes) {
  std::vector<Oid> touched;
  for (const auto& [oid, record] : changes.changed()) touched.push_back(oid);
  changes.adopt();
  for (const auto oid : touched) statistics_.table(*sync_.find(oid));
}

// What was spooled of an open transaction is of no more use where it was rolled back, or where the stream begins anew.
void Loader::discard(const LoadPackage& package) {
  fault::hit("before_discard");
  if (package.kind == PackageKind::restart) return spool_.discard_transactions();
  if (!package.prepared) return spool_.discard(transaction_key(package.staged_xid));
  const auto load = destination_.begin({.last_commit = package.checkpoint});
  load->put(destination::DropPrepared{package.staged_xid});
  commit(*load, package.checkpoint);
}

void Loader::keep_prepared(const LoadPackage& package) {
  const auto load = destination_.begin({.last_commit = package.checkpoint});
  alter_targets(*load, package);
  fault::hit("before_prepare");
  TableChanges changes(sync_);
  PackageApply prepared(*load, spool_, sync_, changes, next_load_);
  prepared.keep_prepared(package);
  for (const auto& [oid, record] : changes.changed()) load->put(destination::PutTable{record});
  commit(*load, package.checkpoint);
  for (const auto& key : prepared.taken_from_spool()) spool_.discard(key);
  adopt(changes);
}

void Loader::alter_targets(destination::Transaction& load, const LoadPackage& package) {
  for (const auto& [oid, schema] : new_columns(package, sync_)) {
    for_table(oid,
              [&, oid = oid, schema = schema] { load.alter(sync_.find(oid)->record, {.columns = schema->columns}); });
  }
  for (auto& [oid, columns] : variant_columns(package, sync_)) {
    auto& table = *sync_.find(oid);
    if (table.record.state == TableState::streaming) {
      for_table(oid, [&, columns = columns] {
        load.alter(table.record, {.overflow = {columns.begin(), columns.end()}});
      });
    } else {
      table.variant_columns.insert(columns.begin(), columns.end());
    }
  }
}

void Loader::commit(destination::Transaction& load, Lsn checkpoint, const Transaction& last) {
  auto row = options_.checkpoint;
  row.lsn = std::max(checkpoint, checkpoint_);
  if (options_.server != nullptr) row.timeline = options_.server->timeline_of(row.lsn);
  row.last = last.commit_lsn.is_set() ? last : last_;
  fault::hit("before_checkpoint");
  load.put(destination::PutCheckpoint{row});
  fault::hit("after_checkpoint");
  fault::hit("before_commit");
  load.commit();
  fault::hit("after_commit");
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

void Loader::with_retries(const std::function<void()>& attempt, std::stop_token stop) {
  auto backoff = first_reload;
  for (int tried = 0;; ++tried) {
    try {
      attempt();
      return;
    } catch (const destination::DestinationLost& lost) {
      Error told = lost;
      told.add_facts({.lsn = checkpoint_.to_string()});
      throw Error(told);
    } catch (const Error& failed) {
      if (failed.kind() != ErrorKind::destination && failed.kind() != ErrorKind::in_doubt) throw;
      if (tried >= options_.retries || stop.stop_requested()) throw given_up(failed);
      spdlog::warn("{}; nothing is lost, trying again in {} ms", failed.cause(), backoff.count());
    }
    const auto until = std::chrono::steady_clock::now() + backoff;
    while (std::chrono::steady_clock::now() < until && !stop.stop_requested()) {
      std::this_thread::sleep_for(milliseconds(20));
    }
    backoff = std::min(longest_reload, backoff * 2);
  }
}

}  // namespace walbrook::replication
