#include "replication/setup/prepare.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <map>
#include <set>
#include <thread>
#include <utility>

#include "base/publication_list.h"
#include "destination/contradiction.h"
#include "model/same_table.h"
#include "model/schema_diff.h"
#include "postgres/catalog/table_obstacles.h"
#include "postgres/catalog/table_schema.h"
#include "postgres/catalog/type_definitions.h"
#include "postgres/preflight/preflight.h"
#include "postgres/protocol/message.h"
#include "postgres/stream/protocol_choice.h"
#include "postgres/stream/slot_peek.h"
#include "replication/core/leaving.h"
#include "replication/core/table_renames.h"
#include "replication/setup/drop.h"
#include "replication/setup/expected_publication.h"
#include "replication/setup/made_in_source.h"
#include "replication/setup/new_system.h"
#include "replication/setup/prepared_check.h"

namespace walbrook::replication {
namespace {

int chosen_protocol(const RunOptions& options, const postgres::Connection& catalog) {
  const int major = catalog.server_version() / 10'000;
  const int chosen = postgres::choose_protocol(catalog, options.protocol);
  if (options.two_phase && chosen < postgres::first_protocol_of_prepared) {
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

// A table with overrides is described separately; for the others, the publication has the types.
bool all_binary(postgres::Connection& catalog, const postgres::Publication& publication, TypeCatalog& types,
                const ValueLimits& limits) {
  return std::ranges::all_of(publication.tables, [&](const postgres::SourceTable& table) {
    if (table.overrides.empty()) {
      return std::ranges::all_of(table.columns, [&](const SourceColumn& column) {
        const auto type = types.find(column.type_oid);
        return has_binary_parser(type, physical_type(type, column.typmod, limits));
      });
    }
    const auto schema = postgres::read_table_schema(catalog, table, types, limits);
    return std::ranges::all_of(schema.columns, &ColumnSchema::binary);
  });
}

// If no table streams, nothing that waits in the slot is needed, because every table is copied again. The checkpoint is
// stored first, so that the slot is never ahead of it. pg_replication_slot_advance decodes without the output plugin,
// so this also skips changes from before a publication was created again, which servers before 18 refuse to decode.
destination::Checkpoint skip_backlog(postgres::Connection& catalog, const std::string& slot,
                                     destination::Destination& destination, destination::Checkpoint checkpoint) {
  const Lsn now = catalog
                      .query(
                          "SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn() "
                          "ELSE pg_catalog.pg_current_wal_flush_lsn() END")
                      .lsn(0, 0);
  if (now <= checkpoint.lsn) return checkpoint;
  checkpoint.lsn = now;
  checkpoint.last = {.commit_lsn = now};
  const auto skip = destination.begin({});
  skip->put(destination::PutCheckpoint{checkpoint});
  skip->commit();
  try {
    catalog.query("SELECT pg_catalog.pg_replication_slot_advance($1, $2::pg_lsn)", {slot, now.to_string()},
                  "advancing the slot");
  } catch (const Error& failed) {
    // A walsender of an earlier run may still hold the slot. The stream then skips what is before the checkpoint: a
    // transaction that committed before the position that START_REPLICATION names never reaches the output plugin.
    spdlog::debug("{}", failed.cause());
  }
  return checkpoint;
}

// Returns the overrides that are requested now, completed by those with which the tables were copied.
std::vector<ResolvedTableOverrides> with_former_overrides(std::vector<ResolvedTableOverrides> overrides,
                                                          const std::vector<OutputRecord>& records) {
  for (const auto& record : records) {
    if (record.columns == nullptr) continue;
    const auto before = recorded_overrides(*record.columns);
    if (before.empty()) continue;
    const auto found = std::ranges::find_if(overrides, same_table_as(record));
    if (found != overrides.end()) {
      found->columns = overlaid(std::move(found->columns), before);
    } else {
      overrides.push_back({record.schema, record.name, before});
    }
  }
  return overrides;
}

void store_start(destination::Destination& destination, TableSync& sync, const RecordChanges& changed,
                 const destination::Checkpoint& checkpoint) {
  const auto start = destination.begin({});
  for (const auto& record : sync.take_described()) {
    start->put(destination::DescribeOutput{record});
    start->put(destination::PutOutput{record});
  }
  changed.put(*start);
  start->put(destination::PutCheckpoint{checkpoint});
  start->commit();
}

// Whether the slot no longer has what follows the checkpoint: it was created again, or somebody else read from it. A
// copy of every table fixes that.
bool must_start_over(const RunOptions& options, postgres::Connection& catalog, const destination::State& state) {
  if (!state.checkpoint) return false;
  // A first run that ended before anything was copied leaves a checkpoint that no table depends on.
  const auto hangs_on_it = [](const OutputRecord& record) {
    return record.state == OutputState::streaming || copies_no_rows(record);
  };
  const bool adopts = options.adoption == Adoption::from_others && !knows_slot(state.checkpoint, options.slot);
  if (!adopts && options.copy_again.empty() && std::ranges::any_of(state.outputs, hangs_on_it)) return false;
  const auto slot = postgres::read_slot(catalog, options.slot);
  return !slot || (slot->logical && slot->confirmed_flush_lsn > state.checkpoint->lsn);
}

postgres::PreflightRequest preflight_request(const RunOptions& options, const destination::State& state,
                                             bool start_over) {
  const auto& checkpoint = state.checkpoint;
  postgres::PreflightRequest request{.conninfo = options.conninfo,
                                     .publication = options.publication,
                                     .keyless = options.keyless == Keyless::inserts,
                                     .slot = options.slot,
                                     .schema = options.schema,
                                     .tables = options.tables,
                                     .accept_new_system = options.accept_new_system,
                                     .snapshot = options.snapshot || !options.copy_again.empty(),
                                     .standby = options.standby,
                                     .failover = options.failover,
                                     .ddl_trigger = options.ddl_trigger,
                                     .reset = options.reset};
  note_known_tables(state.outputs, request);
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
      if (means_same_table(table, included)) table.columns = included.columns;
    }
  }
  return selection;
}

// The tables that the publication contained when the last run read it.
std::set<Oid> published_before(const std::vector<OutputRecord>& records) {
  std::set<Oid> published;
  for (const auto& record : records) {
    if (record.state != OutputState::left_out && record.has_source()) published.insert(record.source);
  }
  return published;
}

// Whether no table needs the slot's backlog: none is streaming, and none begins with it.
bool backlog_is_needless(const RunOptions& options, const TableSync& sync) {
  if (!options.confirm || sync.any_streaming()) return false;
  const auto begins_with_it = [](const SyncedOutput& output) {
    return output.record.state == OutputState::pending && copies_no_rows(output.record);
  };
  return std::ranges::none_of(sync.tables(), [&begins_with_it](const auto& entry) {
    return std::ranges::any_of(entry.second.outputs, begins_with_it);
  });
}

// Whether a table may begin with its changes alone, without a copy of its rows.
bool describes_tables(const RunOptions& options, const std::vector<OutputRecord>& records) {
  return !options.snapshot || std::ranges::any_of(records, &OutputRecord::changes_only);
}

// Selects the tables that the destination has nothing of yet.
class NotYetBegun {
 public:
  explicit NotYetBegun(const std::vector<OutputRecord>& records) {
    for (const auto& record : records) {
      if (record.source != 0 && record.columns != nullptr) begun_.emplace(record.schema, record.name);
    }
  }
  bool operator()(const postgres::SourceTable& table) const { return !begun_.contains({table.schema, table.name}); }

