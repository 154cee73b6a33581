// Names of tables: none, one or several.
//
//   .table_names = "orders"
//   .table_names = {"orders", "sales.customers"}
//
// A name is `table` or `schema.table`, exactly as in the source; case matters. A part that contains a dot goes in
// double quotes: "\"odd.name\"", "sales.\"odd.name\"". A name that matches no table throws an Error when the table is
// looked up.
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
