#include "destination/target_difference.h"

#include <fmt/format.h>

#include <map>
#include <utility>
#include <vector>

namespace walbrook::destination {
namespace {

constexpr const char* how_to_free =
    "It is not touched. Rename or drop it, or use another schema for the target tables: --dataset NAME. The next run "
    "then resyncs the table.";

std::string dotted_name(const Target& target) {
  return target.schema + "." + target.table;
}

std::string describe(const FoundColumn& found, const TargetColumn& column, const Target& target,
                     const std::string& where) {
  const auto label = fmt::format("{} \"{}\" of target table {}", column.is_overflow ? "overflow column" : "column",
                                 column.name, dotted_name(target));
  if (found.state == FoundColumn::State::missing) return fmt::format("{} was dropped or renamed in {}", label, where);
  return fmt::format("{} is {} in {}, and was created as {}", label, found.type, where, found.made);
}

std::optional<TargetFinding> inspect_target(const OutputRecord& output, const TargetRecord* target,
                                            const NameRules& names, const std::string& where,
                                            const TargetInspection& inspection) {
  using Kind = TargetFinding::Kind;
  if (target != nullptr) {
    const bool of_output = target->output == output.id;
    auto found = inspection.difference(target->target, of_output ? output.columns.get() : nullptr);
    if (!found || (output.columns == nullptr && found->kind != Kind::name_conflict)) return std::nullopt;
    return TargetFinding{
        .output = output.id, .kind = found->kind, .reason = std::move(found->reason), .hint = std::move(found->hint)};
  }
  if (auto conflict = inspection.name_conflict(output)) {
    return TargetFinding{.output = output.id,
                         .kind = Kind::name_conflict,
                         .reason = std::move(conflict->reason),
                         .hint = to_text(conflict->hint, Wording::command)};
  }
  if (output.columns == nullptr) return std::nullopt;
  return TargetFinding{.output = output.id,
                       .kind = Kind::missing,
                       .reason = fmt::format("{}.targets in {} no longer knows target table {}.{}", names.state_schema,
                                             where, output.target_schema, output.target_name),
                       .hint = {}};
}

}  // namespace

TargetDifference dropped_target(const Target& target, const std::string& where, bool has_schema) {
  return {.kind = TargetFinding::Kind::missing,
          .reason = has_schema ? fmt::format("target table {} was dropped or renamed in {}", dotted_name(target), where)
                               : fmt::format("schema {} was dropped in {}", target.schema, where),
          .hint = {}};
}

TargetDifference conflicting_target(std::string reason) {
  return {.kind = TargetFinding::Kind::name_conflict, .reason = std::move(reason), .hint = how_to_free};
}

std::optional<TargetDifference> compare_columns(const Target& target, const std::string& where,
                                                const std::function<FoundColumn(const TargetColumn&)>& find) {
  using Found = FoundColumn::State;
  std::size_t made = 0, there = 0, unaltered = 0;
  std::string first;
  for (const auto& column : target.columns) {
    const auto found = find(column);
    if (found.state == Found::not_made) continue;
    ++made;
    if (found.state != Found::missing) ++there;
    if (found.state == Found::unaltered) {
      ++unaltered;
    } else if (first.empty()) {
      first = describe(found, column, target, where);
    }
  }
  if (unaltered == made) return std::nullopt;
  if (there == made || 2 * unaltered >= made) return TargetDifference{.reason = std::move(first), .hint = {}};
  return conflicting_target(fmt::format("{} in {} has other columns than the target table that walbrook created: {}",
                                        dotted_name(target), where, first));
}

NameConflict name_conflict_of(const TargetName& target, const std::string& where,
                              const std::optional<std::string>& owner) {
  const SetOption elsewhere{RemedyOption::dataset, "NAME"};
  return {.reason = fmt::format("{}.{} already exists in {} and {}", target.schema, target.table, where,
                                owner ? "belongs to pipeline \"" + *owner + "\"" : "was not created by walbrook"),
          .hint = owner ? remedy("It is not touched. Use another schema for the target tables: {}.", elsewhere)
                        : remedy("It is not touched. Rename it, or use another schema for the target tables: {}.",
                                 elsewhere)};
}

std::vector<TargetFinding> inspect_targets(std::span<const OutputRecord> outputs, std::span<const TargetRecord> targets,
                                           const NameRules& names, const std::string& where,
                                           const TargetInspection& inspection) {
  // Targets are found by name, since an output may be moving to another name than its target has.
  std::map<std::pair<std::string, std::string>, const TargetRecord*> made;
  for (const auto& record : targets) {
    if (record.kind != TargetRecord::Kind::live) continue;
    made[{names.folded(record.target.schema), names.folded(record.target.table)}] = &record;
  }
  std::vector<TargetFinding> findings;
  for (const auto& output : outputs) {
    const auto target = made.find({names.folded(output.target_schema), names.folded(output.target_name)});
    auto found = inspect_target(output, target == made.end() ? nullptr : target->second, names, where, inspection);
    if (found) findings.push_back(*std::move(found));
  }
  return findings;
}

}  // namespace walbrook::destination
