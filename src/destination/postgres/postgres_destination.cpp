#include "destination/postgres/postgres_destination.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "base/error.h"
#include "destination/postgres/copy.h"
#include "destination/postgres/postgres_capabilities.h"
#include "destination/postgres/read_session.h"
#include "destination/postgres/target_check.h"
#include "destination/postgres/user_types.h"

namespace walbrook::destination::postgresql {
namespace {

constexpr milliseconds longest_commit_wait{10'000};  // for a commit that another process of the server still performs
constexpr milliseconds commit_poll{100};
constexpr std::string_view invalid_parameter_value = "22023";  // SQLSTATE

}  // namespace

PostgresDestination::PostgresDestination(const DestinationOptions& options)
    : read_only_(options.read_only),
      busy_(options.busy),
      key_(options.primary_key ? KeyForm::primary_key : KeyForm::index),
      creates_types_(options.create_types),
      server_(options.url, options.pipeline) {}

PostgresDestination::~PostgresDestination() = default;

const Capabilities& PostgresDestination::capabilities() const {
  return creates_types_ ? capabilities_with_user_types() : postgresql::capabilities();
}

std::string PostgresDestination::type_name(const PhysicalType& type) const {
  return type_label(type);
}

// Two transactions cannot create the same type. The session is one of its own, because a copy may be under way.
void PostgresDestination::make_types(std::span<const TypeDefinition> types) {
  if (!creates_types_ || types.empty()) return;
  const std::scoped_lock lock(server_.creating());
  // Each part of a table that is copied brings the table's types.
  const auto is_made = [this](const TypeDefinition& type) {
    const auto known = made_types_.find(type.full_name);
    return known != made_types_.end() && known->second == type;
  };
  if (std::ranges::all_of(types, is_made)) return;
  const auto session = server_.open_session();
  const auto unfit = make_user_types(*session, types);
  for (const auto& type : types) {
    if (unfit.contains(type.full_name)) {
      made_types_.erase(type.full_name);
    } else {
      made_types_.insert_or_assign(type.full_name, type);
    }
  }
  server_.note_types(types, unfit);
  server_.read_types(*session);
}

std::string PostgresDestination::missing_type(const PhysicalType& type) const {
  return server_.types()->missing(type);
}

void PostgresDestination::connect() {
  auto loader = std::make_unique<LoaderSession>(server_.open_session());
  if (!read_only_) lock_pipeline(*loader->session, server_.pipeline(), busy_);
  server_.read_types(*loader->session);
  loader_ = std::move(loader);
}

template <class Work>
void PostgresDestination::transaction(const Work& work) {
  if (transaction_is_open_) throw Error(ErrorKind::internal, "a transaction is open on the destination");
  auto& session = *loader_->session;
  session.execute(read_only_ ? "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" : "BEGIN", "beginning a transaction");
  try {
    StateTables state(session, server_.pipeline());
    work(state);
    session.execute("COMMIT", "committing a transaction");
  } catch (...) {
    session.rollback();
    throw;
  }
}

State PostgresDestination::open() {
  {
    const std::scoped_lock lock(server_.creating());
    made_types_.clear();  // whoever opens the destination again wants to know what is there
  }
  if (loader_ == nullptr || loader_->session->is_broken() || uncertain_) {
    loader_.reset();  // its session holds the lock
    connect();
    uncertain_.reset();
  }
  State found;
  if (read_only_) {
    transaction([&](StateTables& state) {
      if (!state.exist()) return;
      state.check_format();
      found = state.load();
    });
    return found;
  }
  transaction([&](StateTables& state) {
    state.create();
    // Copies of an earlier process: either the table is copied again under another snapshot, or it has left the
    // publication since, and nothing would ever remove its copy.
    for (const auto& record : state.targets()) {
      if (record.kind != TargetRecord::Kind::live) drop_target(*loader_->session, state, record.target);
    }
    identity_ = state.identity();
    read_known(state);
    found = state.load();
  });
  last_checkpoint_ = found.checkpoint;
  return found;
}

void PostgresDestination::read_known(StateTables& state) {
  known_ = {};
  for (auto& record : state.targets()) {
    if (record.kind != TargetRecord::Kind::live) continue;
    const std::pair key{record.target.schema, record.target.table};
    known_.live.emplace(key, std::move(record));
  }
  known_.newest_load = state.newest_load();
}

State PostgresDestination::read_state() {
  reconnect_if_broken();
  State found;
  transaction([&](StateTables& state) {
    if (state.exist()) found = state.load();
  });
  return found;
}

void PostgresDestination::check_writable() const {
  if (read_only_) throw Error(ErrorKind::internal, name() + " was opened to be read only");
}

void PostgresDestination::check_same(StateTables& state) {
  const bool is_same = state.exist() && state.identity() == identity_;
  if (is_same && lsn_of(state.checkpoint()) >= lsn_of(last_checkpoint_)) return;
  throw DestinationLost(
      is_same
          ? fmt::format("the database {} was restored from an older state: its checkpoint is {}, and {} was durable",
                        name(), lsn_of(state.checkpoint()).to_string(), lsn_of(last_checkpoint_).to_string())
          : fmt::format("the database {} is no longer the one that was opened: schema _walbrook is missing, or is "
                        "that of another database",
                        name()),
      "Start walbrook again once the right database answers there.");
}

void PostgresDestination::check_still_there() {
  if (loader_ == nullptr || loader_->session->is_broken() || transaction_is_open_) return;
  try {
    transaction([this](StateTables& state) {
      if (!state.exist() || state.identity() != identity_) check_same(state);
    });
  } catch (const DestinationUnreachable& failed) {  // the next load tries again, and reports it
    spdlog::debug("{}", failed.cause());
  }
}

namespace {

// Returns "committed", "aborted" or "in progress". A server that has crashed knows nothing of a transaction of which
// nothing was on disk: the number is "in the future" for it. REQUIRES: a transaction is open.
std::string commit_status(Session& session, const std::string& xid) {
  constexpr auto action = "looking for a commit";
  session.execute("SAVEPOINT before_question", action);
  try {
    return session.query("SELECT pg_catalog.pg_xact_status($1)", {xid}, action).text(0, 0);
  } catch (const ServerError& refused) {
    if (refused.sqlstate() != invalid_parameter_value) throw;
    session.execute("ROLLBACK TO SAVEPOINT before_question", action);
    return "aborted";
  }
}

}  // namespace

// A commit that waits for a standby may still be under way in the server's former process.
bool PostgresDestination::was_committed(const std::string& xid) {
  const auto deadline = std::chrono::steady_clock::now() + longest_commit_wait;
  while (true) {
    const auto status = commit_status(*loader_->session, xid);
    if (status != "in progress") return status == "committed";
    if (std::chrono::steady_clock::now() >= deadline) {
      throw Error(ErrorKind::destination,
                  fmt::format("{}: transaction {}, whose commit is in doubt, is still under way there", name(), xid));
    }
    std::this_thread::sleep_for(commit_poll);
  }
}

void PostgresDestination::decide_uncertain(StateTables& state) {
  const auto checkpoint = state.checkpoint();
  const bool advanced = lsn_of(checkpoint) > lsn_of(last_checkpoint_);
  if (!advanced && !was_committed(uncertain_->xid)) {
    uncertain_.reset();
    return;
  }
  throw CommitWasDurable(name(), lsn_of(checkpoint));
}

// The lock was free between the two connections.
void PostgresDestination::check_not_written(StateTables& state) {
  const auto checkpoint = lsn_of(state.checkpoint());
  if (checkpoint != lsn_of(last_checkpoint_) || state.newest_load() != known_.newest_load) {
    throw WrittenByAnother(name(), checkpoint);
  }
}

void PostgresDestination::reconnect_if_broken() {
  if (loader_ != nullptr && !loader_->session->is_broken()) return;
  loader_.reset();
  connect();
  if (identity_.empty()) return;  // opened to be read
  try {
    transaction([this](StateTables& state) {
      check_same(state);
      if (uncertain_) decide_uncertain(state);
      check_not_written(state);
      read_known(state);
    });
  } catch (...) {
    loader_.reset();  // so that every later load comes here again
    throw;
  }
}

std::vector<TargetFinding> PostgresDestination::inspect(std::span<const OutputRecord> outputs) {
  std::vector<TargetFinding> findings;
  if (outputs.empty()) return findings;
  reconnect_if_broken();
  transaction([&](StateTables& state) {
    if (!state.exist()) return;
    const auto types = server_.types();
    TargetCheck check(*loader_->session, *types);
    findings =
        inspect_targets(outputs, state.targets(), capabilities().names, name(),
                        {.difference = [&](const Target& target,
                                           const TableSchema* columns) { return check.difference(target, columns); },
                         .name_conflict =
                             [&](const OutputRecord& output) {
                               return find_name_conflict(*loader_->session, state, server_.pipeline(), output);
                             }});
  });
  return findings;
}

std::unique_ptr<destination::Transaction> PostgresDestination::begin(const AttemptId& /*attempt*/) {
  check_writable();
  if (transaction_is_open_) throw Error(ErrorKind::internal, "a transaction is open on the destination");
  reconnect_if_broken();
  // Once at each checkpoint: a value that does not fit after the types were read again fits never.
  const bool may_begin_again = creates_types_ && outdated_at_ != lsn_of(last_checkpoint_);
  auto begun = std::make_unique<PostgresTransaction>(*loader_, server_, known_, may_begin_again,
                                                     [this](const PostgresTransaction::Outcome& outcome) {
                                                       if (outcome.outdated) outdated_at_ = lsn_of(last_checkpoint_);
                                                       transaction_is_open_ = false;
                                                       if (outcome.committed && outcome.checkpoint) {
                                                         last_checkpoint_ = outcome.checkpoint;
                                                       }
                                                       if (outcome.uncertain) uncertain_ = outcome;
                                                     });
  transaction_is_open_ = true;
  return begun;
}

std::unique_ptr<CopyWriter> PostgresDestination::begin_copy(std::span<const CopyTarget> outputs) {
  check_writable();
  return std::make_unique<Copy>(server_, outputs, key_);
}

std::unique_ptr<ReadSession> PostgresDestination::open_session(const ReadOptions& options) {
  auto chosen = options;
  if (chosen.pipeline.empty()) chosen.pipeline = server_.pipeline();
  return std::make_unique<PostgresReadSession>(server_.open_session(), std::move(chosen));
}

namespace {

// Drops the target, but not an object that has taken its name since.
void drop_if_own(Session& session, StateTables& state, TargetCheck& check, const Target& target) {
  const auto found = check.difference(target, nullptr);
  if (found && found->kind == TargetFinding::Kind::name_conflict) {
    spdlog::warn("{}: it stays", found->reason);
    state.forget_target({.schema = target.schema, .table = target.table});
  } else {
    drop_target(session, state, target);
  }
}

}  // namespace

void PostgresDestination::drop(DropScope scope, std::span<const OutputRecord> outputs) {
  check_writable();
  reconnect_if_broken();
  transaction([&](StateTables& state) {
    auto& session = *loader_->session;
    const auto types = server_.types();
    TargetCheck check(session, *types);
    for (const auto& record : state.targets()) {
      const auto is_output = [&record](const OutputRecord& output) {
        const TargetName name{.schema = record.target.schema, .table = record.target.table};
        return record.kind == TargetRecord::Kind::live ? output.target() == name : output.id == record.output;
      };
      const bool goes = scope == DropScope::outputs ? std::ranges::any_of(outputs, is_output)
                                                    : scope == DropScope::pipeline || record.has_source;
      if (goes) drop_if_own(session, state, check, record.target);
    }
    if (scope == DropScope::outputs) {
      for (const auto& output : outputs) state.forget_output(output);
    } else if (scope == DropScope::pipeline) {
      state.forget_pipeline();
    } else {
      state.forget_sourced();
    }
    read_known(state);
  });
  if (scope != DropScope::outputs) last_checkpoint_.reset();
}

}  // namespace walbrook::destination::postgresql
