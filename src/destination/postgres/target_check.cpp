#include "destination/postgres/target_check.h"

#include <fmt/format.h>

namespace walbrook::destination::postgresql {
namespace {

constexpr const char* columns_query = R"(
SELECT n.nspname, c.relname, c.relkind, a.attname, a.atttypid, pg_catalog.format_type(a.atttypid, a.atttypmod)
FROM pg_catalog.pg_namespace n
  LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
  LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE n.nspname IN (SELECT schema_name FROM _walbrook.targets)
)";

}  // namespace

void TargetCheck::read() {
  is_read_ = true;
  const auto rows = session_.query(columns_query, {}, "reading the catalog");
  for (int row = 0; row < rows.size(); ++row) {
    schemas_.insert(rows.text(row, 0));
    if (rows.is_null(row, 1)) continue;
    auto& relation = relations_[{rows.text(row, 0), rows.text(row, 1)}];
    relation.is_table = rows.text(row, 2) == "r";
    if (!rows.is_null(row, 3)) relation.columns[rows.text(row, 3)] = {rows.oid(row, 4), rows.text(row, 5)};
  }
}

std::optional<TargetDifference> TargetCheck::difference(const Target& target, const TableSchema* columns) {
  if (!is_read_) read();
  const auto found = relations_.find({target.schema, target.table});
  const auto where = session_.where();
  if (found == relations_.end()) return dropped_target(target, where, schemas_.contains(target.schema));
  const auto& relation = found->second;
  if (!relation.is_table) {
    return conflicting_target(
        fmt::format("{}.{} in {} is not the target table that walbrook created, but an object of another kind",
                    target.schema, target.table, where));
  }
  return compare_columns(target, where, [&](const TargetColumn& column) -> FoundColumn {
    using Found = FoundColumn::State;
    const auto type = columns == nullptr ? std::nullopt : types_.of(column, *columns);
    if (columns != nullptr && !type) return {.state = Found::not_made};
    const auto there = relation.columns.find(column.name);
    if (there == relation.columns.end()) return {.state = Found::missing};
    if (!type || there->second.first == type->oid) return {};
    return {.state = Found::other, .type = there->second.second, .made = type->sql};
  });
}

std::optional<NameConflict> find_name_conflict(Session& session, StateTables& state, const std::string& pipeline,
                                               const OutputRecord& output) {
  const auto is_taken = session
                            .query(
                                "SELECT EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON "
                                "n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2)",
                                {output.target_schema, output.target_name}, "looking for a target table")
                            .boolean(0, 0);
  if (!is_taken) return std::nullopt;
  const auto owner = state.owner(output.target());
  if (owner == pipeline) return std::nullopt;
  return name_conflict_of(output.target(), session.where(), owner);
}

void check_owner(Session& session, StateTables& state, const std::string& pipeline, const OutputRecord& output) {
  const auto conflict = find_name_conflict(session, state, pipeline, output);
  if (conflict) throw Error(ErrorKind::destination, conflict->reason, conflict->hint);
}

}  // namespace walbrook::destination::postgresql
