#include "destination/postgres/alter_target.h"

#include <fmt/format.h>

#include <array>
#include <memory>

#include "destination/postgres/postgres_capabilities.h"
#include "destination/postgres/row_text.h"
#include "destination/target_renaming.h"
#include "model/row_batch.h"

namespace walbrook::destination::postgresql {
namespace {

// Returns "('…')", which a column of the type takes as exactly this value.
std::string default_of(const ColumnSchema& column, const Column& value) {
  RowBatch batch(
      std::make_shared<const TableSchema>(TableSchema{.schema = "", .name = column.name, .columns = {column}}));
  batch.columns[0].append_from(value, 0);
  batch.finish_row(Op::insert, 0);
  const std::array<RowRef, 1> rows{{{.batch = &batch, .row = 0}}};
  const std::array<std::string, 1> casts;
  RowText text({{.kind = Field::Kind::value, .column = 0}}, *batch.schema, Provenance{});
  return text.values_list({.rows = rows, .origins = {}, .counts = {}}, casts);
}

}  // namespace

bool alter_target(Session& session, const ServerTypes& types, Target& target, const Alteration& alteration,
                  Naming naming) {
  const auto before = target;
  const auto& rules = capabilities().names;
  const auto alter = [&](const std::string& what, const std::string& doing) {
    session.execute(fmt::format("ALTER TABLE {} {}", full_name(target.schema, target.table), what), doing);
  };
  const auto drop = [&](const std::string& name) { alter("DROP COLUMN " + identifier(name), "dropping a column"); };
  const auto renaming = rename_columns(rules, target, alteration.renamed, naming);
  for (const auto& name : renaming.dropped) drop(name);
  for (const auto& [from, to] : renaming.steps) {
    alter(fmt::format("RENAME COLUMN {} TO {}", identifier(from), identifier(to)), "renaming column " + from);
  }
  for (const auto& column : alteration.widened) {
    const auto* place = target.column_of(column.name);
    if (place == nullptr) continue;
    alter(fmt::format("ALTER COLUMN {} TYPE {}", identifier(place->name), types.of(column.type).sql),
          "widening column " + column.name);
  }
  for (const auto& column : alteration.columns) {
    // What a dropped column of the source has left, and its overflow column.
    std::erase_if(target.columns, [&](const TargetColumn& known) {
      const bool is_left = alteration.replaces_dropped && known.source == column.name;
      if (!is_left || known.metadata != MetadataColumn::none) return false;
      drop(known.name);
      return true;
    });
    if (target.column_of(column.name) != nullptr) continue;
    const auto name = free_name(rules, column_name(column, naming),
                                [&](const std::string& other) { return target.has_column_named(rules, other); });
    const auto value = alteration.values.find(column.name);
    const bool has_value = value != alteration.values.end();
    alter(fmt::format("ADD COLUMN {} {}{}", identifier(name), types.of(column.type).sql,
                      has_value ? " DEFAULT " + default_of(column, *value->second) : ""),
          "adding column " + column.name);
    if (has_value) alter(fmt::format("ALTER COLUMN {} DROP DEFAULT", identifier(name)), "adding column " + column.name);
    target.columns.push_back({.name = name, .source = column.name});
  }
  return target != before;
}

}  // namespace walbrook::destination::postgresql
