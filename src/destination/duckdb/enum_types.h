// The source's enums, whose columns have DuckDB's type ENUM if the setting enum_columns says so.
//
// A column has the labels itself: DuckDB cannot alter a type that has a name. Labels are those of the catalog, in its
// order; see enum_columns.h for those that it no longer has, or does not have yet.
#pragma once

#include <map>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "model/physical_type.h"
#include "model/type_definition.h"

namespace walbrook::destination::duckdb {

// Any thread may use it.
class EnumTypes {
 public:
  // Replaces what is known of these types. A domain over an enum counts as one. REQUIRES: a type comes after its parts.
  void note(std::span<const TypeDefinition> types);
  // Returns the labels of a column's type in the source's order; empty: it is no enum, or one that no column can have
  // in DuckDB.
  [[nodiscard]] std::vector<std::string> labels(const PhysicalType& type) const;
  // Returns the column's type in SQL: an ENUM, VARCHAR for an enum without labels, sql_type() for the others.
  [[nodiscard]] std::string column_type(const PhysicalType& type) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::vector<std::string>> labels_;  // by PhysicalType::native
};

// Returns "ENUM('calm', 'glad')". REQUIRES: there are labels.
[[nodiscard]] std::string enum_sql(std::span<const std::string> labels);

}  // namespace walbrook::destination::duckdb
