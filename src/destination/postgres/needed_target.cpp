#include "destination/postgres/needed_target.h"

#include <fmt/format.h>

#include <algorithm>

namespace walbrook::destination::postgresql {
namespace {

// What depends on the table or on its row type, and is not a part of the table.
constexpr const char* needed_query = R"(
SELECT coalesce(bool_and(d.classid IN ('pg_catalog.pg_rewrite'::pg_catalog.regclass,
                                       'pg_catalog.pg_proc'::pg_catalog.regclass)), false)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_depend d
  ON d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = c.oid
  OR d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.refobjid = c.reltype
WHERE c.oid = pg_catalog.to_regclass($1) AND d.deptype = 'n'
)";

constexpr const char* same_columns_query = R"(
SELECT pg_catalog.count(*)
FROM pg_catalog.pg_attribute target JOIN pg_catalog.pg_attribute copy
  ON copy.attname = target.attname AND copy.atttypid = target.atttypid AND copy.atttypmod = target.atttypmod
WHERE target.attrelid = pg_catalog.to_regclass($1) AND target.attnum > 0 AND NOT target.attisdropped
  AND copy.attrelid = pg_catalog.to_regclass($2) AND copy.attnum > 0 AND NOT copy.attisdropped
)";

std::string name_of(const Target& target) {
  return full_name(target.schema, target.table);
}

}  // namespace

bool is_needed(Session& session, const TargetName& table) {
  return session.query(needed_query, {full_name(table.schema, table.table)}, "looking for what needs a target table")
      .boolean(0, 0);
}

bool takes_rows_of(Session& session, const Target& target, const Target& copy) {
  const bool has_all = std::ranges::all_of(copy.columns, [&target](const TargetColumn& column) {
    return std::ranges::find(target.columns, column) != target.columns.end();
  });
  if (!has_all) return false;
  const auto same =
      session.query(same_columns_query, {name_of(target), name_of(copy)}, "comparing a target table with its copy");
  return same.text(0, 0) == std::to_string(copy.columns.size());
}

void replace_rows(Session& session, const Target& target, const Target& copy, const std::string& action) {
  std::string columns;
  for (const auto& column : copy.columns) columns += (columns.empty() ? "" : ", ") + identifier(column.name);
  session.execute(fmt::format("DELETE FROM {0}; INSERT INTO {0} {1} SELECT {2} FROM {3}", name_of(target),
                              columns.empty() ? "" : "(" + columns + ")", columns, name_of(copy)),
                  action);
}

}  // namespace walbrook::destination::postgresql
