#include "destination/postgres/postgres_transaction.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/overloaded.h"
#include "destination/destination.h"
#include "destination/postgres/alter_target.h"
#include "destination/postgres/copy.h"
#include "destination/postgres/move_targets.h"
#include "destination/postgres/needed_target.h"
#include "destination/postgres/target_check.h"
#include "destination/postgres/target_key.h"

namespace walbrook::destination::postgresql {

PostgresTransaction::PostgresTransaction(LoaderSession& loader, const Server& server, Known& known,
                                         bool may_begin_again, Ended ended)
    : loader_(loader),
      session_(*loader.session),
      types_(server.types()),
      pipeline_(server.pipeline()),
      state_(session_, pipeline_),
      known_(known),
      newest_load_(known.newest_load),
      may_begin_again_(may_begin_again),
      ended_(std::move(ended)) {
  // The number tells after a lost connection whether the transaction was committed.
  outcome_.xid = session_.query("BEGIN; SELECT pg_catalog.pg_current_xact_id()", {}, "beginning a load").text(0, 0);
}

template <class Work>
auto PostgresTransaction::on_rows(const Work& work) {
  return on_target([&] {
    try {
      return work();
    } catch (const ServerError& refused) {
      if (!may_begin_again_ || !refused.concerns_form_of_value()) throw;
      outcome_.outdated = true;
      throw TypeWasAltered(refused);
    }
  });
}

PostgresTransaction::~PostgresTransaction() {
  if (!outcome_.committed) {
    session_.rollback();
    loader_.scratch.rolled_back();
  }
  ended_(outcome_);
}

TargetRecord* PostgresTransaction::find_live(const OutputRecord& output) {
  const Key key{output.target_schema, output.target_name};
  auto found = changed_.find(key);
  if (found == changed_.end()) {
    const auto known = known_.live.find(key);
    if (known == known_.live.end()) return nullptr;
    found = changed_.emplace(key, known->second).first;
  }
  return found->second ? &*found->second : nullptr;
}

const Target& PostgresTransaction::target_of(const OutputRecord& output) const {
  const Key key{output.target_schema, output.target_name};
  if (const auto found = changed_.find(key); found != changed_.end()) {
    if (found->second) return found->second->target;
  } else if (const auto known = known_.live.find(key); known != known_.live.end()) {
    return known->second.target;
  }
  refuse_missing(output);
}

void PostgresTransaction::refuse_missing(const OutputRecord& output) const {
  throw TargetRefused(fmt::format("target table {}.{} does not exist in {}", output.target_schema, output.target_name,
                                  session_.where()),
                      "Resync the table.");
}

void PostgresTransaction::alter(TargetRecord& record, const OutputRecord& output, const Alteration& alteration) {
  auto& target = record.target;
  bool changed = alter_target(session_, *types_, target, alteration, output.style.naming);
  for (const auto& source : alteration.overflow) {
    const auto* column = target.column_of(source);
    if (column == nullptr) continue;
    const bool in_primary_key = column->in_primary_key;
    if (!add_overflow_column(session_, target, source)) continue;
    changed = true;
    if (in_primary_key) give_up_primary_key(target, output, source);
  }
  if (changed) state_.put_target(record);
}

// The column is NULL where it cannot hold a value.
void PostgresTransaction::give_up_primary_key(Target& target, const OutputRecord& output, const std::string& column) {
  spdlog::warn("the target table of {}.{} loses its primary key: its column \"{}\" cannot hold a value", output.schema,
               output.name, column);
  drop_primary_key(session_, target);
  if (output.columns != nullptr) create_key(session_, *types_, target, *output.columns, KeyForm::index);
}

// The source's table may have got another key, which the stream reports with its rows. A program may also append rows
// without a key to a table that has one.
void PostgresTransaction::follow_key(const OutputRecord& output, const TableSchema& rows) {
  if (!has_other_primary_key(target_of(output), rows) || (!output.has_source() && !rows.has_key())) return;
  auto& record = *find_live(output);
  on_target([&] {
    drop_primary_key(session_, record.target);
    create_key(session_, *types_, record.target, rows, KeyForm::primary_key);
  });
  state_.put_target(record);
}

void PostgresTransaction::alter(const OutputRecord& output, const Alteration& alteration) {
  if (alteration.empty()) return;
  auto* const live = find_live(output);
  auto copy = output.state == OutputState::copying ? state_.copy_of(output.id) : std::nullopt;
  if (live == nullptr && output.state != OutputState::copying) refuse_missing(output);
  on_target([&] {
    if (live != nullptr) alter(*live, output, alteration);
    if (copy) alter(*copy, output, alteration);
  });
}

void PostgresTransaction::alter_copy(const OutputRecord& output, const Alteration& alteration) {
  auto copy = state_.copy_of(output.id);
  if (!copy) refuse_no_copy(output);
  on_target([&] { alter(*copy, output, alteration); });
}

// A target keeps the privileges that were given to its readers.
void PostgresTransaction::give_privileges(const TargetName& from, const Target& to) {
  const auto rows = session_.query(
      "SELECT g.privilege_type, CASE WHEN g.grantee = 0 THEN 'PUBLIC' ELSE "
      "pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(g.grantee)) END, g.is_grantable FROM pg_catalog.pg_class c "
      "CROSS JOIN LATERAL pg_catalog.aclexplode(c.relacl) g WHERE c.oid = pg_catalog.to_regclass($1) AND g.grantee <> "
      "c.relowner",
      {full_name(from.schema, from.table)}, "reading the privileges of a target table");
  for (int row = 0; row < rows.size(); ++row) {
    session_.execute(fmt::format("GRANT {} ON {} TO {}{}", rows.text(row, 0), full_name(to.schema, to.table),
                                 rows.text(row, 1), rows.boolean(row, 2) ? " WITH GRANT OPTION" : ""),
                     "giving the privileges of a target table");
  }
}

void PostgresTransaction::swap_in(const OutputRecord& output, const TargetName* former) {
  auto copy = state_.copy_of(output.id);
  if (!copy || copy->target.schema != output.target_schema) {
    refuse_no_copy(output);
  }
  if (auto conflict = find_name_conflict(session_, state_, pipeline_, output)) {
    throw TargetRefused(std::move(conflict->reason), std::move(conflict->hint));
  }
  const auto doing = fmt::format("replacing {}.{} by its new copy", output.target_schema, output.target_name);
  const bool is_replaced = on_target([&] {
    if (former != nullptr) {
      give_privileges(*former, copy->target);
      drop_former(*former);
    }
    if (take_rows(output, copy->target, doing)) return false;
    give_privileges(output.target(), copy->target);
    session_.execute("DROP TABLE IF EXISTS " + full_name(output.target_schema, output.target_name), doing);
    session_.execute(fmt::format("ALTER TABLE {} RENAME TO {}", full_name(copy->target.schema, copy->target.table),
                                 identifier(output.target_name)),
                     doing);
    return true;
  });
  if (!is_replaced) return;
  name_index_after_table(session_, output.target());
  state_.forget_target({.schema = copy->target.schema, .table = copy->target.table});
  copy->kind = TargetRecord::Kind::live;
  copy->has_source = output.has_source();
  copy->target.table = output.target_name;
  state_.put_target(*copy);
  changed_[{output.target_schema, output.target_name}] = *std::move(copy);
}

bool PostgresTransaction::take_rows(const OutputRecord& output, const Target& copy, const std::string& action) {
  auto* const live = find_live(output);
  const bool takes =
      live != nullptr && is_needed(session_, output.target()) && takes_rows_of(session_, live->target, copy);
  if (!takes) return false;
  replace_rows(session_, live->target, copy, action);
  if (output.columns != nullptr) describe_columns(session_, live->target, *output.columns);
  live->has_source = output.has_source();
  state_.put_target(*live);
  drop_target(session_, state_, copy);
  return true;
}

void PostgresTransaction::drop_former(const TargetName& name) {
  const auto known = known_.live.find(Key{name.schema, name.table});
  const auto target = known == known_.live.end() ? Target{.schema = name.schema, .table = name.table, .columns = {}}
                                                 : known->second.target;
  const auto found = TargetCheck(session_, *types_).difference(target, nullptr);
  if (found && found->kind == TargetFinding::Kind::name_conflict) {
    state_.forget_target(name);  // an object of somebody else has its name now
  } else {
    drop_target(session_, state_, target);
  }
  changed_[{name.schema, name.table}] = std::nullopt;
}

void PostgresTransaction::move(std::span<const TargetMove> moves) {
  std::vector<TargetRecord> live;
  for (const auto& each : moves) {
    const auto before = each.before();
    auto* const record = find_live(before);
    if (record == nullptr) refuse_missing(before);
    live.push_back(*record);
  }
  const auto moved = on_target([&] { return move_targets(session_, state_, pipeline_, moves, std::move(live)); });
  for (const auto& each : moves) changed_[{each.former.schema, each.former.table}] = std::nullopt;
  for (const auto& record : moved) changed_[{record.target.schema, record.target.table}] = record;
}

void PostgresTransaction::complete(const OutputRecord& output, const RowsOf& rows, std::span<const Patch> patches) {
  follow_key(output, *rows.schema);
  const auto& target = target_of(output);
  const auto [kept, is_new] = completed_.try_emplace({target.schema, target.table});
  if (!is_new) throw Error(ErrorKind::internal, "completed rows of " + rows.schema->full_name() + " were not appended");
  kept->second = on_rows([&] { return complete_rows({session_, *types_, loader_.scratch, target, rows}, patches); });
}

std::uint64_t PostgresTransaction::remove(const OutputRecord& output, const RowsOf& rows,
                                          std::span<const Removal> removals) {
  follow_key(output, *rows.schema);
  return on_rows([&] { return remove_rows({session_, *types_, loader_.scratch, target_of(output), rows}, removals); });
}

AppendCounts PostgresTransaction::append(const OutputRecord& output, const RowsOf& rows,
                                         std::span<const RowRef> appended) {
  follow_key(output, *rows.schema);
  const auto& target = target_of(output);
  const auto completed = completed_.extract({target.schema, target.table});
  return on_rows([&] {
    return append_rows({session_, *types_, loader_.scratch, target, rows}, appended,
                       completed.empty() ? nullptr : &completed.mapped());
  });
}

void PostgresTransaction::truncate(const OutputRecord& output) {
  const auto& target = target_of(output);
  on_target([&] {
    session_.execute("TRUNCATE " + full_name(target.schema, target.table),
                     fmt::format("truncating {}.{}", target.schema, target.table));
  });
}

void PostgresTransaction::put(const StateChange& change) {
  std::visit(Overloaded{[this](const PutTable& put) { pending_.put(put.table); },
                        [this](const PutOutput& put) { pending_.put(put.output); },
                        [this](const DescribeOutput& put) {
                          if (put.output.columns == nullptr) return;
                          describe_columns(session_, target_of(put.output), *put.output.columns);
                        },
                        [this](const PutCheckpoint& put) {
                          flush_records();  // versions of schemas are as of the previous checkpoint
                          state_.put_checkpoint(put.checkpoint);
                          outcome_.checkpoint = put.checkpoint;
                        },
                        [this](const PutLoad& put) { put_load(put.load); },
                        [this](const KeepPrepared& put) { state_.keep_prepared(put.xid, put.bytes); },
                        [this](const DropPrepared& put) { state_.drop_prepared(put.xid); }},
             change);
}

void PostgresTransaction::read_prepared(std::uint32_t xid, const std::function<void(std::string_view)>& sink) {
  state_.read_prepared(xid, sink);
}

void PostgresTransaction::flush_records() {
  state_.put_tables(pending_.take_tables());
  const auto outputs = pending_.take_outputs();
  state_.put_outputs(outputs);
  const auto without_copy = outputs_without_copy(outputs);
  if (!without_copy.empty()) drop_finished_copies(without_copy);
}

void PostgresTransaction::drop_finished_copies(const std::set<OutputId>& outputs) {
  for (const auto& copy : state_.targets()) {
    const bool goes = copy.kind == TargetRecord::Kind::finished_copy && outputs.contains(copy.output);
    if (goes) drop_target(session_, state_, copy.target);
  }
}

void PostgresTransaction::put_load(LoadRecord load) {
  flush_records();  // a load is recorded after the new versions of its tables' schemas
  if (load.id == 0) load.id = newest_load_ + 1;
  newest_load_ = std::max(newest_load_, load.id);
  state_.put_load(load);
}

void PostgresTransaction::commit() {
  flush_records();
  if (session_.has_failed()) {  // COMMIT would roll back, without an error
    throw Error(ErrorKind::internal, "a transaction of which a statement failed was to be committed");
  }
  try {
    session_.execute("COMMIT", "committing a load");
  } catch (const DestinationUnreachable& failed) {
    outcome_.uncertain = true;
    throw DestinationUnreachable(failed.cause(), failed.remedy(), failed.facts(), ErrorKind::in_doubt);
  }
  outcome_.committed = true;
  loader_.scratch.committed();
  for (auto& [key, record] : changed_) {
    if (record) {
      known_.live.insert_or_assign(key, *std::move(record));
    } else {
      known_.live.erase(key);
    }
  }
  known_.newest_load = newest_load_;
}

}  // namespace walbrook::destination::postgresql
