// Names of tables: one, several, or none.
//
//   .table_names = "orders"
//   .table_names = {"orders", "sales.customers"}
//
// A name is `table` or `schema.table`, exactly as the source has it (case counts). A part in which a dot stands goes in
// double quotes: "\"odd.name\"", "sales.\"odd.name\"". What no table is named like is an Error when it is looked for.
#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace walbrook {

class TableNames {
 public:
  TableNames() = default;
  TableNames(const char* name) : names_{name} {}             // NOLINT(google-explicit-constructor)
  TableNames(std::string name) : names_{std::move(name)} {}  // NOLINT(google-explicit-constructor)
  TableNames(std::initializer_list<std::string> names) : names_(names) {}
  TableNames(std::vector<std::string> names) : names_(std::move(names)) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool empty() const { return names_.empty(); }
  [[nodiscard]] auto begin() const { return names_.begin(); }
  [[nodiscard]] auto end() const { return names_.end(); }

 private:
  std::vector<std::string> names_;
};

}  // namespace walbrook
