// When cells are the same: as bytes that can be compared, sorted and hashed.
#pragma once

#include <string>

#include "model/column.h"

namespace walbrook::destination::memory {

enum class Equality {
  // As the source compares key columns: 0.0 and -0.0 are one key, and so are 1 month and 30 days.
  as_keys,
  // The very same value; but every NaN is one.
  as_content,
};

// Appends what tells the cell from others that are not equal to it. NULLs are equal, and a value with an overflow text
// is equal to one with the same text. Cells of columns of one type can be compared.
void append_comparable(std::string& out, const Column& column, std::size_t row, Equality equality);

}  // namespace walbrook::destination::memory
