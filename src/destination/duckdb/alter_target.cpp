#include "destination/duckdb/alter_target.h"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <utility>

#include "destination/alteration_steps.h"
#include "destination/duckdb/duckdb_capabilities.h"
#include "destination/duckdb/row_scan.h"
#include "destination/duckdb/types.h"
#include "model/row_batch.h"

namespace walbrook::destination::duckdb {
namespace {

// A value in memory that statements read as `s.v`.
class OneValue {
 public:
  OneValue(const ColumnSchema& column, const Column& value)
      : batch_(
            std::make_shared<const TableSchema>(TableSchema{.schema = "", .name = column.name, .columns = {column}})) {
    batch_.columns[0].append_from(value, 0);
    batch_.finish_row(Op::insert, 0);
  }

  void execute(Connection& connection, const std::string& before, const std::string& after, const std::string& doing) {
    const std::vector<RowRef> rows{{&batch_, 0}};
    ScannedRows::Column shape{.name = "v", .type = logical_type(batch_.schema->columns[0].type)};
    std::vector<ScannedRows::Column> columns;
    columns.push_back(std::move(shape));
    ScannedRows scanned{std::move(columns),
                        ChunkFiller({{.kind = Feed::Kind::value, .column = 0}}, batch_.schema, doing, Provenance{}),
                        SelectedRows{.rows = rows, .origins = {}, .counts = {}}};
    connection.database().row_scan().execute(connection, before, after, scanned, doing);
  }

 private:
  RowBatch batch_;
};

class Alterer {
 public:
  Alterer(Connection& connection, const Target& target, const EnumTypes& enums)
      : connection_(connection), enums_(enums), table_(connection.database().full_name(target.schema, target.table)) {}

  void operator()(const DropColumn& step) { alter("DROP COLUMN " + identifier(step.name), "dropping a column"); }
  void operator()(const RenameColumn& step) {
    alter(fmt::format("RENAME COLUMN {} TO {}", identifier(step.from), identifier(step.to)),
          "renaming column " + step.from);
  }
  void operator()(const WidenColumn& step) {
    alter(fmt::format("ALTER COLUMN {} TYPE {}", identifier(step.name), enums_.column_type(step.column->type)),
          "widening column " + step.column->name);
  }
  void operator()(const AddColumn& step) {
    const auto& column = *step.column;
    const auto definition = fmt::format("ADD COLUMN {} {}", identifier(step.name), enums_.column_type(column.type));
    const auto doing = "adding column " + column.name;
    const auto text = step.value == nullptr ? std::nullopt : default_of(column, *step.value);
    if (text) {
      alter(definition + " DEFAULT " + literal(*text), doing);
      alter(fmt::format("ALTER COLUMN {} SET DEFAULT NULL", identifier(step.name)), doing);
      return;
    }
    alter(definition, doing);
    if (step.value == nullptr) return;
    OneValue(column, *step.value)
        .execute(connection_, fmt::format("UPDATE {} SET {} = s.v FROM ", table_, identifier(step.name)), " AS s",
                 doing);
  }

 private:
  void alter(const std::string& what, const std::string& doing) {
    connection_.execute(fmt::format("ALTER TABLE {} {}", table_, what), doing);
  }

  // Returns the text from which the column's type makes exactly this value; nullopt: there is none, or the database
  // takes no such default. (DuckLake takes literals alone, and none of nested types.)
  [[nodiscard]] std::optional<std::string> default_of(const ColumnSchema& column, const Column& value) {
    if (is_nested(column.type.layout) && connection_.database().traits().flat_defaults) return std::nullopt;
    constexpr const char* table = "temp.main._walbrook_default";
    const auto doing = "reading the default of column " + column.name;
    OneValue(column, value)
        .execute(connection_,
                 fmt::format("CREATE OR REPLACE TEMP TABLE {} AS SELECT v::VARCHAR AS text, "
                             "TRY_CAST(v::VARCHAR AS {}) IS NOT DISTINCT FROM v AS is_exact FROM ",
                             table, enums_.column_type(column.type)),
                 " AS s", doing);
    const auto rows = connection_.rows(fmt::format("SELECT text FROM {} WHERE is_exact", table));
    connection_.execute(fmt::format("DROP TABLE {}", table), doing);
    if (!rows.empty()) return rows.at(0).at(0);
    if (column.type.native.empty()) return std::nullopt;
    throw TargetRefused("the default of column \"" + column.name + "\" is a label that was added to its enum since",
                        "Resync the table.");
  }

  Connection& connection_;
  const EnumTypes& enums_;
  std::string table_;
};

}  // namespace

void alter_target(Connection& connection, StateTables& state, TargetRecord& record, const Alteration& alteration,
                  Naming naming, const EnumTypes& enums) {
  const auto before = record.target;
  const auto steps = alteration_steps(capabilities().names, record.target, alteration, naming);
  Alterer alterer(connection, record.target, enums);
  for (const auto& step : steps) std::visit(alterer, step);
  if (record.target != before) state.put_target(record);
}

}  // namespace walbrook::destination::duckdb
