// A row batch as text, for tests.
#pragma once

#include <string>
#include <vector>

#include "model/row_batch.h"

namespace walbrook::postgres {

// Row by row, cell by cell: NULL, the raw bytes in hex, or the overflow.
inline std::vector<std::string> cells(const RowBatch& batch) {
  std::vector<std::string> out;
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    std::string line;
    for (const auto& column : batch.columns) {
      if (!line.empty()) line += '|';
      if (const auto* overflow = column.overflow_at(row)) {
        line += "v:" + *overflow;
      } else if (column.is_null(row)) {
        line += "NULL";
      } else {
        for (const char c : column.bytes_at(row)) {
          constexpr auto digits = "0123456789abcdef";
          line += digits[static_cast<unsigned char>(c) >> 4];
          line += digits[static_cast<unsigned char>(c) & 15];
        }
      }
    }
    out.push_back(line);
  }
  return out;
}

}  // namespace walbrook::postgres
