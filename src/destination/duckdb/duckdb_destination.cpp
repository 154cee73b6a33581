#include "destination/duckdb/duckdb_destination.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/error.h"
#include "destination/duckdb/attached_database.h"
#include "destination/duckdb/copy.h"
#include "destination/duckdb/file_place.h"
#include "destination/duckdb/file_url.h"
#include "destination/duckdb/retried_transaction.h"
#include "destination/duckdb/state.h"
#include "destination/duckdb/target_check.h"
#include "destination/duckdb/types.h"

namespace walbrook::destination::duckdb {

DuckDbDestination::DuckDbDestination(const DestinationOptions& options)
    : DuckDbDestination(DatabaseOptions{.path = path_of(options.url),
                                        .read_only = options.read_only,
                                        .memory_limit = options.memory_limit,
                                        .threads = options.threads},
                        options) {}

DuckDbDestination::DuckDbDestination(DatabaseOptions database, const DestinationOptions& options)
    : options_(std::move(database)),
      use_{.path = options_.path.empty() ? options_.catalog_file : options_.path,
           .writes = !options.read_only,
           .owner = options.owner,
           .busy = options.busy},
      shared_with_writers_(options.shared_with_writers),
      pipeline_(options.pipeline),
      has_enums_(options.enum_columns && !options_.attachment) {}

DuckDbDestination::~DuckDbDestination() {
  disconnect();
}

const Capabilities& DuckDbDestination::capabilities() const {
  if (has_enums_) return capabilities_with_enums();
  return options_.attachment ? options_.attachment->traits.capabilities() : duckdb::capabilities();
}

std::string DuckDbDestination::type_name(const PhysicalType& type) const {
  return type.native.empty() ? sql_type(type) : "ENUM";
}

void DuckDbDestination::make_types(std::span<const TypeDefinition> types) {
  if (has_enums_) enums_.note(types);
}

std::string DuckDbDestination::name() const {
  return options_.path.empty() ? options_.label : file_label(options_.path);
}

void DuckDbDestination::disconnect() {
  const std::scoped_lock lock(mutex_);
  for (const auto& session : sessions_) {
    if (const auto open = session.lock()) open->close();
  }
  sessions_.clear();
  connection_.reset();
  if (database_ != nullptr && database_->is_broken()) {  // all uses of the owner must open it again
    for (const auto& session : database_->sessions()) session->close();
  }
  database_.reset();
}

void DuckDbDestination::connect() {
  const bool is_claimed = !use_.path.empty();
  if (is_claimed && claim_ == nullptr) claim_ = std::make_unique<FileClaim>(use_);
  const std::scoped_lock lock(mutex_);
  database_ = is_claimed ? claim_->database([this] { return open_shared(); }) : open_as(options_);
  connection_ = std::make_unique<Connection>(database_);
}

std::shared_ptr<Database> DuckDbDestination::open_as(const DatabaseOptions& options) const {
  return options.path.empty() ? open_attached(options) : std::make_shared<Database>(options);
}

// Opens the file as options_ ask or, if other uses of the owner may begin to write, for writing if that is possible.
std::shared_ptr<Database> DuckDbDestination::open_shared() const {
  if (options_.read_only && shared_with_writers_) {
    auto writing = options_;
    writing.read_only = false;
    try {
      return open_as(writing);
    } catch (const Error&) {  // NOLINT(bugprone-empty-catch): reading says what is wrong, if it is wrong there, too
    }
  }
  return open_as(options_);
}

void DuckDbDestination::check_still_there() {
  if (const auto database = connection_ == nullptr ? nullptr : &connection_->database()) database->check_file();
}

template <class Work>
void DuckDbDestination::transaction(const Work& work) {
  if (transaction_is_open_) throw Error(ErrorKind::internal, "a transaction is open on the destination");
  run_retried(*connection_, [&] {
    StateTables state(*connection_, pipeline_);
    work(*connection_, state);
  });
}

template <class Work>
void DuckDbDestination::reading(const Work& work) {
  connection_->execute("BEGIN TRANSACTION READ ONLY");
  try {
    StateTables state(*connection_, pipeline_);
    work(*connection_, state);
  } catch (...) {
    connection_->rollback();
    throw;
  }
  connection_->rollback();
}

// A file that is open is not closed and opened again: another use that waits for it would get it in between.
State DuckDbDestination::open() {
  if (connection_ == nullptr || connection_->database().is_broken() || uncertain_) {
    disconnect();
    connect();
    uncertain_.reset();
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
    last_load_ = found.newest_load;
    return found;
  }
  transaction([](Connection& /*connection*/, StateTables& state) { state.create(); });
  const auto& database = connection_->database();
  if (const auto& made = database.traits().state_was_made) made(*connection_, database.state_schema_of(pipeline_));
  drop_left_copies();
  read_known();
  transaction([&](Connection& /*connection*/, StateTables& state) { found = state.load(); });
  found.newest_load = known_.newest_load;
  last_checkpoint_ = found.checkpoint;
  last_load_ = found.newest_load;
  return found;
}

State DuckDbDestination::read_state() {
  reopen_if_broken();
  State found;
  if (!StateTables(*connection_, pipeline_).exist()) return found;
  reading([&](Connection& /*connection*/, StateTables& state) {
    found = state.load();
    found.newest_load = state.newest_load();
  });
  return found;
}

// Drops the copies of an earlier process, whole ones too: either the table is copied again under another snapshot, or
// it has left the publication since, and nothing would ever remove its copy.
void DuckDbDestination::drop_left_copies() {
  transaction([](Connection& connection, StateTables& state) {
    for (const auto& record : state.targets()) {
      if (record.kind != TargetRecord::Kind::live) drop_target(connection, state, record.target);
    }
  });
}

void DuckDbDestination::read_known() {
  transaction([this](Connection& /*connection*/, StateTables& state) {
    Known now;
    for (auto& record : state.targets()) {
      if (record.kind != TargetRecord::Kind::live) continue;
      const std::pair key{record.target.schema, record.target.table};
      now.live[key] = std::move(record.target);
    }
    now.newest_load = state.newest_load();
    now.checkpoint = lsn_of(state.checkpoint());
    known_ = std::move(now);
  });
}

void DuckDbDestination::check_writable() const {
  if (options_.read_only) throw Error(ErrorKind::internal, name() + " was opened to be read only");
}

void DuckDbDestination::reopen_if_broken() {
  if (connection_ != nullptr && !connection_->database().is_broken() && !(uncertain_ && options_.attachment)) return;
  disconnect();
  connect();
  const auto before = known_.live;
  read_known();
  const bool is_written = known_.newest_load != last_load_ || known_.checkpoint != lsn_of(last_checkpoint_);
  if (!uncertain_) {
    if (!is_written || options_.read_only) return;
    const auto checkpoint = known_.checkpoint;
    connection_.reset();  // so that every later load comes here again
    throw WrittenByAnother(name(), checkpoint);
  }
  StateTables state(*connection_, pipeline_);
  // A commit that swapped tables in may have left the checkpoint where it was, and so does a program's load, and one
  // that renamed columns or tables, which must not be made twice. So the copies, the number of the newest load and the
  // targets are compared too.
  const bool has_copies = std::ranges::all_of(uncertain_->taken_copies, [&state](OutputId output) {
    const auto copy = state.copy_of(output);
    return copy && copy->kind == TargetRecord::Kind::finished_copy;
  });
  if (has_copies && !is_written && known_.live == before) {
    uncertain_.reset();
    return;
  }
  connection_.reset();  // so that every later load comes here again
  throw CommitWasDurable(name(), known_.checkpoint);
}

std::vector<TargetFinding> DuckDbDestination::inspect(std::span<const OutputRecord> outputs) {
  std::vector<TargetFinding> findings;
  if (outputs.empty()) return findings;
  reopen_if_broken();
  if (!StateTables(*connection_, pipeline_).exist()) return findings;
  reading([&](Connection& connection, StateTables& state) {
    RelationNames names(connection);
    TargetCheck check(connection);
    findings =
        inspect_targets(outputs, state.targets(), capabilities().names, name(),
                        {.difference = [&](const Target& target,
                                           const TableSchema* columns) { return check.difference(target, columns); },
                         .name_conflict =
                             [&](const OutputRecord& output) {
                               return find_name_conflict(connection, names, state, pipeline_, output);
                             }});
  });
  return findings;
}

std::unique_ptr<destination::Transaction> DuckDbDestination::begin(const AttemptId& /*attempt*/) {
  check_writable();
  if (transaction_is_open_) throw Error(ErrorKind::internal, "a transaction is open on the destination");
  reopen_if_broken();
  if (auto& database = connection_->database(); database.holds_many_written_tables()) {
    const std::scoped_lock quiet(copies_);  // DuckDB makes no checkpoint while another transaction writes
    database.put_out_written_tables();
  }
  auto begun = std::make_unique<DuckDbTransaction>(*connection_, pipeline_, known_, enums_,
                                                   [this](const DuckDbTransaction::Outcome& outcome) {
                                                     transaction_is_open_ = false;
                                                     if (outcome.committed) {
                                                       uncertain_.reset();  // an earlier one was decided before it
                                                       if (outcome.checkpoint) last_checkpoint_ = outcome.checkpoint;
                                                       last_load_ = known_.newest_load;
                                                     }
                                                     if (outcome.uncertain) uncertain_ = outcome;
                                                   });
  transaction_is_open_ = true;
  return begun;
}

std::shared_ptr<Database> DuckDbDestination::open_to_write() {
  check_writable();
  return open_database();
}

std::shared_ptr<Database> DuckDbDestination::open_database() {
  const std::scoped_lock lock(mutex_);
  if (database_ == nullptr) throw Error(ErrorKind::destination, name() + " is not open");
  return database_;
}

std::unique_ptr<CopyWriter> DuckDbDestination::begin_copy(std::span<const CopyTarget> outputs) {
  auto database = open_to_write();
  return std::make_unique<Copy>(std::move(database), pipeline_, outputs, enums_, std::unique_lock(copies_));
}

std::unique_ptr<ReadSession> DuckDbDestination::open_session(const ReadOptions& options) {
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

namespace {

// Drops the target, but not an object that has taken its name since.
void drop_if_own(Connection& connection, StateTables& state, TargetCheck& check, const Target& target) {
  const auto found = check.difference(target, nullptr);
  if (found && found->kind == TargetFinding::Kind::name_conflict) {
    spdlog::warn("{}: it stays", found->reason);
    state.forget_target(target);
  } else {
    drop_target(connection, state, target);
  }
}

}  // namespace

void DuckDbDestination::drop_outputs(Connection& connection, StateTables& state,
                                     std::span<const OutputRecord> outputs) {
  TargetCheck check(connection);
  for (const auto& output : outputs) {
    if (const auto live = state.live_target(output.target_schema, output.target_name)) {
      drop_if_own(connection, state, check, live->target);
    }
    if (const auto copy = state.copy_of(output.id)) drop_target(connection, state, copy->target);
    state.forget_output(output);
  }
}

void DuckDbDestination::drop(DropScope scope, std::span<const OutputRecord> outputs) {
  check_writable();
  reopen_if_broken();
  transaction([&](Connection& connection, StateTables& state) {
    if (scope == DropScope::outputs) return drop_outputs(connection, state, outputs);
    TargetCheck check(connection);
    for (const auto& record : state.targets()) {
      if (scope == DropScope::pipeline || record.has_source) drop_if_own(connection, state, check, record.target);
    }
    scope == DropScope::pipeline ? state.forget_pipeline() : state.forget_sourced();
  });
  read_known();
  last_load_ = known_.newest_load;
  if (scope != DropScope::outputs) last_checkpoint_.reset();
}

}  // namespace walbrook::destination::duckdb
