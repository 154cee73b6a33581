// Decides when cells are equal: each becomes bytes that can be compared, sorted and hashed.
#pragma once

#include <string>

#include "model/column.h"

namespace walbrook::destination::memory {

enum class Equality {
  // Equal as the source compares key columns: 0.0 and -0.0 are one key, and so are 1 month and 30 days.
  as_keys,
  // Equal only if the values are identical, except that all NaNs are equal.
  as_content,
};

// Appends bytes to `out` that differ from those of any cell that is not equal to this one. NULLs are equal, and values
// with an overflow text are equal if their texts are. Only cells of columns of one type can be compared.
void append_comparable(std::string& out, const Column& column, std::size_t row, Equality equality);

}  // namespace walbrook::destination::memory
