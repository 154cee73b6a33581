#include "destination/duckdb/written_tables.h"

namespace walbrook::destination::duckdb {

void WrittenTables::add(const std::string& full_name, std::size_t columns, std::uint64_t checkpoints) {
  if (checkpoints != checkpoints_) clear(checkpoints);
  if (names_.insert(full_name).second) columns_ += columns;
}

void WrittenTables::clear(std::uint64_t checkpoints) {
  names_.clear();
  columns_ = 0;
  checkpoints_ = checkpoints;
}

}  // namespace walbrook::destination::duckdb
