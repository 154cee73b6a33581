#include "pipeline/prepare.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <set>
#include <thread>
#include <utility>

#include "base/fault.h"
#include "destination/contradiction.h"
#include "pgoutput/message.h"
#include "pipeline/drop.h"
#include "pipeline/leaving.h"
#include "pipeline/new_system.h"
#include "pipeline/slot_claim.h"
#include "source/own_publication.h"
#include "source/preflight.h"
#include "source/slot_peek.h"

namespace walbrook::pipeline {
namespace {

struct FoundPublication {
  source::Publication publication;
  bool created = false;
};
FoundPublication find_or_create_publication(const RunOptions& options, source::Connection& catalog,
                                            RunObserver& observer) {
  if (auto found = source::read_publication(catalog, options.publication)) return {.publication = *std::move(found)};
  source::create_publication(catalog, options.publication, options.schema, options.tables);
  auto created = source::read_publication(catalog, options.publication);
  if (!created)
    throw Error(ErrorKind::source_not_ready, "publication " + options.publication + " went as soon as it was made");
  observer.prepared(fmt::format("publication {} created for {} table{}", options.publication, created->tables.size(),
                                created->tables.size() == 1 ? "" : "s"));
  return {.publication = *std::move(created), .created = true};
}

// The position from which the slot yields changes, the slot made where there is none.
struct SlotPosition {
  Lsn lsn;
  bool created = false;
  bool two_phase = false;
};
SlotPosition find_or_create_slot(const RunOptions& options, source::Connection& catalog, source::KnownServer& server,
                                 RunObserver& observer, std::stop_token stop) {
  if (const auto slot = source::read_slot(catalog, options.slot)) {
    return {.lsn = slot->confirmed_flush_lsn, .two_phase = slot->two_phase};
  }
  auto replication = source::open_checked(options.conninfo, source::ConnectionUse::replication, &server);
  const auto created = source::create_permanent_slot(
      replication, options.conninfo, {.name = options.slot, .two_phase = options.two_phase},
      [&observer](const auto& writers) { observer.waiting_for(writers); }, stop);
  observer.prepared(fmt::format("slot {} created at {}", options.slot, created.consistent_point.to_string()));
  fault::hit("slot_created");
  return {.lsn = created.consistent_point, .created = true, .two_phase = options.two_phase};
}

struct MadeInSource {
  FoundPublication publication;
  SlotPosition slot;
};
// `claim`: the checkpoint that names the slot, as far as it is known before there is one.
MadeInSource make_in_source(const RunOptions& options, source::Connection& catalog,
                            destination::Destination& destination, const destination::State& state,
                            const destination::Checkpoint& claim, source::KnownServer& server, RunObserver& observer,
                            std::stop_token stop) {
  std::optional<SlotClaim> claimed;
  if (!knows_slot(state.checkpoint, options.slot) && !source::read_slot(catalog, options.slot)) {
    claimed.emplace(destination, state, claim);
  }
  MadeInSource made{.publication = find_or_create_publication(options, catalog, observer),
                    .slot = find_or_create_slot(options, catalog, server, observer, std::move(stop))};
  if (claimed) claimed->keep();
  return made;
}

// Who made slot and publication, for a later reset. What the checkpoint knew already stays as it is.
void note_makers(const RunOptions& options, const MadeInSource& made,
                 const std::optional<destination::Checkpoint>& before, destination::Checkpoint& checkpoint) {
  const auto others = options.adoption == Adoption::of_same_owner ? std::nullopt : std::optional(false);
  const bool same_publication = before && (before->publication.empty() || before->publication == options.publication);
  if (made.slot.created || !knows_slot(before, options.slot)) {
    checkpoint.made_slot = made.slot.created ? std::optional(true) : others;
  }
  if (made.publication.created || !same_publication) {
    checkpoint.made_publication = made.publication.created ? std::optional(true) : others;
  }
}

int choose_protocol(const RunOptions& options, const source::Connection& catalog) {
  const int major = catalog.server_version() / 10'000;
  const int highest = pgoutput::newest_protocol_of(catalog.server_version());
  if (options.protocol > highest) {
    throw Error(ErrorKind::configuration,
                fmt::format("--protocol {}: PostgreSQL {} has protocols up to {}", options.protocol, major, highest));
  }
  const int chosen = options.protocol == 0 ? highest : options.protocol;
  if (options.two_phase && chosen < 3) {
    throw Error(
        ErrorKind::configuration,
        fmt::format("--two-phase needs protocol 3, which PostgreSQL has from 15 on; this is {} with protocol {}", major,
                    chosen));
  }
  if (options.origin == "none" && major < 16) {
    throw Error(ErrorKind::configuration, fmt::format("--origin none needs PostgreSQL 16; this is {}", major));
  }
  return chosen;
}

bool all_binary(source::Connection& catalog, const source::Publication& publication, TypeCatalog& types,
                const ValueLimits& limits) {
  return std::ranges::all_of(publication.tables, [&](const source::SourceTable& table) {
    const auto schema = source::read_table_schema(catalog, table, types, limits);
    return std::ranges::all_of(schema.columns, &ColumnSchema::binary);
  });
}

// With no table streaming, nothing that waits in the slot is needed: every table is copied anew. The checkpoint goes
// first, so that the slot is never ahead of it.  pg_replication_slot_advance decodes without the output plugin, so this
// also gets past changes from before a publication was recreated, which servers before 18 refuse to decode.
destination::Checkpoint skip_backlog(source::Connection& catalog, const std::string& slot,
                                     destination::Destination& destination, destination::Checkpoint checkpoint) {
  const Lsn now = catalog.query("SELECT pg_catalog.pg_current_wal_flush_lsn()").lsn(0, 0);
  if (now <= checkpoint.lsn) return checkpoint;
  checkpoint.lsn = now;
  checkpoint.last = {.commit_lsn = now};
  auto load = destination.begin_load();
  load->put_checkpoint(checkpoint);
  load->commit();
  try {
    catalog.query("SELECT pg_catalog.pg_replication_slot_advance($1, $2::pg_lsn)", {slot, now.to_string()},
                  "advancing the slot");
  } catch (const Error& failed) {
    // A walsender of an earlier run may still hold it. The stream then skips what lies before the checkpoint: a
    // transaction that committed before the position that START_REPLICATION names never reaches the output plugin.
    spdlog::debug("{}", failed.cause());
  }
  return checkpoint;
}

// What is asked for now, and where nothing is said what the copies were made with.
std::vector<WishedTable> with_former_wishes(std::vector<WishedTable> wishes, const std::vector<TableRecord>& records) {
  for (const auto& record : records) {
    if (record.columns == nullptr) continue;
    const auto before = wishes_behind(*record.columns);
    if (before.empty()) continue;
    const auto found = std::ranges::find_if(wishes, [&record](const WishedTable& table) {
      return table.schema == record.schema && table.name == record.name;
    });
    if (found != wishes.end()) {
      found->columns = overlaid(std::move(found->columns), before);
    } else {
      wishes.push_back({record.schema, record.name, before});
    }
  }
  return wishes;
}

// What an earlier process left half done is cleared away with the first load.
void store_start(destination::Destination& destination, TableSync& sync, const std::vector<TableRecord>& changed,
                 const destination::Checkpoint& checkpoint) {
  auto load = destination.begin_load();
  load->discard_all_transactions();
  for (const auto& [oid, table] : sync.tables()) {
    // One that has not begun yet has nothing else: no copy will hold these changes.
    const bool begins_with_them = copies_no_rows(table.record) && table.record.columns == nullptr;
    if (table.record.state != TableState::streaming && !begins_with_them) {
      load->discard({.kind = destination::StageKey::Kind::table, .id = oid});
    }
  }
  for (const auto& record : sync.take_described()) {
    load->describe(record);
    load->put_table(record);
  }
  for (const auto& record : changed) load->put_table(record);
  load->put_checkpoint(checkpoint);
  load->commit();
}

// The slot yields nothing of what follows the checkpoint: it was made anew, or somebody else read from it. A copy of
// every table mends that.
bool must_start_over(const RunOptions& options, source::Connection& catalog, const destination::State& state) {
  if (!state.checkpoint) return false;
  // A first run that ended before anything was copied leaves a checkpoint that nothing hangs on.
  const auto hangs_on_it = [](const TableRecord& record) {
    return record.state == TableState::streaming || copies_no_rows(record);
  };
  const bool adopts = options.adoption == Adoption::from_others && !knows_slot(state.checkpoint, options.slot);
  if (!adopts && options.copy_anew.empty() && std::ranges::any_of(state.tables, hangs_on_it)) return false;
  const auto slot = source::read_slot(catalog, options.slot);
  return !slot || (slot->logical && slot->confirmed_flush_lsn > state.checkpoint->lsn);
}

source::PreflightRequest preflight_request(const RunOptions& options,
                                           const std::optional<destination::Checkpoint>& checkpoint, bool start_over) {
  source::PreflightRequest request{.conninfo = options.conninfo,
                                   .publication = options.publication,
                                   .slot = options.slot,
                                   .schema = options.schema,
                                   .tables = options.tables,
                                   .accept_new_system = options.accept_new_system,
                                   .snapshot = options.snapshot || !options.copy_anew.empty()};
  request.slot_is_foreign = options.adoption == Adoption::refuse && !knows_slot(checkpoint, options.slot);
  if (!checkpoint) return request;
  request.known_publication = checkpoint->publication;
  request.systemid = checkpoint->systemid;
  request.timeline = checkpoint->timeline;
  if (!start_over) request.checkpoint = checkpoint->lsn;
  return request;
}

std::vector<destination::SelectedTable> selection_of(const RunOptions& options) {
  std::vector<destination::SelectedTable> selection;
  for (const auto& table : options.tables) selection.push_back({table.schema, table.name, table.columns});
  for (const auto& included : options.include_columns) {
    for (auto& table : selection) {
      if (table.schema == included.schema && table.name == included.name) table.columns = included.columns;
    }
  }
  return selection;
}

// Tables that the publication held when the last run looked.
std::set<Oid> published_before(const std::vector<TableRecord>& records) {
  std::set<Oid> published;
  for (const auto& record : records) {
    if (record.state != TableState::left_out && record.state != TableState::loaded) published.insert(record.oid);
  }
  return published;
}

// Every table that is streaming needs nothing of the slot's backlog, and none of the others begins with it.
bool backlog_is_needless(const RunOptions& options, const TableSync& sync) {
  if (!options.confirm || sync.any_streaming()) return false;
  return std::ranges::none_of(sync.tables(), [](const auto& entry) {
    return entry.second.record.state == TableState::pending && copies_no_rows(entry.second.record);
  });
}

// Who answers: it must not have changed since the preflight.
source::ServerIdentity meet_server(const RunOptions& options, source::Connection& catalog,
                                   const destination::State& state, bool start_over, source::KnownServer& server) {
  auto replication = source::Connection::open(options.conninfo, source::ConnectionUse::replication);
  auto identity = source::identify(replication);
  if (state.checkpoint) {
    const auto& checkpoint = *state.checkpoint;
    source::ExpectedServer expected{.systemid = checkpoint.systemid, .timeline = checkpoint.timeline, .checkpoint = {}};
    if (!start_over) expected.checkpoint = checkpoint.lsn;
    if (options.accept_new_system && checkpoint.systemid != identity.systemid) expected = {};
    if (const auto trouble = source::identity_trouble(identity, expected)) throw *trouble;
  }
  server.set(identity);
  server.check(catalog, source::ConnectionUse::catalog);
  return identity;
}

// Where the run begins, from where the last one ended.
destination::Checkpoint beginning(const RunOptions& options, const std::optional<destination::Checkpoint>& former,
                                  const SlotPosition& slot, bool start_over, const source::ServerIdentity& server) {
  const bool new_system = former && former->systemid != server.systemid;
  auto checkpoint = former.value_or(destination::Checkpoint{.slot = options.slot, .systemid = {}, .lsn = slot.lsn});
  if (start_over || !checkpoint.lsn.is_set() || (new_system && slot.lsn > checkpoint.lsn)) checkpoint.lsn = slot.lsn;
  const std::string origin = options.origin.empty() ? "any" : options.origin;
  // Another publication or origin sends other transactions; an older walbrook did not store the last one.
  const bool comparable = former && !start_over && checkpoint.lsn == former->lsn && former->last.commit_lsn.is_set() &&
                          former->publication == options.publication && former->origin == origin;
  if (!comparable) checkpoint.last = {.commit_lsn = checkpoint.lsn};
  checkpoint.slot = options.slot;
  checkpoint.systemid = server.systemid;
  checkpoint.timeline = source::timeline_of(server, checkpoint.lsn);
  checkpoint.publication = options.publication;
  checkpoint.selection = selection_of(options);
  checkpoint.origin = origin;
  return checkpoint;
}

// Servers before 18 refuse to decode a change from between a publication's DROP and its CREATE.
bool is_decodable(const RunOptions& options) {
  try {
    source::SlotPeek peek(options.conninfo, {.slot = options.slot, .publication = options.publication});
    source::Frame frame;
    while (peek.next(frame)) {
    }
    return true;
  } catch (const Error& failed) {
    return failed.cause().find("publication") == std::string::npos ||
           failed.cause().find("does not exist") == std::string::npos;
  }
}

// Only tables that left the publication still need the backlog. Where the publication was made anew meanwhile it may
// not be readable; they then stay as they are.
bool leaving_tables_need_it(const RunOptions& options, destination::Destination& destination, TableSync& sync) {
  if (!sync.any_leaving()) return false;
  if (is_decodable(options)) return true;
  auto load = destination.begin_load();
  for (const auto& record : sync.let_go(nothing_comes)) {
    spdlog::warn(
        "table {}.{} lacks the changes that were published before it left: publication {} was dropped and created "
        "again, and the server does not decode across that",
        record.schema, record.name, options.publication);
    load->put_table(record);
  }
  load->commit();
  return false;
}

}  // namespace

// The walsender does not send what is not flushed, and a reader's pruning of dead rows writes log that nobody flushes
// on an idle server for up to 15 s. The commit of a transaction that has an id and no changes has the WAL writer flush
// up to it; no row is written.
Lsn end_of_committed(source::Connection& catalog) {
  const auto rows =
      catalog.query("SELECT pg_catalog.pg_current_wal_insert_lsn(), pg_catalog.pg_current_wal_flush_lsn()");
  const Lsn target = source::before_page_header(rows.lsn(0, 0));
  if (rows.lsn(0, 1) < rows.lsn(0, 0))
    catalog.query("SELECT pg_catalog.pg_current_xact_id()", {}, "having the log flushed");
  return target;
}

Prepared prepare(const RunOptions& options, destination::Destination& destination, TypeCatalog& types,
                 source::KnownServer& server, RunObserver& observer, std::stop_token stop) {
  auto catalog = source::Connection::open(options.conninfo, source::ConnectionUse::catalog);
  auto state = destination.open();
  if (options.reset) {
    drop_in_source(catalog, {.slot = options.slot, .publication = options.publication});
    destination.reset_copies();
    state = destination.open();
  }
  if (const auto error = destination::contradiction(state, destination.name())) throw *error;
  const bool start_over = must_start_over(options, catalog, state);
  if (const auto error =
          source::first_error(source::preflight(preflight_request(options, state.checkpoint, start_over)))) {
    throw *error;
  }
  const auto identity = meet_server(options, catalog, state, start_over, server);

  Prepared out;
  out.protocol = choose_protocol(options, catalog);
  out.source = catalog.where();
  auto claim =
      state.checkpoint.value_or(destination::Checkpoint{.systemid = identity.systemid, .timeline = identity.timeline});
  claim.slot = options.slot;
  claim.publication = options.publication;
  claim.source = out.source;
  const auto made = make_in_source(options, catalog, destination, state, claim, server, observer, stop);
  const auto& slot = made.slot;
  out.two_phase = options.two_phase || slot.two_phase;
  out.slot_is_behind = state.checkpoint && slot.lsn < state.checkpoint->lsn;
  if (slot.two_phase && out.protocol < 3) {
    throw Error(ErrorKind::configuration,
                fmt::format("slot {} decodes prepared transactions, for good: protocol {} cannot say them",
                            options.slot, out.protocol),
                "Leave --protocol away.");
  }
  // Read again: what stands in the publication counts only once it is committed before a snapshot's slot is begun.
  out.kept =
      std::make_unique<source::KeptPublication>(options.publication, options.tables, published_before(state.tables));
  out.publication = out.kept->read(catalog).value_or(made.publication.publication);
  out.target = end_of_committed(catalog);  // not before what was seen of the tables (SyncedTable::undecided)
  out.publication.moment = source::read_moment(catalog);
  out.selection = std::make_shared<const ColumnSelection>(
      options.include_columns,
      with_former_wishes(wishes_of(options.hints, out.publication, catalog, types, destination), state.tables));
  out.selection->restrict_tables(out.publication);

  out.checkpoint = beginning(options, state.checkpoint, slot, start_over, identity);
  out.checkpoint.source = out.source;
  note_makers(options, made, state.checkpoint, out.checkpoint);
  std::vector<TableRecord> changed;
  if (state.checkpoint && state.checkpoint->systemid != identity.systemid) {
    changed = accept_new_system(state.tables, out.publication);
  }

  out.newest_load = state.newest_load;
  out.sync = std::make_unique<TableSync>(TableSyncOptions{.dataset = options.dataset,
                                                          .wanted = options.tables,
                                                          .snapshot = options.snapshot,
                                                          .copy_joining = options.copy_joining,
                                                          .suspicion = options.suspicion},
                                         destination, std::move(state.tables));
  std::ranges::move(out.sync->publication_seen(out.publication, out.checkpoint.lsn), std::back_inserter(changed));
  if (out.sync->last_leaves_at() > out.target)
    out.target = end_of_committed(catalog);  // so that they leave in this run
  std::ranges::move(out.sync->copy_anew(options.copy_anew, start_over, "a copy anew was asked for"),
                    std::back_inserter(changed));
  std::ranges::move(out.sync->compare_targets(destination), std::back_inserter(changed));
  store_start(destination, *out.sync, changed, out.checkpoint);
  if (!slot.created && backlog_is_needless(options, *out.sync) &&
      !leaving_tables_need_it(options, destination, *out.sync)) {
    out.checkpoint = skip_backlog(catalog, options.slot, destination, out.checkpoint);
  }
  out.binary = options.wire == Wire::binary ||
               (options.wire == Wire::automatic && all_binary(catalog, out.publication, types, destination.limits()));
  return out;
}

}  // namespace walbrook::pipeline
