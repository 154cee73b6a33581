// What a target table is called and what its columns are called: pure functions of a destination's name rules, the
// style that the user chose and the output's record.
//
// Names are the source's own, or what Naming or the user makes of them. Of columns whose names the destination cannot
// tell apart, the first in attribute order keeps its name; the others get `_2`, `_3`, …: the first number that is
// free. Tables likewise. Metadata columns follow the source's, under names that are given.
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

// What a metadata column tells of the change that wrote its row.
enum class MetadataColumn : std::uint8_t {
  none,         // the column is the source's
  lsn,          // the commit LSN; of a copied row the copy's consistent point
  commit_time,  // NULL of a copied row
  deletion,     // NULL: a row that was deleted is not there
  load_id,      // of the load that wrote the row
};

struct MetadataName {
  MetadataColumn column;
  std::string_view name;
};
[[nodiscard]] std::span<const MetadataName> metadata_columns(Metadata metadata);

// Where a source table's target is: in `dataset`, or where that is empty in a schema named as the source's; under its
// own name, unless `is_taken` knows that as another table's, then with a stable suffix.
[[nodiscard]] TargetName target_name(const NameRules& rules, Naming naming, const std::string& dataset,
                                     const std::string& schema, const std::string& name,
                                     const std::function<bool(const TargetName&)>& is_taken);
// The target table that readers see is where one that is made now would be, is named as that, and has the same metadata
// columns. True where there is none.
[[nodiscard]] bool has_current_shape(const OutputRecord& output, const TargetStyle& style, const std::string& dataset);
// The name that a column is to have, if no other column has it.
[[nodiscard]] std::string column_name(const ColumnSchema& column, Naming naming);
// The names of the target's columns for the source's, in their order. Throws Error(data) where a column has the name of
// a metadata column.
[[nodiscard]] std::vector<std::string> target_column_names(const NameRules& rules, const TargetStyle& style,
                                                           const TableSchema& columns);

// The first of name, name_2, name_3, … that `is_taken` does not know.
template <class IsTaken>
[[nodiscard]] std::string free_name(const std::string& name, const IsTaken& is_taken) {
  std::string candidate = name;
  for (int n = 2; is_taken(candidate); ++n) candidate = name + "_" + std::to_string(n);
  return candidate;
}

}  // namespace walbrook::destination
