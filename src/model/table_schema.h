// A table as one Relation message or one catalog snapshot describes it: one version of its schema.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "model/source_type.h"

namespace walbrook {

enum class ReplicaIdentity : char { key = 'd', nothing = 'n', full = 'f', index = 'i' };

struct ColumnSchema {
  std::string name;      // exactly as in the source
  std::string target{};  // the name that the user wants in the destination; empty = as the destination names columns
  Oid type_oid = 0;
  std::int32_t typmod = -1;
  bool in_key = false;  // part of the replica identity; under `full` every column is
  PhysicalType type;
  bool binary = false;        // every value of it can be parsed from its binary form
  std::string description{};  // for readers of the destination
  bool widened = false;       // the user asked for `type`; what follows from the source type is narrower
  [[nodiscard]] const std::string& shown_name() const { return target.empty() ? name : target; }
  friend bool operator==(const ColumnSchema&, const ColumnSchema&) = default;
};

// A column as the source's catalog shows it.
struct SourceColumn {
  std::string name;
  Oid type_oid = 0;
  std::int32_t typmod = -1;
  friend bool operator==(const SourceColumn&, const SourceColumn&) = default;
};

struct TableSchema {
  Oid oid = 0;         // of the relation the rows come from (a leaf, where leaves are published)
  std::string schema;  // exactly as in the source
  std::string name;
  ReplicaIdentity identity = ReplicaIdentity::key;
  std::vector<ColumnSchema> columns;  // in the order of the relation's attributes, dropped ones left out

  [[nodiscard]] std::string full_name() const { return schema + "." + name; }  // for people, not for SQL
  [[nodiscard]] std::vector<std::size_t> key_columns() const;
  // Rows are found by key: identity `key` or `index`, and there is one. Otherwise by their whole content.
  [[nodiscard]] bool has_key() const;
  [[nodiscard]] const ColumnSchema* find(std::string_view column) const;
  friend bool operator==(const TableSchema&, const TableSchema&) = default;
};

using TableSchemaRef = std::shared_ptr<const TableSchema>;

// One line of JSON, for the destination's state; and back. Malformed text is an Error of kind destination.
[[nodiscard]] std::string to_json(const TableSchema& schema);
[[nodiscard]] TableSchema table_schema_from_json(std::string_view json);

}  // namespace walbrook
