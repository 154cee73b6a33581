// A table that walbrook made at a destination: the names of its columns, and how they follow from the source's names.
//
// The names are those of destination/target_shape.h. Values that a column cannot hold are in `<column>__v_text`; if a
// source column has that name already, underscores are appended until it is free. The result is stored in the
// destination's state, so that it still holds after columns of the source are dropped.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "destination/target_shape.h"
#include "model/table_schema.h"

namespace walbrook::destination {

inline constexpr std::string_view overflow_suffix = "__v_text";

// Returns the name of a column's overflow column: the first with the suffix and underscores that is not taken.
template <class IsTaken>
[[nodiscard]] std::string free_overflow_name(const NameRules& rules, const std::string& column,
                                             const IsTaken& is_taken) {
  auto suffix = std::string(overflow_suffix);
  auto name = with_suffix(rules, column, suffix);
  while (is_taken(name)) name = with_suffix(rules, column, suffix += '_');
  return name;
}

struct TargetColumn {
  std::string name;
  std::string source;  // column of the source; "" for a metadata column, and for one that no value belongs to
  bool is_overflow = false;
  MetadataColumn metadata = MetadataColumn::none;
  bool in_primary_key = false;  // of a table that walbrook gave a primary key
  friend bool operator==(const TargetColumn&, const TargetColumn&) = default;
};

struct Target {
  std::string schema;
  std::string table;
  std::vector<TargetColumn> columns;

  [[nodiscard]] const TargetColumn* column_of(std::string_view source) const;
  [[nodiscard]] const TargetColumn* overflow_of(std::string_view source) const;
  // Returns whether the destination cannot tell `name` from the name of a column.
  [[nodiscard]] bool has_column_named(const NameRules& rules, std::string_view name) const;
  // Adds the overflow column of `source` and returns its name; nullopt if there is one already.
  std::optional<std::string> add_overflow(const NameRules& rules, std::string_view source);
  friend bool operator==(const Target&, const Target&) = default;
};

// Makes the target of a table with these columns; it may have none. Throws Error(data) if a column has the name of a
// metadata column.
[[nodiscard]] Target make_target(const NameRules& rules, TargetName name, const TableSchema& columns,
                                 const TargetStyle& style);

// Converts the target's columns to one line of JSON, for the state, and back.
[[nodiscard]] std::string columns_to_json(const Target& target);
[[nodiscard]] std::vector<TargetColumn> columns_from_json(std::string_view json);

}  // namespace walbrook::destination
