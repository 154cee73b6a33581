#include "destination/duckdb/enum_types.h"

#include <algorithm>

#include "base/utf8.h"
#include "destination/duckdb/connection.h"
#include "destination/duckdb/types.h"

namespace walbrook::destination::duckdb {

void EnumTypes::note(std::span<const TypeDefinition> types) {
  const std::scoped_lock lock(mutex_);
  for (const auto& type : types) {
    std::vector<std::string> labels;
    if (type.kind == TypeDefinition::Kind::enumeration) {
      labels = type.labels;
    } else if (type.kind == TypeDefinition::Kind::domain) {
      const auto base = labels_.find(type.base);
      if (base != labels_.end()) labels = base->second;
    }
    // A database with the encoding SQL_ASCII may have others.
    const bool are_texts = std::ranges::all_of(labels, [](const std::string& label) { return is_utf8(label); });
    labels_[type.full_name] = are_texts ? std::move(labels) : std::vector<std::string>();
  }
}

std::vector<std::string> EnumTypes::labels(const PhysicalType& type) const {
  if (type.native.empty()) return {};
  const std::scoped_lock lock(mutex_);
  const auto found = labels_.find(type.native);
  return found == labels_.end() ? std::vector<std::string>() : found->second;
}

std::string EnumTypes::column_type(const PhysicalType& type) const {
  const auto own = labels(type);
  return own.empty() ? sql_type(type) : enum_sql(own);
}

std::string enum_sql(std::span<const std::string> labels) {
  std::string sql;
  for (const auto& label : labels) sql += (sql.empty() ? "ENUM(" : ", ") + literal(label);
  return sql + ")";
}

}  // namespace walbrook::destination::duckdb
