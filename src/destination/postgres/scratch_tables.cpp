#include "destination/postgres/scratch_tables.h"

#include <fmt/format.h>

#include <algorithm>

namespace walbrook::destination::postgresql {

std::string ScratchTables::take(const std::vector<std::string>& types) {
  std::string columns;
  for (std::size_t i = 0; i < types.size(); ++i) columns += fmt::format("{}c{} {}", i == 0 ? "" : ", ", i, types[i]);
  const auto [begin, end] = tables_.equal_range(columns);
  for (auto at = begin; at != end; ++at) {
    auto& table = at->second;
    if (table.taken) continue;
    if (table.has_rows) session_.execute("TRUNCATE " + table.name, "emptying a temporary table");
    table.taken = table.has_rows = true;
    return table.name;
  }
  auto name = fmt::format("pg_temp.\"_walbrook_rows_{}\"", ++created_);
  session_.execute(fmt::format("CREATE TEMPORARY TABLE {} ({}) ON COMMIT DELETE ROWS", name, columns),
                   "creating a temporary table");
  tables_.emplace(columns, Table{.name = name, .taken = true, .has_rows = true, .is_new = true});
  return name;
}

void ScratchTables::give_back(const std::string& table) {
  for (auto& [columns, each] : tables_) {
    if (each.name == table) each.taken = false;
  }
}

void ScratchTables::committed() {
  for (auto& [columns, table] : tables_) table.taken = table.has_rows = table.is_new = false;
}

void ScratchTables::rolled_back() {
  std::erase_if(tables_, [](const auto& entry) { return entry.second.is_new; });
  committed();
}

}  // namespace walbrook::destination::postgresql
