#include "destination/postgres/target_key.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <optional>
#include <string>

#include "destination/postgres/postgres_capabilities.h"

namespace walbrook::destination::postgresql {
namespace {

// Returns the columns as SQL lists them; "" if there are none, or an index cannot be on one of them.
std::string key_columns(const ServerTypes& types, const Target& target, const TableSchema& schema) {
  if (!schema.has_key()) return {};
  std::string columns;
  for (const auto c : schema.key_columns()) {
    const auto& column = schema.columns[c];
    const auto* place = target.column_of(column.name);
    if (place == nullptr || !types.of(column.type).has_equality) return {};
    columns += (columns.empty() ? "" : ", ") + identifier(place->name);
  }
  return columns;
}

bool may_be_null(const Target& target, const TableSchema& schema) {
  return std::ranges::any_of(schema.key_columns(),
                             [&](std::size_t c) { return target.overflow_of(schema.columns[c].name) != nullptr; });
}

// Runs the statement, and undoes it if the table's rows do not allow the constraint (23), or an index cannot hold them
// (54). Returns why; "": it was run.
std::string try_to(Session& session, const std::string& sql, const std::string& action) {
  session.execute("SAVEPOINT before_key", action);
  try {
    session.execute(sql, action);
  } catch (const ServerError& failed) {
    if (!failed.sqlstate().starts_with("23") && !failed.sqlstate().starts_with("54")) throw;
    session.execute("ROLLBACK TO SAVEPOINT before_key", action);
    return failed.cause();
  }
  return {};
}

bool add_primary_key(Session& session, Target& target, const TableSchema& schema, const std::string& columns) {
  const auto refused =
      may_be_null(target, schema)
          ? std::string("a column of the key has values that it cannot hold, and is NULL there")
          : try_to(session,
                   fmt::format("ALTER TABLE {} ADD PRIMARY KEY ({})", full_name(target.schema, target.table), columns),
                   "creating the primary key of " + schema.full_name());
  if (!refused.empty()) {
    spdlog::warn("the target table of {} has an index in place of a primary key: {}", schema.full_name(), refused);
    return false;
  }
  for (auto& column : target.columns) {
    const auto* source = column.is_overflow ? nullptr : schema.find(column.source);
    column.in_primary_key = source != nullptr && source->in_key;
  }
  return true;
}

}  // namespace

void create_key(Session& session, const ServerTypes& types, Target& target, const TableSchema& schema, KeyForm form) {
  const auto columns = key_columns(types, target, schema);
  if (columns.empty()) return;
  if (form == KeyForm::primary_key && add_primary_key(session, target, schema, columns)) return;
  // Nothing needs the index: it only makes changes find their rows faster.
  static_cast<void>(try_to(session,
                           fmt::format("CREATE INDEX ON {} ({})", full_name(target.schema, target.table), columns),
                           "creating the index of " + schema.full_name()));
}

void drop_primary_key(Session& session, Target& target) {
  const auto table = full_name(target.schema, target.table);
  const auto action = fmt::format("dropping the primary key of {}.{}", target.schema, target.table);
  const auto found = session.query(
      "SELECT conname FROM pg_catalog.pg_constraint WHERE contype = 'p' AND conrelid = pg_catalog.to_regclass($1)",
      {table}, action);
  std::string changes;
  if (found.size() > 0) changes = "DROP CONSTRAINT " + identifier(found.text(0, 0));
  for (auto& column : target.columns) {
    if (!column.in_primary_key) continue;
    column.in_primary_key = false;
    changes += fmt::format("{}ALTER COLUMN {} DROP NOT NULL", changes.empty() ? "" : ", ", identifier(column.name));
  }
  if (!changes.empty()) session.execute(fmt::format("ALTER TABLE {} {}", table, changes), action);
}

namespace {

std::string index_name(const TargetName& table, bool is_primary) {
  return with_suffix(capabilities().names, table.table, is_primary ? "_pkey" : "_key_idx");
}

struct KeyIndex {
  std::string name;
  bool is_primary;
};

// It is called after the table, or after the copy that the table was.
std::optional<KeyIndex> find_index(Session& session, const TargetName& table) {
  const auto rows = session.query(
      "SELECT c.relname, i.indisprimary FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid "
      "WHERE i.indrelid = pg_catalog.to_regclass($1) AND (c.relname IN ($2, $3) OR c.relname LIKE "
      "'\\_walbrook\\_copy\\_%') LIMIT 1",
      {full_name(table.schema, table.table), index_name(table, true), index_name(table, false)},
      "looking for an index");
  if (rows.size() == 0) return std::nullopt;
  return KeyIndex{.name = rows.text(0, 0), .is_primary = rows.boolean(0, 1)};
}

void give_name(Session& session, const TargetName& table, const KeyIndex& index, const std::string& name) {
  session.execute(fmt::format("ALTER INDEX {} RENAME TO {}", full_name(table.schema, index.name), identifier(name)),
                  "naming an index");
}

}  // namespace

void rename_index(Session& session, const TargetName& table, const std::string& name) {
  if (const auto index = find_index(session, table)) give_name(session, table, *index, name);
}

void name_index_after_table(Session& session, const TargetName& table) {
  const auto index = find_index(session, table);
  if (!index) return;
  const auto name = index_name(table, index->is_primary);
  const auto taken = session.query("SELECT pg_catalog.to_regclass($1) IS NOT NULL", {full_name(table.schema, name)},
                                   "looking for an index");
  if (!taken.boolean(0, 0)) give_name(session, table, *index, name);
}

bool has_other_primary_key(const Target& target, const TableSchema& schema) {
  const auto made = std::ranges::count_if(target.columns, &TargetColumn::in_primary_key);
  if (made == 0) return false;
  if (!schema.has_key()) return true;
  const auto key = schema.key_columns();
  return std::ssize(key) != made || std::ranges::any_of(key, [&](std::size_t c) {
           const auto* column = target.column_of(schema.columns[c].name);
           return column == nullptr || !column->in_primary_key;
         });
}

}  // namespace walbrook::destination::postgresql
