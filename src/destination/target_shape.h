// The names of a target table and of its columns: pure functions of the destination's name rules, the style that the
// user chose, and the output's record.
//
// Names are the source's, or what Naming or the user makes of them. Of columns whose names the destination cannot tell
// apart, the first in attribute order keeps its name; each of the others gets the first free name of `_2`, `_3`, … as a
// suffix. The same rule holds for tables. Metadata columns follow the source's columns, under fixed names.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "destination/capabilities.h"
#include "destination/state.h"
#include "model/table_schema.h"

namespace walbrook::destination {

// The fact about the change that wrote a row which a metadata column holds.
enum class MetadataColumn : std::uint8_t {
  none,         // the column is the source's
  lsn,          // the commit LSN; for a copied row: the copy's consistent point
  commit_time,  // NULL for a copied row
  deletion,     // always NULL: a deleted row is not in the table
  load_id,      // the id of the load that wrote the row
  operation,    // these three describe the change itself, where changes are appended; see change_columns()
  sequence,     //
  unchanged,    //
};

struct MetadataName {
  MetadataColumn column;
  std::string_view name;
};
[[nodiscard]] std::span<const MetadataName> metadata_columns(Metadata metadata);

// The columns that a destination without Capabilities::rows_change keeps with each row, in this order: the operation,
// the commit LSN, the commit time, the number of the change within its transaction, and the names of the columns whose
// values were not sent. Names and operations are those of arrow/change_rows.h; a copied row has the operation
// `copied_operation` and no number, and comes before every change of the same LSN.
[[nodiscard]] std::span<const MetadataName> change_columns();
inline constexpr std::string_view copied_operation = "snapshot";

// Returns where a source table's target is. Its schema is `dataset`, or, if that is empty, one named after the source's
// schema. Its table has the source table's name; if `is_taken` reports that name as another table's, a stable suffix is
// added.
[[nodiscard]] TargetName target_name(const NameRules& rules, Naming naming, const std::string& dataset,
                                     const std::string& schema, const std::string& name,
                                     const std::function<bool(const TargetName&)>& is_taken);
// Returns whether the target table that readers see has the place, the names and the metadata columns that a table
// created now would have. True if there is no target table.
[[nodiscard]] bool has_current_shape(const NameRules& rules, const OutputRecord& output, const TargetStyle& style,
                                     const std::string& dataset);
// Returns the name that a column gets if no other column has it.
[[nodiscard]] std::string column_name(const ColumnSchema& column, Naming naming);
// Returns the names of the target's columns for the source's columns, in their order. Throws Error(data) if a column
// has the name of a metadata column.
[[nodiscard]] std::vector<std::string> target_column_names(const NameRules& rules, const TargetStyle& style,
                                                           const TableSchema& columns);

// Returns `name` and `suffix`; if that is longer than names may be, the end of `name` is left out.
[[nodiscard]] std::string with_suffix(const NameRules& rules, std::string_view name, std::string_view suffix);

// Returns the first of name, name_2, name_3, … for which `is_taken` is false.
template <class IsTaken>
[[nodiscard]] std::string free_name(const NameRules& rules, const std::string& name, const IsTaken& is_taken) {
  auto candidate = with_suffix(rules, name, "");
  for (int n = 2; is_taken(candidate); ++n) candidate = with_suffix(rules, name, "_" + std::to_string(n));
  return candidate;
}

}  // namespace walbrook::destination
