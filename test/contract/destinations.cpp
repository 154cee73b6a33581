#include "test/contract/destinations.h"

#include "base/error.h"
#include "destination/memory/memory_store.h"
#include "test/contract/duckdb_cells.h"

namespace walbrook::contract {
namespace {

using destination::DestinationOptions;
using destination::memory::MemoryStore;

std::string url_of(const destination::Destination& destination) {
  return destination.name();
}

std::vector<std::vector<Cell>> read_from_memory(destination::Destination& destination,
                                                const destination::OutputRecord& table) {
  const auto target = MemoryStore::named(url_of(destination))->target(table.target());
  if (target == nullptr) throw Error(ErrorKind::destination, "there is no table " + table.target_name);
  std::vector<std::vector<Cell>> rows(target->rows().size());
  for (const auto& column : table.columns->columns) {
    const auto values = target->values(column.name);
    for (std::size_t row = 0; row < rows.size(); ++row) rows[row].push_back(cell_of(values, row));
  }
  return rows;
}

}  // namespace

const std::vector<DestinationKind>& kinds() {
  static const std::vector<DestinationKind> all = {
      {.name = "duckdb",
       .options = [](const std::string& folder) { return DestinationOptions{.url = folder + "/copy.duckdb"}; },
       .read = read_from_duckdb},
      {.name = "memory",
       .options = [](const std::string& folder) { return DestinationOptions{.url = "memory:" + folder}; },
       .read = read_from_memory,
       .keep = [](const DestinationOptions& options) -> std::shared_ptr<void> {
         return MemoryStore::named(options.url);
       }},
  };
  return all;
}

}  // namespace walbrook::contract
