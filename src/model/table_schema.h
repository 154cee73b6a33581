// One version of a table's schema, as a Relation message or a catalog snapshot describes it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "model/source_type.h"

namespace walbrook {

enum class ReplicaIdentity : char { key = 'd', nothing = 'n', full = 'f', index = 'i' };

struct ColumnSchema {
  std::string name;  // exactly as in the source
  // The name that the user configured for the destination; empty = the destination's choice.
  std::string target{};
  Oid type_oid = 0;
  std::int32_t typmod = -1;
  // Part of the replica identity; under `full` every column is.
  bool in_key = false;
  PhysicalType type;
  bool binary = false;        // all its values can be parsed from their binary form
  std::string description{};  // for readers of the destination
  bool widened = false;       // the user configured `type`; the source type alone gives a narrower one
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
  // Of the relation that the rows come from: a leaf, if leaves are published.
  Oid oid = 0;
  std::string schema;  // exactly as in the source
  std::string name;
  ReplicaIdentity identity = ReplicaIdentity::key;
  std::vector<ColumnSchema> columns;  // in the order of the relation's attributes, without dropped ones

  [[nodiscard]] std::string full_name() const { return schema + "." + name; }  // for people, not for SQL
  [[nodiscard]] std::vector<std::size_t> key_columns() const;
  // Rows are found by key: the identity is `key` or `index`, and there is a key. Other tables' rows are found by their
  // whole content.
  [[nodiscard]] bool has_key() const;
  [[nodiscard]] const ColumnSchema* find(std::string_view column) const;
  friend bool operator==(const TableSchema&, const TableSchema&) = default;
};

using TableSchemaRef = std::shared_ptr<const TableSchema>;

// One line of JSON, for the destination's state, and back. Throws Error(destination) for malformed text.
[[nodiscard]] std::string to_json(const TableSchema& schema);
[[nodiscard]] TableSchema table_schema_from_json(std::string_view json);

}  // namespace walbrook
