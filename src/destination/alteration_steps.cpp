#include "destination/alteration_steps.h"

#include "destination/target_renaming.h"

namespace walbrook::destination {
namespace {

// What a dropped column of the source has left, and its overflow column.
void drop_columns_of(Target& target, std::string_view source, std::vector<AlterationStep>& steps) {
  std::erase_if(target.columns, [&](const TargetColumn& column) {
    if (column.source != source || column.metadata != MetadataColumn::none) return false;
    steps.emplace_back(DropColumn{column.name});
    return true;
  });
}

}  // namespace

std::vector<AlterationStep> alteration_steps(const NameRules& rules, Target& target, const Alteration& alteration,
                                             Naming naming) {
  std::vector<AlterationStep> steps;
  const auto renaming = rename_columns(rules, target, alteration.renamed, naming);
  for (const auto& name : renaming.dropped) steps.emplace_back(DropColumn{name});
  for (const auto& [from, to] : renaming.steps) steps.emplace_back(RenameColumn{from, to});
  for (const auto& column : alteration.widened) {
    if (const auto* place = target.column_of(column.name)) steps.emplace_back(WidenColumn{place->name, &column});
  }
  for (const auto& column : alteration.columns) {
    if (alteration.replaces_dropped) drop_columns_of(target, column.name, steps);
    if (target.column_of(column.name) != nullptr) continue;
    const auto name = free_name(rules, column_name(column, naming),
                                [&](const std::string& other) { return target.has_column_named(rules, other); });
    const auto value = alteration.values.find(column.name);
    steps.emplace_back(AddColumn{name, &column, value == alteration.values.end() ? nullptr : value->second.get()});
    target.columns.push_back({.name = name, .source = column.name});
  }
  return steps;
}

}  // namespace walbrook::destination
