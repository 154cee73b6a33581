#include "destination/postgres/alter_target.h"

#include <fmt/format.h>

#include <array>
#include <memory>

#include "base/overloaded.h"
#include "destination/alteration_steps.h"
#include "destination/postgres/postgres_capabilities.h"
#include "destination/postgres/row_text.h"
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
  const auto alter = [&](const std::string& what, const std::string& doing) {
    session.execute(fmt::format("ALTER TABLE {} {}", full_name(target.schema, target.table), what), doing);
  };
  const Overloaded execute{
      [&](const DropColumn& step) { alter("DROP COLUMN " + identifier(step.name), "dropping a column"); },
      [&](const RenameColumn& step) {
        alter(fmt::format("RENAME COLUMN {} TO {}", identifier(step.from), identifier(step.to)),
              "renaming column " + step.from);
      },
      [&](const WidenColumn& step) {
        alter(fmt::format("ALTER COLUMN {} TYPE {}", identifier(step.name), types.of(step.column->type).sql),
              "widening column " + step.column->name);
      },
      [&](const AddColumn& step) {
        const auto definition = fmt::format("ADD COLUMN {} {}", identifier(step.name), types.of(step.column->type).sql);
        const auto doing = "adding column " + step.column->name;
        if (step.value == nullptr) return alter(definition, doing);
        alter(definition + " DEFAULT " + default_of(*step.column, *step.value), doing);
        alter(fmt::format("ALTER COLUMN {} DROP DEFAULT", identifier(step.name)), doing);
      }};
  for (const auto& step : alteration_steps(capabilities().names, target, alteration, naming)) std::visit(execute, step);
  return target != before;
}

}  // namespace walbrook::destination::postgresql
