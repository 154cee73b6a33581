#include "destination/postgres/target_check.h"

#include <fmt/format.h>

namespace walbrook::destination::postgresql {
namespace {

constexpr const char* how_to_free =
    "It is not touched. Rename or drop it, or use another schema for the target tables: --dataset NAME. The next run "
    "then resyncs the table.";

constexpr const char* columns_query = R"(
SELECT n.nspname, c.relname, c.relkind, a.attname, a.atttypid, pg_catalog.format_type(a.atttypid, a.atttypmod)
FROM pg_catalog.pg_namespace n
  LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
  LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE n.nspname IN (SELECT schema_name FROM _walbrook.targets)
)";

std::string dotted_name(const Target& target) {
  return target.schema + "." + target.table;
}

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

TargetDifference TargetCheck::missing(const Target& target) const {
  const auto where = session_.where();
  if (!schemas_.contains(target.schema)) {
    return {.kind = TargetFinding::Kind::missing,
            .reason = fmt::format("schema {} was dropped in {}", target.schema, where),
            .hint = {}};
  }
  return {.kind = TargetFinding::Kind::missing,
          .reason = fmt::format("target table {} was dropped or renamed in {}", dotted_name(target), where),
          .hint = {}};
}

std::optional<TargetDifference> TargetCheck::difference(const Target& target, const TableSchema* columns) {
  if (!is_read_) read();
  const auto found = relations_.find({target.schema, target.table});
  if (found == relations_.end()) return missing(target);
  if (found->second.is_table) return compare(target, columns, found->second);
  return TargetDifference{
      .kind = TargetFinding::Kind::name_conflict,
      .reason = fmt::format("{} in {} is not the target table that walbrook created, but an object of another kind",
                            dotted_name(target), session_.where()),
      .hint = how_to_free};
}

std::optional<TargetDifference> TargetCheck::compare(const Target& target, const TableSchema* columns,
                                                     const Relation& relation) const {
  std::size_t made = 0, there = 0, unaltered = 0;
  std::string first;
  for (const auto& column : target.columns) {
    const auto type = columns == nullptr ? std::nullopt : types_.of(column, *columns);
    if (columns != nullptr && !type) continue;
    ++made;
    const auto found = relation.columns.find(column.name);
    const auto label = fmt::format("{} \"{}\" of target table {}", column.is_overflow ? "overflow column" : "column",
                                   column.name, dotted_name(target));
    if (found == relation.columns.end()) {
      if (first.empty()) first = fmt::format("{} was dropped or renamed in {}", label, session_.where());
      continue;
    }
    ++there;
    if (!type || found->second.first == type->oid) {
      ++unaltered;
    } else if (first.empty()) {
      first = fmt::format("{} is {} in {}, and was created as {}", label, found->second.second, session_.where(),
                          type->sql);
    }
  }
  if (unaltered == made) return std::nullopt;
  // An ALTER leaves most columns unchanged; a table in which most are different is another table.
  if (there == made || 2 * unaltered >= made) return TargetDifference{.reason = std::move(first), .hint = {}};
  return TargetDifference{
      .kind = TargetFinding::Kind::name_conflict,
      .reason = fmt::format("{} in {} has other columns than the target table that walbrook created: {}",
                            dotted_name(target), session_.where(), first),
      .hint = how_to_free};
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
  const SetOption elsewhere{RemedyOption::dataset, "NAME"};
  return NameConflict{
      .reason =
          fmt::format("{}.{} already exists in {} and {}", output.target_schema, output.target_name, session.where(),
                      owner ? "belongs to pipeline \"" + *owner + "\"" : "was not created by walbrook"),
      .hint =
          owner ? remedy("It is not touched. Use another schema for the target tables: {}.", elsewhere)
                : remedy("It is not touched. Rename it, or use another schema for the target tables: {}.", elsewhere)};
}

void check_owner(Session& session, StateTables& state, const std::string& pipeline, const OutputRecord& output) {
  const auto conflict = find_name_conflict(session, state, pipeline, output);
  if (conflict) throw Error(ErrorKind::destination, conflict->reason, conflict->hint);
}

}  // namespace walbrook::destination::postgresql
