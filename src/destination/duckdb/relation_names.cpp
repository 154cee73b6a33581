#include "destination/duckdb/relation_names.h"

namespace walbrook::destination::duckdb {

std::set<RelationNames::Name>& RelationNames::names() {
  if (!names_) {
    names_.emplace();
    for (const auto& row :
         connection_.rows("SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = $1 UNION ALL "
                          "SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = $1 AND NOT internal",
                          connection_.database().catalog())) {
      names_->emplace(folded(row.at(0).value_or("")), folded(row.at(1).value_or("")));
    }
  }
  return *names_;
}

bool RelationNames::contain(const std::string& schema, const std::string& name) {
  return names().contains({folded(schema), folded(name)});
}

void RelationNames::add(const std::string& schema, const std::string& name) {
  names().emplace(folded(schema), folded(name));
}

void RelationNames::remove(const std::string& schema, const std::string& name) {
  names().erase({folded(schema), folded(name)});
}

}  // namespace walbrook::destination::duckdb
