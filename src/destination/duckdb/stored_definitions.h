// Finds what views, macros and generated columns that somebody put into the file do when a query uses them. walbrook
// makes none of these, but another program may, while no run holds the file.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "destination/duckdb/query_references.h"

namespace walbrook::destination::duckdb {

// Not thread-safe.
class StoredDefinitions {
 public:
  // Reads and judges all views, macros and generated columns of the file.
  void read(Connection& connection);

  // Returns why a query with these references is refused, as "…: it …": because of a function of DuckDB, a file, or a
  // definition that uses one. nullopt: the query only reads.
  [[nodiscard]] std::optional<std::string> problem_of(Connection& connection, const QueryReferences& references) const;

  // Adds the relations that the views and macros among the references refer to, directly and through each other.
  void add_relations(QueryReferences& references) const;

 private:
  struct Definition {
    std::string what;  // "the view public.v"
    std::string name;  // folded, without schema
    bool is_function = false;
    QueryReferences references;
  };

  void read_views(Connection& connection);
  void read_macros(Connection& connection);
  void read_generated_columns(Connection& connection);
  void add(Connection& connection, Definition definition, std::string_view text);
  void judge(Connection& connection);
  [[nodiscard]] std::optional<std::string> problem_of_functions(Connection& connection,
                                                                const QueryReferences& references) const;
  [[nodiscard]] std::optional<std::string> problem_of_relation(Connection& connection,
                                                               const QueryReferences::Relation& relation) const;

  std::vector<Definition> understood_;
  std::set<std::string> macros_;
  // By name alone, in any schema: a second definition of that name is refused with it.
  std::map<std::string, std::string> refused_relations_;
  std::map<std::string, std::string> refused_functions_;
};

}  // namespace walbrook::destination::duckdb
