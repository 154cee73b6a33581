#include "destination/duckdb/duckdb_transaction.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/overloaded.h"
#include "destination/destination.h"
#include "destination/duckdb/alter_target.h"
#include "destination/duckdb/copy.h"
#include "destination/duckdb/duckdb_capabilities.h"
#include "destination/duckdb/enum_columns.h"
#include "destination/duckdb/move_targets.h"
#include "destination/duckdb/target_check.h"

namespace walbrook::destination::duckdb {

DuckDbTransaction::DuckDbTransaction(Connection& connection, const std::string& pipeline, Known& known,
                                     const EnumTypes& enums, Ended ended)
    : connection_(connection),
      pipeline_(pipeline),
      state_(connection, pipeline),
      prepared_(connection, pipeline),
      names_(connection),
      known_(known),
      enums_(enums),
      newest_load_(known.newest_load),
      ended_(std::move(ended)) {}

DuckDbTransaction::~DuckDbTransaction() {
  if (begun_ && !outcome_.committed) connection_.rollback();
  ended_(outcome_);
}

void DuckDbTransaction::begin() {
  if (begun_) return;
  writing_ = connection_.database().begin_writing();
  connection_.execute("BEGIN TRANSACTION", "beginning a load");
  begun_ = true;
  const auto& database = connection_.database();
  if (!database.traits().many_processes) return;
  const auto checkpoint = lsn_of(state_.checkpoint());
  if (checkpoint != known_.checkpoint) throw WrittenByAnother(database.label(), checkpoint);
}

void DuckDbTransaction::begin_rows() {
  begin();
  has_changed_rows_ = true;
}

// DuckDB fails at COMMIT if one transaction deletes from a table and then alters it: alterations come first.
void DuckDbTransaction::alter(const OutputRecord& output, const Alteration& alteration) {
  if (alteration.empty()) return;
  if (has_changed_rows_) throw Error(ErrorKind::internal, "a table is altered after the transaction's other changes");
  if (output.state == OutputState::copying) return alter_before(altered_with_copy(output), output, alteration);
  begin();
  auto live = state_.live_target(output.target_schema, output.target_name);
  if (!live) refuse_missing(output);
  alter(*live, output, alteration);
  changed_[Key{live->target.schema, live->target.table}] = std::move(live->target);
}

void DuckDbTransaction::alter(TargetRecord& record, const OutputRecord& output, const Alteration& alteration) {
  on_target([&] {
    if (const auto& before = connection_.database().traits().before_columns) {
      auto columns = alteration.columns;
      for (const auto& renamed : alteration.renamed) columns.push_back(renamed.to);
      before(connection_, record.target.schema, record.target.table, columns);
    }
    alter_target(connection_, state_, record, alteration, output.style.naming, enums_);
    for (const auto& column : alteration.overflow) {
      if (record.target.column_of(column) == nullptr) continue;
      add_overflow_column(connection_, state_, record, column);
    }
  });
}

// The copy, and the table that it replaces, are altered in a transaction before the load: DuckLake (1.5.5) damages its
// catalog if one transaction gives a table a column and a new name.
void DuckDbTransaction::alter_before(std::vector<TargetRecord> records, const OutputRecord& output,
                                     const Alteration& alteration) {
  if (begun_) throw Error(ErrorKind::internal, "a copy is altered after the transaction's other changes");
  connection_.execute("BEGIN TRANSACTION");
  try {
    for (auto& record : records) alter(record, output, alteration);
    connection_.commit();
  } catch (...) {
    connection_.rollback();
    throw;
  }
  for (auto& record : records) {
    const Key key{record.target.schema, record.target.table};
    if (record.kind == TargetRecord::Kind::live) known_.live[key] = std::move(record.target);
  }
}

void DuckDbTransaction::alter_copy(const OutputRecord& output, const Alteration& alteration) {
  auto copy = state_.copy_of(output.id);
  if (!copy || copy->kind != TargetRecord::Kind::finished_copy) refuse_no_copy(output);
  alter_before({*std::move(copy)}, output, alteration);
}

std::vector<TargetRecord> DuckDbTransaction::altered_with_copy(const OutputRecord& output) {
  std::vector<TargetRecord> records;
  if (auto live = state_.live_target(output.target_schema, output.target_name)) records.push_back(*std::move(live));
  if (auto copy = state_.copy_of(output.id); copy && copy->kind == TargetRecord::Kind::finished_copy) {
    records.push_back(*std::move(copy));
  }
  return records;
}

void DuckDbTransaction::refuse_missing(const OutputRecord& output) const {
  throw TargetRefused(fmt::format("target table {}.{} does not exist in {}", output.target_schema, output.target_name,
                                  connection_.database().label()),
                      "Resync the table.");
}

const Target& DuckDbTransaction::target_of(const OutputRecord& output) const {
  const Key key{output.target_schema, output.target_name};
  if (const auto found = changed_.find(key); found != changed_.end()) return found->second;
  if (const auto found = known_.live.find(key); found != known_.live.end()) return found->second;
  refuse_missing(output);
}

Target DuckDbTransaction::finished_copy_of(const OutputRecord& output) {
  auto copy = state_.copy_of(output.id);
  if (!copy || copy->kind != TargetRecord::Kind::finished_copy || copy->target.schema != output.target_schema) {
    refuse_no_copy(output);
  }
  return std::move(copy->target);
}

void DuckDbTransaction::swap_in(const OutputRecord& output, const TargetName* former) {
  begin_rows();
  if (former != nullptr) drop_former(*former);
  const auto copy = finished_copy_of(output);
  if (auto conflict = find_name_conflict(connection_, names_, state_, pipeline_, output)) {
    throw TargetRefused(std::move(conflict->reason), std::move(conflict->hint));
  }
  const auto& database = connection_.database();
  const auto doing = fmt::format("replacing {}.{} by its new copy", output.target_schema, output.target_name);
  on_target([&] {
    connection_.execute("DROP TABLE IF EXISTS " + database.full_name(output.target_schema, output.target_name), doing);
    connection_.execute(fmt::format("ALTER TABLE {} RENAME TO {}", database.full_name(copy.schema, copy.table),
                                    identifier(output.target_name)),
                        doing);
  });
  names_.remove(copy.schema, copy.table);
  names_.add(output.target_schema, output.target_name);
  state_.forget_target(copy);
  outcome_.taken_copies.push_back(output.id);
  TargetRecord live{
      .kind = TargetRecord::Kind::live, .output = output.id, .has_source = output.has_source(), .target = copy};
  live.target.table = output.target_name;
  state_.put_target(live);
  changed_[{output.target_schema, output.target_name}] = live.target;
}

void DuckDbTransaction::drop_former(const TargetName& name) {
  const auto known = known_.live.find(Key{name.schema, name.table});
  const auto target =
      known == known_.live.end() ? Target{.schema = name.schema, .table = name.table, .columns = {}} : known->second;
  const auto found = TargetCheck(connection_).difference(target, nullptr);
  if (found && found->kind == TargetFinding::Kind::name_conflict) {
    state_.forget_target(target);  // a view or a table of somebody else has its name now
  } else {
    on_target([&] { drop_target(connection_, state_, target); });
  }
  names_.remove(name.schema, name.table);
  dropped_.emplace_back(name.schema, name.table);
}

void DuckDbTransaction::move(std::span<const TargetMove> moves) {
  begin();
  std::vector<TargetRecord> live;
  for (const auto& each : moves) {
    auto record = state_.live_target(each.former.schema, each.former.table);
    if (!record) refuse_missing(each.before());
    live.push_back(*std::move(record));
  }
  auto moved =
      on_target([&] { return TargetMover(connection_, state_, names_, pipeline_).move(moves, std::move(live)); });
  for (const auto& each : moves) dropped_.emplace_back(each.former.schema, each.former.table);
  for (auto& record : moved) {
    const Key key{record.target.schema, record.target.table};
    changed_[key] = std::move(record.target);
  }
}

void DuckDbTransaction::expect(const OutputRecord& output, const RowOperations& operations) {
  if (!EnumColumns::has_any(*operations.schema)) return;
  begin();
  const auto& target = target_of(output);
  EnumColumns columns(connection_, target, *operations.schema);
  for (const auto& patch : operations.complete) columns.note(patch.row);
  for (const auto& row : operations.append) columns.note(row);
  on_target([&] {
    if (!with_deleted_rows_.contains({target.schema, target.table})) return columns.alter(enums_);
    columns.replace_table(
        enums_, free_name(capabilities().names, fmt::format("_walbrook_copy_{}", output.id.value),
                          [&](const std::string& candidate) { return names_.contain(target.schema, candidate); }));
  });
}

void DuckDbTransaction::complete(const OutputRecord& output, const RowsOf& rows, std::span<const Patch> patches) {
  begin_rows();
  const auto& target = target_of(output);
  const auto [kept, is_new] = completed_.try_emplace({target.schema, target.table});
  if (!is_new) throw Error(ErrorKind::internal, "completed rows of " + rows.schema->full_name() + " were not appended");
  kept->second = on_target([&] { return complete_rows({connection_, target, rows}, patches, ++completions_); });
}

std::uint64_t DuckDbTransaction::remove(const OutputRecord& output, const RowsOf& rows,
                                        std::span<const Removal> removals) {
  begin_rows();
  const auto& target = target_of(output);
  with_deleted_rows_.insert({target.schema, target.table});
  return on_target([&] { return remove_rows({connection_, target, rows}, removals); });
}

AppendCounts DuckDbTransaction::append(const OutputRecord& output, const RowsOf& rows,
                                       std::span<const RowRef> appended) {
  begin_rows();
  const auto& target = target_of(output);
  const auto completed = completed_.extract({target.schema, target.table});
  return on_target([&] {
    return append_rows({connection_, target, rows}, appended, completed.empty() ? nullptr : &completed.mapped());
  });
}

void DuckDbTransaction::truncate(const OutputRecord& output) {
  begin_rows();
  const auto& target = target_of(output);
  with_deleted_rows_.insert({target.schema, target.table});
  on_target([&] {
    connection_.execute("TRUNCATE " + connection_.database().full_name(target.schema, target.table),
                        fmt::format("truncating {}.{}", target.schema, target.table));
  });
}

void DuckDbTransaction::put(const StateChange& change) {
  begin();
  std::visit(Overloaded{[this](const PutTable& put) { pending_.put(put.table); },
                        [this](const PutOutput& put) { pending_.put(put.output); },
                        [this](const DescribeOutput& put) { describe(put.output); },
                        [this](const PutCheckpoint& put) { put_checkpoint(put.checkpoint); },
                        [this](const PutLoad& put) { put_load(put.load); },
                        [this](const KeepPrepared& put) { prepared_.add(put.xid, put.bytes); },
                        [this](const DropPrepared& put) { prepared_.drop(put.xid); }},
             change);
}

void DuckDbTransaction::read_prepared(std::uint32_t xid, const std::function<void(std::string_view)>& sink) {
  begin();
  prepared_.for_each(xid, sink);
}

void DuckDbTransaction::flush_records() {
  state_.put_tables(pending_.take_tables());
  const auto outputs = pending_.take_outputs();
  if (outputs.empty()) return;
  state_.put_outputs(outputs);
  const auto without_copy = outputs_without_copy(outputs);
  if (without_copy.empty()) return;
  for (const auto& copy : state_.targets()) {
    // A copy that is under way belongs to its writer.
    if (copy.kind != TargetRecord::Kind::finished_copy || !without_copy.contains(copy.output)) continue;
    drop_target(connection_, state_, copy.target);
    names_.remove(copy.target.schema, copy.target.table);
  }
}

void DuckDbTransaction::describe(const OutputRecord& output) {
  if (output.columns != nullptr) describe_columns(connection_, target_of(output), *output.columns);
}

void DuckDbTransaction::put_load(LoadRecord load) {
  flush_records();  // a load is recorded after the new versions of its tables' schemas
  if (load.id == 0) load.id = newest_load_ + 1;
  newest_load_ = std::max(newest_load_, load.id);
  state_.put_load(load);
}

void DuckDbTransaction::put_checkpoint(const Checkpoint& checkpoint) {
  flush_records();  // versions of schemas are as of the previous checkpoint
  state_.put_checkpoint(checkpoint);
  outcome_.checkpoint = checkpoint;
}

void DuckDbTransaction::commit_begun() {
  const auto& traits = connection_.database().traits();
  if (traits.before_commit) traits.before_commit(connection_, pipeline_, outcome_.checkpoint);
  try {
    connection_.execute("COMMIT", "committing a load");
  } catch (const DestinationUnreachable& failed) {
    outcome_.uncertain = true;
    throw DestinationUnreachable(failed.cause(), failed.remedy(), failed.facts(), ErrorKind::in_doubt);
  } catch (const DuckDbError& failed) {
    if (failed.is_durable()) return;  // the file must be opened again
    if (failed.is_conflict()) throw;
    outcome_.uncertain = true;
    throw Error(ErrorKind::in_doubt, failed.cause(), failed.remedy(), failed.facts());
  }
}

void DuckDbTransaction::commit() {
  flush_records();
  connection_.database().check_file();
  if (begun_) commit_begun();
  outcome_.committed = true;
  for (const auto& key : dropped_) known_.live.erase(key);
  for (auto& [key, target] : changed_) known_.live[key] = target;
  known_.newest_load = newest_load_;
  if (outcome_.checkpoint) known_.checkpoint = outcome_.checkpoint->lsn;
  // A commit into a file that has lost its name is not durable: the caller must not confirm it to the source.
  connection_.database().check_file_names();
}

}  // namespace walbrook::destination::duckdb
