// Which tables were written since DuckDB's last checkpoint, and what they hold in memory.
//
// DuckDB (1.5.5) keeps 16 KB and more for each column of a table that was written, outside of what it can put out to
// its temporary file, until a checkpoint. By itself it makes one by the size of its log, to which a small table adds a
// few hundred bytes: measured, 2,807 tables of four columns held 214 MB beside a log of 2.7 MB.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>

namespace walbrook::destination::duckdb {

// Not for several threads.
class WrittenTables {
 public:
  // A table is counted once, however often it is written. `checkpoints`: how many the file has seen; where it is not
  // what it was, what was written before is in the file.
  void add(const std::string& full_name, std::size_t columns, std::uint64_t file_checkpoints);
  [[nodiscard]] std::size_t bytes() const { return columns_ * bytes_per_column; }
  void clear(std::uint64_t file_checkpoints);

 private:
  static constexpr std::size_t bytes_per_column = 20'000;

  std::set<std::string> names_;
  std::size_t columns_ = 0;
  std::uint64_t file_checkpoints_ = 0;
};

}  // namespace walbrook::destination::duckdb
