// Rows of one version of a table's columns, put into another version's.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "model/row_batch.h"

namespace walbrook {

// Where the values of a column come from: from a column of the rows; else `value`, of one row, is that of every row;
// else they are NULL. Borrows the value.
struct ColumnOrigin {
  std::optional<std::size_t> column;
  const Column* value = nullptr;
};

// Every value of `narrow` is one of `wide`: they are equal, or decimals, and `wide` has as many digits before and after
// the point.
[[nodiscard]] bool is_widened(const PhysicalType& narrow, const PhysicalType& wide);
// Returns the values as `wide` has them. REQUIRES: is_widened(values.type(), wide).
[[nodiscard]] Column widened(const Column& values, const PhysicalType& wide);

// Returns the rows with the columns of `schema`, each from its origin. REQUIRES: is_widened holds from each origin's
// type to the column's.
[[nodiscard]] RowBatch reshaped_rows(const RowBatch& rows, TableSchemaRef schema,
                                     std::span<const ColumnOrigin> origins);

}  // namespace walbrook
