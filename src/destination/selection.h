// The tables that a pipeline was asked for, as the checkpoint keeps them for whoever picks it up elsewhere.
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

// [{"schema": "public", "name": "orders", "columns": ["id", "price"]}]; "" of none.
[[nodiscard]] std::string selection_to_json(const std::vector<SelectedTable>& tables);
// Throws Error(destination) for anything else.
[[nodiscard]] std::vector<SelectedTable> selection_from_json(std::string_view json);

}  // namespace walbrook::destination
