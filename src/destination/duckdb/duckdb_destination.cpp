#include "destination/duckdb/duckdb_destination.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/error.h"
#include "destination/duckdb/copy.h"
#include "destination/duckdb/file_place.h"
#include "destination/duckdb/file_url.h"
#include "destination/duckdb/own_rows.h"
#include "destination/duckdb/staging.h"
#include "destination/duckdb/state.h"
#include "destination/duckdb/target_check.h"
#include "destination/duckdb/types.h"

namespace walbrook::destination::duckdb {

DuckDbDestination::DuckDbDestination(const DestinationOptions& options)
    : options_{.path = path_of(options.url),
               .read_only = options.read_only,
               .memory_limit = options.memory_limit,
               .threads = options.threads},
      use_{.path = options_.path, .writes = !options.read_only, .owner = options.owner, .busy = options.busy},
      shared_with_writers_(options.shared_with_writers),
      pipeline_(options.pipeline),
      style_{.naming = options.naming, .metadata = options.metadata} {}

DuckDbDestination::~DuckDbDestination() {
  disconnect();
}

ValueLimits DuckDbDestination::limits() const {
  return value_limits;
}

std::string DuckDbDestination::type_name(const PhysicalType& type) const {
  return sql_type(type);
}

std::string DuckDbDestination::name() const {
  return file_label(options_.path);
}

void DuckDbDestination::disconnect() {
  const std::scoped_lock lock(mutex_);
  for (const auto& session : sessions_) {
    if (const auto open = session.lock()) open->close();
  }
  sessions_.clear();
  connection_.reset();
  if (database_ != nullptr && database_->is_broken()) {  // for all uses of the owner: it must be opened anew
    for (const auto& session : database_->sessions()) session->close();
  }
  database_.reset();
}

void DuckDbDestination::connect() {
  if (claim_ == nullptr) claim_ = std::make_unique<FileClaim>(use_);
  const std::scoped_lock lock(mutex_);
  database_ = claim_->database([this] { return open_shared(); });
  connection_ = std::make_unique<Connection>(database_);
}

// Where others of the owner may come to write, for writing if that is possible.
std::shared_ptr<Database> DuckDbDestination::open_shared() const {
  if (options_.read_only && shared_with_writers_) {
    auto writing = options_;
    writing.read_only = false;
    try {
      return std::make_shared<Database>(writing);
    } catch (const Error&) {  // NOLINT(bugprone-empty-catch): reading says what is wrong, if it is wrong there, too
    }
  }
  return std::make_shared<Database>(options_);
}

void DuckDbDestination::check_still_there() {
  if (const auto database = connection_ == nullptr ? nullptr : &connection_->database()) database->check_file();
}

template <class Work>
void DuckDbDestination::transaction(const Work& work) {
  if (load_is_open_) throw Error(ErrorKind::internal, "a load is open on the destination");
  connection_->execute("BEGIN TRANSACTION");
  try {
    StateTables state(*connection_, pipeline_);
    work(*connection_, state);
    connection_->commit();
  } catch (...) {
    connection_->rollback();
    throw;
  }
}

// A file that is open stays so: whoever waits for it would get it in between.
State DuckDbDestination::open() {
  if (connection_ == nullptr || connection_->database().is_broken() || outcome_is_uncertain_) {
    disconnect();
    connect();
    outcome_is_uncertain_ = false;
  }
  known_ = {};
  State found;
  if (options_.read_only) {
    StateTables state(*connection_, pipeline_);
    if (!state.exist()) return found;
    state.check_format();
    found = state.load();
    found.newest_load = state.newest_load();
    last_checkpoint_ = found.checkpoint;
    return found;
  }
  transaction([](Connection& /*connection*/, StateTables& state) { state.create(); });
  drop_left_copies();
  read_known();
  transaction([&](Connection& /*connection*/, StateTables& state) { found = state.load(); });
  found.newest_load = known_.newest_load;
  last_checkpoint_ = found.checkpoint;
  return found;
}

State DuckDbDestination::read_state() {
  reopen_if_broken();
  State found;
  StateTables state(*connection_, pipeline_);
  if (!state.exist()) return found;
  connection_->execute("BEGIN TRANSACTION READ ONLY");
  try {
    found = state.load();
    found.newest_load = state.newest_load();
  } catch (...) {
    connection_->rollback();
    throw;
  }
  connection_->rollback();
  return found;
}

// Of an earlier process. A whole copy is worth no more than a begun one: its table is copied again under another
// snapshot, or it has left the publication since and nothing would ever take its copy away.
void DuckDbDestination::drop_left_copies() {
  transaction([](Connection& connection, StateTables& state) {
    for (const auto& record : state.targets()) {
      if (record.kind != TargetRecord::Kind::live) drop_target(connection, state, record.target);
    }
  });
}

void DuckDbDestination::read_known() {
  known_ = {};
  transaction([this](Connection& /*connection*/, StateTables& state) {
    for (auto& record : state.targets()) {
      if (record.kind != TargetRecord::Kind::live) continue;
      const std::pair key{record.target.schema, record.target.table};
      known_.live[key] = std::move(record.target);
    }
    known_.newest_load = state.newest_load();
  });
}

void DuckDbDestination::check_writable() const {
  if (options_.read_only) throw Error(ErrorKind::internal, name() + " was opened to be read only");
}

void DuckDbDestination::reopen_if_broken() {
  if (connection_ != nullptr && !connection_->database().is_broken()) return;
  disconnect();
  connect();
  read_known();
  if (!outcome_is_uncertain_) return;
  StateTables state(*connection_, pipeline_);
  const auto checkpoint = state.checkpoint();
  const auto lsn_of = [](const std::optional<Checkpoint>& from) { return from ? from->lsn : Lsn{}; };
  if (lsn_of(checkpoint) == lsn_of(last_checkpoint_)) {
    outcome_is_uncertain_ = false;
    return;
  }
  connection_.reset();  // every later load comes here again
  throw Error(ErrorKind::destination,
              fmt::format("{}: a load whose commit failed turned out to be durable (checkpoint {})", name(),
                          lsn_of(checkpoint).to_string()),
              remedy("Nothing is lost: {}, it goes on from there.", RemedyAction::run_again));
}

std::vector<TakenPlace> DuckDbDestination::taken_places(const std::vector<TableRecord>& tables) {
  check_writable();
  reopen_if_broken();
  std::vector<TakenPlace> taken;
  transaction([&](Connection& connection, StateTables& state) {
    RelationNames names(connection);
    TargetCheck check(connection);
    for (const auto& table : tables) {
      if (const auto stranger = stranger_in_place(connection, names, state, pipeline_, table)) {
        taken.push_back({.oid = table.oid, .reason = stranger->what()});
        continue;
      }
      // What walbrook made there may have gone, and its name with it.
      const auto live = state.live_target(table.target_schema, table.target_name);
      if (!live) continue;
      const auto found = check.difference(live->target, live->oid == table.oid ? table.columns.get() : nullptr);
      if (found && found->name_conflict) {
        taken.push_back({.oid = table.oid, .reason = fmt::format("{}. {}", found->reason, found->hint)});
      }
    }
  });
  return taken;
}

std::vector<AlteredTarget> DuckDbDestination::altered_targets(const std::vector<TableRecord>& tables) {
  std::vector<AlteredTarget> altered;
  if (tables.empty()) return altered;
  reopen_if_broken();
  StateTables state(*connection_, pipeline_);
  if (!state.exist()) return altered;
  connection_->execute("BEGIN TRANSACTION READ ONLY");
  try {
    // By their names: a table that was created again in the source has another OID than its target was made for.
    std::map<std::pair<std::string, std::string>, Target> made;
    for (auto& record : state.targets()) {
      if (record.kind != TargetRecord::Kind::live) continue;
      const std::pair key{folded(record.target.schema), folded(record.target.table)};
      made[key] = std::move(record.target);
    }
    TargetCheck check(*connection_);
    for (const auto& table : tables) {
      const auto target = made.find({folded(table.target_schema), folded(table.target_name)});
      if (target == made.end()) {
        altered.push_back({.oid = table.oid,
                           .reason = fmt::format("_walbrook.targets in {} no longer knows target table {}.{}", name(),
                                                 table.target_schema, table.target_name),
                           .hint = {}});
      } else if (auto found = check.difference(target->second, table.columns.get())) {
        altered.push_back({.oid = table.oid,
                           .name_conflict = found->name_conflict,
                           .reason = std::move(found->reason),
                           .hint = std::move(found->hint)});
      }
    }
  } catch (...) {
    connection_->rollback();
    throw;
  }
  connection_->rollback();
  return altered;
}

std::unique_ptr<Load> DuckDbDestination::begin_load() {
  check_writable();
  if (load_is_open_) throw Error(ErrorKind::internal, "a load is open on the destination");
  reopen_if_broken();
  auto load = std::make_unique<TransactionLoad>(*connection_, pipeline_, known_,
                                                [this](const TransactionLoad::Outcome& outcome) {
                                                  load_is_open_ = false;
                                                  if (outcome.committed && outcome.checkpoint)
                                                    last_checkpoint_ = outcome.checkpoint;
                                                  if (outcome.uncertain && outcome.checkpoint)
                                                    outcome_is_uncertain_ = true;
                                                });
  load_is_open_ = true;
  return load;
}

void DuckDbDestination::check_copy(const TableSchema& schema) const {
  static_cast<void>(make_target({}, {}, schema, style_));
}

void DuckDbDestination::prepare_variants(const TableRecord& table, const std::vector<std::string>& columns) {
  check_writable();
  reopen_if_broken();
  transaction([&](Connection& connection, StateTables& state) {
    std::vector<TargetRecord> records;
    if (auto live = state.live_target(table.target_schema, table.target_name)) records.push_back(*std::move(live));
    auto copy = state.copy_of(table.oid);
    if (copy && copy->kind == TargetRecord::Kind::finished_copy) records.push_back(*std::move(copy));
    for (auto& record : records) {
      for (const auto& column : columns) {
        if (record.target.column_of(column) == nullptr) continue;
        on_target([&] { add_variant_column(connection, state, record, column); });
      }
    }
  });
  read_known();
}

void DuckDbDestination::add_columns(const TableRecord& table, const TableSchema& schema) {
  check_writable();
  reopen_if_broken();
  transaction([&](Connection& connection, StateTables& state) {
    auto live = state.live_target(table.target_schema, table.target_name);
    if (!live) throw Error(ErrorKind::internal, "no table " + table.target_schema + "." + table.target_name);
    on_target([&] { add_missing_columns(connection, state, *std::move(live), schema); });
  });
  read_known();
}

std::shared_ptr<Database> DuckDbDestination::open_database() {
  check_writable();
  const std::scoped_lock lock(mutex_);
  if (database_ == nullptr) throw Error(ErrorKind::destination, name() + " is not open");
  return database_;
}

std::unique_ptr<CopyWriter> DuckDbDestination::begin_copy(const TableRecord& table, const TableSchema& schema) {
  auto database = open_database();
  const std::scoped_lock lock(copies_);
  return std::make_unique<Copy>(std::move(database), CopyOwner{pipeline_, style_}, table, schema);
}

void DuckDbDestination::copy_whole(const std::vector<WholeCopy>& tables) {
  const auto database = open_database();
  const std::scoped_lock lock(copies_);
  duckdb::copy_whole(database, {pipeline_, style_}, tables);
}

std::unique_ptr<ReadSession> DuckDbDestination::open_read_session(const ReadOptions& options) {
  std::shared_ptr<SessionConnection> session;
  {
    const std::scoped_lock lock(mutex_);
    if (database_ == nullptr) throw Error(ErrorKind::destination, name() + " is not open");
    session = std::make_shared<SessionConnection>(database_);
    database_->add_session(session);
    std::erase_if(sessions_, [](const auto& other) { return other.expired(); });
    sessions_.push_back(session);
  }
  auto chosen = options;
  if (chosen.pipeline.empty()) chosen.pipeline = pipeline_;
  return std::make_unique<TransactionReadSession>(std::move(session), std::move(chosen));
}

TargetName DuckDbDestination::target_name(const std::string& dataset, const std::string& schema,
                                          const std::string& name, const std::vector<TableRecord>& others) const {
  TargetName target{.schema = dataset.empty() ? table_name(schema, style_.naming) : dataset, .table = {}};
  target.table = free_name(table_name(name, style_.naming), [&](const std::string& candidate) {
    return is_state_table(target.schema, candidate) || std::ranges::any_of(others, [&](const TableRecord& other) {
             return same_name(other.target_schema, target.schema) && same_name(other.target_name, candidate);
           });
  });
  return target;
}

bool DuckDbDestination::fits(const std::string& dataset, const TableRecord& table) const {
  const auto live = known_.live.find({table.target_schema, table.target_name});
  if (live == known_.live.end() || table.columns == nullptr) return true;
  return table.target_schema == (dataset.empty() ? table_name(table.schema, style_.naming) : dataset) &&
         is_named_after(table.target_name, table_name(table.name, style_.naming)) &&
         is_in_style(live->second, *table.columns, style_);
}

namespace {

// What took the target's name since is not ours to drop.
void drop_if_own(Connection& connection, StateTables& state, TargetCheck& check, const Target& target) {
  const auto found = check.difference(target, nullptr);
  if (found && found->name_conflict) {
    spdlog::warn("{}: it stays", found->reason);
    state.forget_target(target);
  } else {
    drop_target(connection, state, target);
  }
}

}  // namespace

void DuckDbDestination::drop_tables(const std::vector<TableRecord>& tables) {
  check_writable();
  reopen_if_broken();
  transaction([&](Connection& connection, StateTables& state) {
    Staging staging(connection, pipeline_);
    TargetCheck check(connection);
    for (const auto& table : tables) {
      if (const auto live = state.live_target(table.target_schema, table.target_name)) {
        drop_if_own(connection, state, check, live->target);
      }
      if (table.oid != 0) {
        if (const auto copy = state.copy_of(table.oid)) drop_target(connection, state, copy->target);
        staging.discard({.kind = StageKey::Kind::table, .id = table.oid});
      }
      state.forget_table(table);
    }
  });
  read_known();
}

void DuckDbDestination::reset() {
  check_writable();
  reopen_if_broken();
  transaction([](Connection& connection, StateTables& state) {
    TargetCheck check(connection);
    for (const auto& record : state.targets()) drop_if_own(connection, state, check, record.target);
    state.forget_pipeline();
  });
  known_ = {};
  last_checkpoint_.reset();
}

void DuckDbDestination::reset_copies() {
  check_writable();
  reopen_if_broken();
  transaction([](Connection& connection, StateTables& state) {
    TargetCheck check(connection);
    for (const auto& record : state.targets()) {
      if (record.oid == 0 || record.oid >= first_source_oid) drop_if_own(connection, state, check, record.target);
    }
    state.forget_copies();
  });
  read_known();
  last_checkpoint_.reset();
}

}  // namespace walbrook::destination::duckdb
