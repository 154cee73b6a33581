#include "destination/duckdb/load.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "destination/duckdb/copy.h"
#include "destination/duckdb/merge.h"
#include "destination/duckdb/own_rows.h"
#include "destination/duckdb/target_check.h"

namespace walbrook::destination::duckdb {

TransactionLoad::TransactionLoad(Connection& connection, const std::string& pipeline, Known& known, Ended ended)
    : connection_(connection),
      pipeline_(pipeline),
      state_(connection, pipeline),
      staging_(connection, pipeline),
      names_(connection),
      known_(known),
      newest_load_(known.newest_load),
      ended_(std::move(ended)) {
  connection_.execute("BEGIN TRANSACTION", "beginning a load");
}

TransactionLoad::~TransactionLoad() {
  if (!outcome_.committed) connection_.rollback();
  ended_(outcome_);
}

const Target& TransactionLoad::target_of(const TableRecord& table) const {
  const std::pair key{table.target_schema, table.target_name};
  if (const auto found = promoted_.find(key); found != promoted_.end()) return found->second;
  if (const auto found = known_.live.find(key); found != known_.live.end()) return found->second;
  throw Error(ErrorKind::internal, fmt::format("table {}.{} has no copy in {} yet", table.schema, table.name,
                                               connection_.database().label()));
}

Target TransactionLoad::finished_copy_of(const TableRecord& table) {
  auto copy = state_.copy_of(table.oid);
  if (!copy || copy->kind != TargetRecord::Kind::finished_copy || copy->target.schema != table.target_schema) {
    throw Error(ErrorKind::internal, fmt::format("table {}.{} has no finished copy", table.schema, table.name));
  }
  return std::move(copy->target);
}

void TransactionLoad::promote(const TableRecord& table) {
  const auto copy = finished_copy_of(table);
  check_owner(connection_, names_, state_, pipeline_, table);
  const auto& database = connection_.database();
  const auto doing = fmt::format("replacing {}.{} by its new copy", table.target_schema, table.target_name);
  on_target([&] {
    connection_.execute("DROP TABLE IF EXISTS " + database.full_name(table.target_schema, table.target_name), doing);
    connection_.execute(fmt::format("ALTER TABLE {} RENAME TO {}", database.full_name(copy.schema, copy.table),
                                    identifier(table.target_name)),
                        doing);
  });
  names_.remove(copy.schema, copy.table);
  names_.add(table.target_schema, table.target_name);
  state_.forget_target(copy);
  TargetRecord live{.kind = TargetRecord::Kind::live, .oid = table.oid, .target = copy};
  live.target.table = table.target_name;
  state_.put_target(live);
  promoted_[{table.target_schema, table.target_name}] = live.target;
}

void TransactionLoad::drop_target(const TargetName& name) {
  const Target target{.schema = name.schema, .table = name.table, .columns = {}};
  if (TargetCheck(connection_).difference(target, nullptr).value_or(TargetDifference{}).name_conflict) {
    state_.forget_target(target);  // a view has its name
  } else {
    on_target([&] { duckdb::drop_target(connection_, state_, target); });
  }
  names_.remove(name.schema, name.table);
  dropped_.emplace_back(name.schema, name.table);
}

MergeCounts TransactionLoad::merge(const TableRecord& table, const NetEffect& effect) {
  if (effect.empty()) return {};
  return on_target([&] { return duckdb::merge(connection_, target_of(table), effect); });
}

void TransactionLoad::truncate(const TableRecord& table) {
  const auto& target = target_of(table);
  on_target([&] {
    connection_.execute("TRUNCATE " + connection_.database().full_name(target.schema, target.table),
                        fmt::format("truncating {}.{}", target.schema, target.table));
  });
}

void TransactionLoad::describe(const TableRecord& table) {
  if (table.columns != nullptr) describe_columns(connection_, target_of(table), *table.columns);
}

void TransactionLoad::put_load(const LoadRecord& load) {
  auto numbered = load;
  if (numbered.id == 0) numbered.id = newest_load_ + 1;
  newest_load_ = std::max(newest_load_, numbered.id);
  state_.put_load(numbered);
}

MergeCounts TransactionLoad::add_copy(const TableRecord& table, const std::vector<std::string>& key) {
  const auto copy = finished_copy_of(table);
  const auto counts = add_rows(connection_, target_of(table), copy, key);
  duckdb::drop_target(connection_, state_, copy);
  return counts;
}

void TransactionLoad::put_checkpoint(const Checkpoint& checkpoint) {
  state_.put_checkpoint(checkpoint);
  outcome_.checkpoint = checkpoint;
}

void TransactionLoad::commit() {
  connection_.database().check_file();
  try {
    connection_.execute("COMMIT", "committing a load");
  } catch (const Error& failed) {
    // DuckDB says so when the rows are safe and only writing its log into the file failed. It must be opened anew.
    if (failed.cause().find("COMMIT succeeded and is durable") == std::string::npos) {
      outcome_.uncertain = true;
      throw Error(ErrorKind::in_doubt, failed.cause(), failed.remedy(), failed.facts());
    }
  }
  outcome_.committed = true;
  for (const auto& key : dropped_) known_.live.erase(key);
  for (auto& [key, target] : promoted_) known_.live[key] = target;
  known_.newest_load = newest_load_;
  // What was committed into a file without a name is not durable: whoever waits for this must not confirm it.
  connection_.database().check_file_names();
}

}  // namespace walbrook::destination::duckdb
