#include "destination/duckdb/alter_target.h"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <utility>

#include "destination/duckdb/duckdb_capabilities.h"
#include "destination/duckdb/row_scan.h"
#include "destination/duckdb/types.h"
#include "destination/target_renaming.h"
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
  Alterer(Connection& connection, Target& target, Naming naming, const EnumTypes& enums)
      : connection_(connection),
        target_(target),
        naming_(naming),
        enums_(enums),
        table_(connection.database().full_name(target.schema, target.table)) {}

  void rename(const std::vector<Alteration::RenamedColumn>& renamed) {
    const auto renaming = rename_columns(capabilities().names, target_, renamed, naming_);
    for (const auto& name : renaming.dropped) drop(name);
    for (const auto& [from, to] : renaming.steps) {
      alter(fmt::format("RENAME COLUMN {} TO {}", identifier(from), identifier(to)), "renaming column " + from);
    }
  }
  void widen(const ColumnSchema& column) {
    const auto* place = target_.column_of(column.name);
    if (place == nullptr) return;
    alter(fmt::format("ALTER COLUMN {} TYPE {}", identifier(place->name), enums_.column_type(column.type)),
          "widening column " + column.name);
  }
  void drop_columns_of(std::string_view source) {
    std::erase_if(target_.columns, [&](const TargetColumn& column) {
      if (column.source != source || column.metadata != MetadataColumn::none) return false;
      drop(column.name);
      return true;
    });
  }
  // `value`: that of existing rows; nullptr: NULL.
  void add(const ColumnSchema& column, const Column* value) {
    const auto& rules = capabilities().names;
    const auto name = free_name(rules, column_name(column, naming_),
                                [&](const std::string& other) { return target_.has_column_named(rules, other); });
    const auto definition = fmt::format("ADD COLUMN {} {}", identifier(name), enums_.column_type(column.type));
    const auto doing = "adding column " + column.name;
    const auto text = value == nullptr ? std::nullopt : default_of(column, *value);
    if (text) {
      alter(definition + " DEFAULT " + literal(*text), doing);
      alter(fmt::format("ALTER COLUMN {} SET DEFAULT NULL", identifier(name)), doing);
    } else {
      alter(definition, doing);
      if (value != nullptr) {
        OneValue(column, *value)
            .execute(connection_, fmt::format("UPDATE {} SET {} = s.v FROM ", table_, identifier(name)), " AS s",
                     doing);
      }
    }
    target_.columns.push_back({.name = name, .source = column.name});
  }

 private:
  void alter(const std::string& what, const std::string& doing) {
    connection_.execute(fmt::format("ALTER TABLE {} {}", table_, what), doing);
  }
  void drop(const std::string& name) { alter("DROP COLUMN " + identifier(name), "dropping a column"); }

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
  Target& target_;
  Naming naming_;
  const EnumTypes& enums_;
  std::string table_;
};

}  // namespace

void alter_target(Connection& connection, StateTables& state, TargetRecord& record, const Alteration& alteration,
                  Naming naming, const EnumTypes& enums) {
  auto& target = record.target;
  const auto before = target;
  Alterer alterer(connection, target, naming, enums);
  alterer.rename(alteration.renamed);
  for (const auto& column : alteration.widened) alterer.widen(column);
  for (const auto& column : alteration.columns) {
    if (alteration.replaces_dropped) alterer.drop_columns_of(column.name);
    if (target.column_of(column.name) != nullptr) continue;
    const auto value = alteration.values.find(column.name);
    alterer.add(column, value == alteration.values.end() ? nullptr : value->second.get());
  }
  if (target != before) state.put_target(record);
}

}  // namespace walbrook::destination::duckdb
