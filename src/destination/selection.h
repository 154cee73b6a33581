// The tables that a pipeline was asked for. The checkpoint keeps them for runs that continue the pipeline elsewhere.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace walbrook::destination {

struct SelectedTable {
  std::string schema;
  std::string name;
  std::vector<std::string> columns;  // empty = all
  friend bool operator==(const SelectedTable&, const SelectedTable&) = default;
};

// Returns the tables as JSON, [{"schema": "public", "name": "orders", "columns": ["id", "price"]}]; "" if there are
// none.
[[nodiscard]] std::string selection_to_json(const std::vector<SelectedTable>& tables);
// Reads what selection_to_json writes. Throws Error(destination) for anything else.
[[nodiscard]] std::vector<SelectedTable> selection_from_json(std::string_view json);

}  // namespace walbrook::destination
