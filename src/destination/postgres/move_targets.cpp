#include "destination/postgres/move_targets.h"

#include <fmt/format.h>

#include <utility>

#include "destination/postgres/copy.h"
#include "destination/postgres/target_check.h"
#include "destination/postgres/target_key.h"

namespace walbrook::destination::postgresql {

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
    // The index moves with its table, and must not meet one of its name there.
    rename_index(session, {.schema = target.schema, .table = target.table}, name + "_key");
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
    name_index_after_table(session, output.target());
    state.put_target(live[i]);
  }
  return live;
}

}  // namespace walbrook::destination::postgresql
