#include "destination/duckdb/move_targets.h"

#include <fmt/format.h>

#include <utility>

#include "destination/duckdb/copy.h"
#include "destination/duckdb/duckdb_capabilities.h"

namespace walbrook::destination::duckdb {

std::vector<TargetRecord> TargetMover::move(std::span<const TargetMove> moves, std::vector<TargetRecord> live) {
  for (auto& record : live) take_away(record);
  for (std::size_t i = 0; i < moves.size(); ++i) put(live[i], moves[i].output);
  return live;
}

// Gives the table a name that is nobody's.
void TargetMover::take_away(TargetRecord& record) {
  auto& target = record.target;
  state_.forget_target(target);
  auto name = free_name(capabilities().names, fmt::format("_walbrook_move_{}", record.output.value),
                        [&](const std::string& candidate) { return names_.contain(target.schema, candidate); });
  rename(target, name, fmt::format("renaming {}.{}", target.schema, target.table));
  target.table = std::move(name);
}

void TargetMover::put(TargetRecord& record, const OutputRecord& output) {
  if (auto conflict = find_name_conflict(connection_, names_, state_, pipeline_, output)) {
    throw TargetRefused(std::move(conflict->reason), std::move(conflict->hint));
  }
  const auto& [schema, table] = output.target();
  if (names_.contain(schema, table)) {
    drop_target(connection_, state_, {.schema = schema, .table = table, .columns = {}});
    names_.remove(schema, table);
  }
  const auto doing = fmt::format("moving a table to {}.{}", schema, table);
  if (record.target.schema == schema) {
    rename(record.target, table, doing);
  } else {
    recreate(record.target, output, doing);
  }
  record.target.schema = schema;
  record.target.table = table;
  state_.put_target(record);
}

void TargetMover::rename(const Target& target, const std::string& name, const std::string& doing) {
  connection_.execute(fmt::format("ALTER TABLE {} RENAME TO {}",
                                  connection_.database().full_name(target.schema, target.table), identifier(name)),
                      doing);
  names_.remove(target.schema, target.table);
  names_.add(target.schema, name);
}

void TargetMover::recreate(const Target& target, const OutputRecord& output, const std::string& doing) {
  const auto& database = connection_.database();
  const auto before = database.full_name(target.schema, target.table);
  connection_.execute(fmt::format("CREATE SCHEMA IF NOT EXISTS {}.{}", identifier(database.catalog()),
                                  identifier(output.target_schema)),
                      doing);
  connection_.execute(
      fmt::format("CREATE TABLE {} AS FROM {}", database.full_name(output.target_schema, output.target_name), before),
      doing);
  connection_.execute("DROP TABLE " + before, doing);
  names_.remove(target.schema, target.table);
  names_.add(output.target_schema, output.target_name);
  if (output.columns == nullptr) return;
  auto moved = target;
  moved.schema = output.target_schema;
  moved.table = output.target_name;
  describe_columns(connection_, moved, *output.columns);
}

}  // namespace walbrook::destination::duckdb
