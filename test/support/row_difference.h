// Rows as one text each, cell by cell, and the text that shows differing rows to people.
#pragma once

#include <string>
#include <vector>

#include "test/support/source_tables.h"

namespace walbrook::test {

inline constexpr char cell_end = '\x1f';       // separates cells
inline constexpr char null_cell = '\x1e';      // a cell that is NULL
inline constexpr char overflow_cell = '\x1d';  // begins a cell that comes from an overflow column

[[nodiscard]] std::vector<std::string> split_cells(const std::string& row);
[[nodiscard]] std::string join_cells(const std::vector<std::string>& cells);

struct RowDifference {
  std::vector<std::string> missing;  // in the source and not in the target table
  std::vector<std::string> surplus;  // in the target table and not in the source
};

// Describes the first differences. Rows with the same primary key are shown side by side, column by column; others
// whole.
[[nodiscard]] std::vector<std::string> describe(const RowDifference& difference,
                                                const std::vector<SourceColumn>& columns);

}  // namespace walbrook::test
