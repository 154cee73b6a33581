#include "destination/postgres/move_targets.h"

#include <fmt/format.h>

#include <utility>

#include "destination/postgres/copy.h"
#include "destination/postgres/postgres_capabilities.h"
#include "destination/postgres/target_check.h"

namespace walbrook::destination::postgresql {

namespace {

// An index moves with its table, and must not meet one of its name there. Walbrook's own gets a name that is nobody's.
void free_index_name(Session& session, const Target& target, const std::string& name) {
  const auto& rules = capabilities().names;
  const auto rows = session.query(
      "SELECT c.relname FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid WHERE i.indrelid "
      "= pg_catalog.to_regclass($1) AND (c.relname IN ($2, $3) OR c.relname LIKE '\\_walbrook\\_copy\\_%') LIMIT 1",
      {full_name(target.schema, target.table), with_suffix(rules, target.table, "_pkey"),
       with_suffix(rules, target.table, "_key_idx")},
      "looking for an index");
  if (rows.size() == 0) return;
  session.execute(
      fmt::format("ALTER INDEX {} RENAME TO {}", full_name(target.schema, rows.text(0, 0)), identifier(name)),
      "naming an index");
}

}  // namespace

// Every table first gets a name that is nobody's, so that tables may exchange their names.
std::vector<TargetRecord> move_targets(Session& session, StateTables& state, const std::string& pipeline,
                                       std::span<const TargetMove> moves, std::vector<TargetRecord> live) {
  const auto alter = [&](const Target& target, const std::string& what) {
    session.execute(fmt::format("ALTER TABLE {} {}", full_name(target.schema, target.table), what),
                    "renaming a target table");
  };
  for (auto& record : live) {
    auto& target = record.target;
    state.forget_target({target.schema, target.table});
    auto name = copy_name(pipeline, record.output) + "_moves";
    free_index_name(session, target, name + "_key");
    alter(target, "RENAME TO " + identifier(name));
    target.table = std::move(name);
  }
  for (std::size_t i = 0; i < moves.size(); ++i) {
    auto& target = live[i].target;
    const auto& output = moves[i].output;
    if (auto conflict = find_name_conflict(session, state, pipeline, output)) {
      throw TargetRefused(std::move(conflict->reason), std::move(conflict->hint));
    }
    drop_target(session, state, {.schema = output.target_schema, .table = output.target_name, .columns = {}});
    if (target.schema != output.target_schema) {
      create_schema(session, output.target_schema);
      alter(target, "SET SCHEMA " + identifier(output.target_schema));
      target.schema = output.target_schema;
    }
    alter(target, "RENAME TO " + identifier(output.target_name));
    target.table = output.target_name;
    state.put_target(live[i]);
  }
  return live;
}

}  // namespace walbrook::destination::postgresql
