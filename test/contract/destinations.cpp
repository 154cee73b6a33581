#include "test/contract/destinations.h"

#include "base/error.h"
#include "destination/memory/memory_store.h"
#include "test/contract/duckdb_cells.h"
#include "test/contract/duckdb_user.h"
#include "test/contract/filesystem_cells.h"

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

void drop_in_duckdb(const destination::DestinationOptions& options, const destination::TargetName& target) {
  run_in_duckdb(options.url, {("DROP TABLE " + target.schema + "." + target.table).c_str()});
}

void drop_in_memory(const destination::DestinationOptions& options, const destination::TargetName& target) {
  MemoryStore::named(options.url)->with([&](MemoryStore::Contents& contents) {
    contents.targets.erase({target.schema, target.table});
  });
}

}  // namespace

const std::vector<DestinationKind>& local_kinds() {
  static const std::vector<DestinationKind> all = {
      {.name = "duckdb",
       .options = [](const std::string& folder) { return DestinationOptions{.url = folder + "/copy.duckdb"}; },
       .read = read_from_duckdb,
       .drop_table = drop_in_duckdb},
      {.name = "parquet",
       .options = [](const std::string& folder) { return DestinationOptions{.url = "file://" + folder + "/lake"}; },
       .read = read_from_files,
       .drop_table = drop_in_files},
      {.name = "csv",
       .options =
           [](const std::string& folder) {
             return DestinationOptions{.url = "file://" + folder + "/lake?format=csv&layout=date"};
           },
       .read = read_from_files,
       .drop_table = drop_in_files},
      {.name = "jsonl",
       .options =
           [](const std::string& folder) {
             return DestinationOptions{.url = "file://" + folder + "/lake?format=jsonl"};
           },
       .read = read_from_files,
       .drop_table = drop_in_files},
      {.name = "memory",
       .options = [](const std::string& folder) { return DestinationOptions{.url = "memory:" + folder}; },
       .read = read_from_memory,
       .drop_table = drop_in_memory,
       .keep = [](const DestinationOptions& options) -> std::shared_ptr<void> {
         return MemoryStore::named(options.url);
       },
       .outlives_processes = false},
  };
  return all;
}

}  // namespace walbrook::contract
