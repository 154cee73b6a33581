#include "destination/duckdb/written_tables.h"

namespace walbrook::destination::duckdb {

void WrittenTables::add(const std::string& full_name, std::size_t columns, std::uint64_t file_checkpoints) {
  if (file_checkpoints != file_checkpoints_) clear(file_checkpoints);
  if (names_.insert(full_name).second) columns_ += columns;
}

void WrittenTables::clear(std::uint64_t file_checkpoints) {
  names_.clear();
  columns_ = 0;
  file_checkpoints_ = file_checkpoints;
}

}  // namespace walbrook::destination::duckdb
