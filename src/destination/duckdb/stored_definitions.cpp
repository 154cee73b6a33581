#include "destination/duckdb/stored_definitions.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "destination/duckdb/query_functions.h"

namespace walbrook::destination::duckdb {
namespace {

// Returns whether the name finds a table or a view, so that DuckDB does not look for a file.
bool is_relation(Connection& connection, const QueryReferences::Relation& relation) {
  return !connection
              .rows(
                  "SELECT 1::VARCHAR FROM (SELECT database_name, schema_name, table_name FROM duckdb_tables() UNION "
                  "ALL "
                  "SELECT database_name, schema_name, view_name FROM duckdb_views()) AS r(catalog, schema, name) WHERE "
                  "lower(name) = lower($1) AND CASE WHEN $2 = '' THEN schema IN (SELECT unnest(current_schemas(true))) "
                  "ELSE lower(schema) = lower($2) OR (lower(catalog) = lower($2) AND schema IN (SELECT "
                  "unnest(current_schemas(true)))) END LIMIT 1",
                  relation.name, relation.schema)
              .empty();
}

std::string cell(const Row& row, std::size_t at) {
  return row.at(at).value_or("");
}

}  // namespace

void StoredDefinitions::add(Connection& connection, Definition definition, std::string_view text) {
  if (definition.is_function) macros_.insert(definition.name);
  std::string problem = "it is not understood";
  try {
    if (auto parsed = parse_statement(connection, text); parsed.references) {
      definition.references = *std::move(parsed.references);
      understood_.push_back(std::move(definition));
      return;
    }
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::configuration) throw;
    problem = error.cause();
  }
  auto& refused = definition.is_function ? refused_functions_ : refused_relations_;
  refused.emplace(definition.name, fmt::format("{} is refused: {}", definition.what, problem));
}

void StoredDefinitions::read_views(Connection& connection) {
  for (const auto& row : connection.rows("SELECT schema_name, view_name, sql FROM duckdb_views() WHERE NOT internal")) {
    const auto sql = cell(row, 2);
    add(connection,
        {.what = fmt::format("the view {}.{}", cell(row, 0), cell(row, 1)),
         .name = folded(cell(row, 1)),
         .references = {}},
        text_after_as(sql));
  }
}

void StoredDefinitions::read_macros(Connection& connection) {
  // The defaults of macros' parameters are constants (tried: DuckDB refuses others).
  for (const auto& row : connection.rows("SELECT schema_name, function_name, function_type, macro_definition FROM "
                                         "duckdb_functions() WHERE NOT internal "
                                         "AND function_type IN ('macro', 'table_macro')")) {
    const auto definition = cell(row, 3);
    add(connection,
        {.what = fmt::format("the macro {}.{}", cell(row, 0), cell(row, 1)),
         .name = folded(cell(row, 1)),
         .is_function = true,
         .references = {}},
        cell(row, 2) == "macro" ? "SELECT " + definition : definition);
  }
}

void StoredDefinitions::read_generated_columns(Connection& connection) {
  const auto tables = connection.rows(
      "SELECT schema_name, table_name FROM duckdb_tables() WHERE NOT internal AND contains(sql, 'GENERATED ALWAYS "
      "AS')");
  for (const auto& table : tables) {
    // A default and a generated value look the same here: both are judged.
    for (const auto& row :
         connection.rows("SELECT column_name, column_default FROM duckdb_columns() WHERE schema_name = $1 AND "
                         "table_name = $2 AND column_default IS NOT NULL",
                         cell(table, 0), cell(table, 1))) {
      add(connection,
          {.what = fmt::format("the column {} of {}.{}", cell(row, 0), cell(table, 0), cell(table, 1)),
           .name = folded(cell(table, 1)),
           .references = {}},
          "SELECT " + cell(row, 1));
    }
  }
}

void StoredDefinitions::read(Connection& connection) {
  *this = {};
  read_views(connection);
  read_macros(connection);
  read_generated_columns(connection);
  judge(connection);
}

void StoredDefinitions::judge(Connection& connection) {
  // A definition that uses a refused one is refused with it, whatever their order.
  for (bool again = true; again;) {
    again = false;
    for (const auto& definition : understood_) {
      auto& refused = definition.is_function ? refused_functions_ : refused_relations_;
      if (refused.contains(definition.name)) continue;
      const auto problem = problem_of(connection, definition.references);
      if (!problem) continue;
      refused.emplace(definition.name, fmt::format("{} is refused: {}", definition.what, *problem));
      again = true;
    }
  }
}

std::optional<std::string> StoredDefinitions::problem_of_functions(Connection& connection,
                                                                   const QueryReferences& references) const {
  const auto& traits = connection.database().traits();
  const auto& of_attached = traits.table_functions;
  for (const auto& name : references.table_functions) {
    if (std::ranges::find(of_attached, name) != of_attached.end()) continue;
    if (std::ranges::find(traits.refused_table_functions, name) != traits.refused_table_functions.end()) {
      return fmt::format("the table function {} is refused: it shows how the database is reached", printable(name));
    }
    const bool is_macro = macros_.contains(name) && !is_refused_table_function(name);
    const auto why = is_macro ? std::string_view() : why_table_function_is_refused(name);
    if (!why.empty()) return fmt::format("the table function {} is refused: it {}", printable(name), why);
  }
  for (const auto& name : references.functions) {
    const auto why = why_scalar_function_is_refused(name);
    if (!why.empty()) return fmt::format("the function {} is refused: it {}", name, why);
  }
  for (const auto* names : {&references.table_functions, &references.functions}) {
    for (const auto& name : *names) {
      if (const auto refused = refused_functions_.find(name); refused != refused_functions_.end())
        return refused->second;
    }
  }
  return std::nullopt;
}

std::optional<std::string> StoredDefinitions::problem_of_relation(Connection& connection,
                                                                  const QueryReferences::Relation& relation) const {
  if (const auto refused = refused_relations_.find(folded(relation.name)); refused != refused_relations_.end()) {
    return refused->second;
  }
  if (!is_file_name(relation.path()) || is_relation(connection, relation)) return std::nullopt;
  return fmt::format("there is no table {}, and files are not read here", printable(relation.path()));
}

void StoredDefinitions::add_relations(QueryReferences& references) const {
  std::set<const Definition*> added;
  const auto is_named = [&references](const Definition& definition) {
    if (definition.is_function) {
      return std::ranges::find(references.functions, definition.name) != references.functions.end() ||
             std::ranges::find(references.table_functions, definition.name) != references.table_functions.end();
    }
    return std::ranges::any_of(references.relations,
                               [&](const auto& relation) { return folded(relation.name) == definition.name; });
  };
  for (bool again = true; again;) {
    again = false;
    for (const auto& definition : understood_) {
      if (added.contains(&definition) || !is_named(definition)) continue;
      added.insert(&definition);
      const auto& more = definition.references;
      references.relations.insert(references.relations.end(), more.relations.begin(), more.relations.end());
      references.functions.insert(references.functions.end(), more.functions.begin(), more.functions.end());
      references.table_functions.insert(references.table_functions.end(), more.table_functions.begin(),
                                        more.table_functions.end());
      again = true;
    }
  }
}

std::optional<std::string> StoredDefinitions::problem_of(Connection& connection,
                                                         const QueryReferences& references) const {
  if (auto problem = problem_of_functions(connection, references)) return problem;
  for (const auto& relation : references.relations) {
    if (auto problem = problem_of_relation(connection, relation)) return problem;
  }
  return std::nullopt;
}

}  // namespace walbrook::destination::duckdb