 private:
  std::set<std::pair<std::string, std::string>> begun_;
};

// Selects the tables that may have columns which the destination lacks.
class LackedColumns {
 public:
  explicit LackedColumns(const std::vector<OutputRecord>& records) {
    for (const auto& record : records) {
      if (record.columns != nullptr && record.state == OutputState::streaming) records_[record.source] = record.columns;
    }
  }
  bool operator()(const postgres::SourceTable& table) const {
    const auto found = records_.find(table.oid);
    return found != records_.end() && !schema_diff(*found->second, table.columns).fits_target();
  }

 private:
  std::map<Oid, TableSchemaRef> records_;  // by table
};

// Identifies the server that answers, which must not have changed since the preflight.
postgres::ServerIdentity meet_server(const RunOptions& options, postgres::Connection& catalog,
                                     const destination::State& state, bool start_over, postgres::KnownServer& server) {
  auto replication = postgres::Connection::open(options.conninfo, postgres::ConnectionUse::replication);
  auto identity = postgres::identify(replication);
  if (state.checkpoint) {
    const auto& checkpoint = *state.checkpoint;
    postgres::ExpectedServer expected{
        .systemid = checkpoint.systemid, .timeline = checkpoint.timeline, .checkpoint = {}};
    if (!start_over) expected.checkpoint = checkpoint.lsn;
    if (options.accept_new_system && checkpoint.systemid != identity.systemid) expected = {};
    if (options.standby) expected = postgres::of_promoted(identity, std::move(expected));
    if (const auto error = postgres::identity_error(identity, expected)) throw *error;
  }
  server.set(identity);
  server.check(catalog, postgres::ConnectionUse::catalog);
  return identity;
}

// Returns the checkpoint with which the run begins, from the one with which the last run ended.
destination::Checkpoint beginning(const RunOptions& options, const std::optional<destination::Checkpoint>& former,
                                  const MadeInSource::Slot& slot, bool start_over,
                                  const postgres::ServerIdentity& server) {
  const bool new_system = former && former->systemid != server.systemid;
  auto checkpoint = former.value_or(destination::Checkpoint{.slot = options.slot, .systemid = {}, .lsn = slot.lsn});
  if (start_over || !checkpoint.lsn.is_set() || (new_system && slot.lsn > checkpoint.lsn)) checkpoint.lsn = slot.lsn;
  const std::string origin = options.origin.empty() ? "any" : options.origin;
  // Another publication or origin sends other transactions.
  const bool comparable = former && !start_over && checkpoint.lsn == former->lsn && former->last.commit_lsn.is_set() &&
                          former->publication == options.publication && former->origin == origin;
  if (!comparable) checkpoint.last = {.commit_lsn = checkpoint.lsn};
  checkpoint.slot = options.slot;
  checkpoint.systemid = server.systemid;
  checkpoint.timeline = postgres::timeline_of(server, checkpoint.lsn);
  checkpoint.publication = options.publication;
  checkpoint.selection = selection_of(options);
  checkpoint.origin = origin;
  return checkpoint;
}

constexpr std::string_view undefined_object = "42704";  // SQLSTATE

// Servers before 18 refuse to decode a change from between a publication's DROP and its CREATE.
bool is_decodable(const RunOptions& options) {
  try {
    postgres::SlotPeek peek(options.conninfo, {.slot = options.slot, .publication = options.publication});
    postgres::Frame frame;
    while (postgres::next_frame(peek, frame)) {
    }
    return true;
  } catch (const Error& failed) {
    return failed.facts().sqlstate != undefined_object;
  }
}

// Only tables that left the publication still need the backlog. If the publication was created again meanwhile, the
// backlog may not be readable; those tables then stay as they are.
bool leaving_tables_need_it(const RunOptions& options, destination::Destination& destination, TableSync& sync) {
  if (!sync.any_leaving()) return false;
  if (is_decodable(options)) return true;
  const auto leaving = destination.begin({});
  const auto gone = sync.remove_departed(nothing_comes);
  for (const auto& record : gone.tables) {
    spdlog::warn(
        "table {}.{} lacks the changes that were published before it left: publication {} was dropped and created "
        "again, and the server does not decode across that",
        record.schema, record.name, options.publication);
  }
  gone.put(*leaving);
  leaving->commit();
  return false;
}

}  // namespace

void note_known_tables(const std::vector<OutputRecord>& records, postgres::PreflightRequest& request) {
  for (const auto& record : records) {
    if (!record.has_source() || record.source == 0) continue;
    request.known.push_back({record.schema, record.name, {}});
    if (record.state == OutputState::streaming) request.streaming.push_back(record.source);
  }
}

// The walsender does not send what is not flushed, and pruning of dead rows by a reader writes log that an idle server
// does not flush for up to 15 s. The commit of a transaction that has an id and no changes makes the WAL writer flush
// up to it; no row is written. A standby sends what it has replayed.
Lsn end_of_committed(postgres::Connection& catalog) {
  if (postgres::is_standby(catalog)) {
    return postgres::before_page_header(catalog.query("SELECT pg_catalog.pg_last_wal_replay_lsn()").lsn(0, 0));
  }
  const auto rows =
      catalog.query("SELECT pg_catalog.pg_current_wal_insert_lsn(), pg_catalog.pg_current_wal_flush_lsn()");
  const Lsn target = postgres::before_page_header(rows.lsn(0, 0));
  if (rows.lsn(0, 1) < rows.lsn(0, 0)) catalog.query("SELECT pg_catalog.pg_current_xact_id()", {}, "flushing the log");
  return target;
}

namespace {

// A reset drops slot, publication and target tables, after everything that could refuse the run was checked.
destination::State reset(const RunOptions& options, postgres::Connection& catalog,
                         destination::Destination& destination) {
  // Several publications stay, because none is created again.
  const bool is_one = parse_publications(options.publication).size() == 1;
  drop_in_source(catalog, {.slot = options.slot, .publication = is_one ? options.publication : std::string()});
  destination.drop(destination::DropScope::sourced);
  return destination.open();
}

std::string with_keyless(const std::string& list, const std::string& keyless) {
  if (keyless.empty()) return list;
  auto names = parse_publications(list);
  names.push_back(keyless);
  return publication_list(names);
}

// The result of everything that can refuse the run. Nothing is created or dropped before.
struct Checked {
  postgres::ServerIdentity server;
  int protocol = 1;
  bool start_over = false;
};
Checked check(const RunOptions& options, postgres::Connection& catalog, destination::Destination& destination,
              const destination::State& state, TypeCatalog& types, postgres::KnownServer& server) {
  Checked out;
  if (const auto error = destination::contradiction(state, destination.name())) throw Error(*error);
  out.start_over = must_start_over(options, catalog, state);
  const auto findings = postgres::preflight(preflight_request(options, state, out.start_over));
  if (const auto error = postgres::first_error(findings)) throw Error(*error);
  out.server = meet_server(options, catalog, state, out.start_over, server);
  out.protocol = chosen_protocol(options, catalog);
  const auto slot = options.reset ? std::nullopt : postgres::read_slot(catalog, options.slot);
  postgres::check_carries_prepared(slot, out.protocol);
  check_keeps_prepared(options.two_phase, slot, destination.capabilities(), destination.name());
  check_asked_columns(options, expected_publication(options, catalog, options.reset), state.outputs, catalog, types,
                      destination);
  return out;
}

}  // namespace

PreparedRun prepare(const RunOptions& options, destination::Destination& destination, TypeCatalog& types,
                    postgres::KnownServer& server, RunObserver& observer, std::stop_token stop) {
  auto catalog = postgres::Connection::open(options.conninfo, postgres::ConnectionUse::catalog);
  auto state = destination.open();
  const auto checked =
      check(options, catalog, destination, options.reset ? destination::State{} : state, types, server);
  // Of several publications, a reset drops none: who created them stays known.
  const auto kept_maker = options.reset && state.checkpoint && parse_publications(options.publication).size() > 1
                              ? state.checkpoint->made_publication
                              : std::nullopt;
  if (options.reset) state = reset(options, catalog, destination);

  PreparedRun out;
  out.protocol = checked.protocol;
  out.source = catalog.where();
  auto claim = state.checkpoint.value_or(
      destination::Checkpoint{.systemid = checked.server.systemid, .timeline = checked.server.timeline});
  claim.slot = options.slot;
  claim.publication = options.publication;
  claim.source = out.source;
  MadeInSource made(options, catalog, destination, state, claim, server, observer, stop);
  const auto& slot = made.slot();
  out.two_phase = options.two_phase || slot.two_phase;
  out.slot_is_behind = state.checkpoint && slot.lsn < state.checkpoint->lsn;
  // Read again: a table counts only if it was committed to the publication before a snapshot's slot is begun.
  out.publications = with_keyless(options.publication, made.keyless());
  out.kept = std::make_unique<postgres::KeptPublication>(out.publications, options.tables,
                                                         published_before(state.outputs), made.keyless());
  out.publication = out.kept->read(catalog).value_or(made.publication());
  out.until = end_of_committed(catalog);  // not before what was read of the tables (SyncedTable::undecided)
  out.publication.moment = postgres::read_moment(catalog);
  out.selection = std::make_shared<const ColumnSelection>(
      options.include_columns, with_former_overrides(resolve_overrides(options.overrides, out.publication, catalog,
                                                                       types, destination, state.outputs),
                                                     state.outputs));
  out.selection->restrict_tables(out.publication);
  // After `until`: labels of the enums in what this run reads exist by then.
  if (destination.capabilities().values.user_types) {
    destination.make_types(postgres::read_type_definitions(catalog, out.publication.tables));
  }
  postgres::read_obstacles(catalog, out.publication.tables, out.publications);

  out.describes = describes_tables(options, state.outputs);
  postgres::describe_new(
      catalog, out.publication.tables, types, destination.capabilities().values,
      [begun = NotYetBegun(state.outputs), lacks = LackedColumns(state.outputs),
       &out](const postgres::SourceTable& table) { return (out.describes && begun(table)) || lacks(table); });

  out.checkpoint = beginning(options, state.checkpoint, slot, checked.start_over, checked.server);
  out.checkpoint.source = out.source;
  made.note_makers(state.checkpoint, out.checkpoint);
  if (kept_maker) out.checkpoint.made_publication = kept_maker;
  RecordChanges changed;
  if (state.checkpoint && state.checkpoint->systemid != checked.server.systemid) {
    changed.outputs = accept_new_system(state.outputs, out.publication);
  }

  out.newest_load = state.newest_load;
  auto suspicion = options.suspicion;
  suspicion.alters_columns = destination.capabilities().rows_change;
  out.sync = std::make_unique<TableSync>(TableSyncOptions{.dataset = options.dataset,
                                                          .style = options.style,
                                                          .wanted = options.tables,
                                                          .snapshot = options.snapshot,
                                                          .copy_joining = options.copy_joining,
                                                          .suspicion = suspicion,
                                                          .moves = destination.capabilities().moves,
                                                          .outputs = outputs_for(destination.capabilities())},
                                         destination.capabilities().names, std::move(state));
  changed.add(out.sync->publication_seen(out.publication, out.checkpoint.lsn));
  store_renames(destination, *out.sync, changed);
  if (out.sync->last_leaves_at() > out.until) out.until = end_of_committed(catalog);  // so that they leave in this run
  changed.add(out.sync->copy_again(options.copy_again, checked.start_over, "another copy was requested"));
  changed.add(out.sync->compare_targets(destination));
  store_start(destination, *out.sync, changed, out.checkpoint);
  made.keep();
  if (!slot.created && backlog_is_needless(options, *out.sync) &&
      !leaving_tables_need_it(options, destination, *out.sync)) {
    out.checkpoint = skip_backlog(catalog, options.slot, destination, out.checkpoint);
  }
  out.binary = options.format == ValueFormat::binary ||
               (options.format == ValueFormat::automatic &&
                all_binary(catalog, out.publication, types, destination.capabilities().values));
  return out;
}

}  // namespace walbrook::replication
