#include "arrow/arrow_import.h"

#include <fmt/format.h>

#include "arrow/arrow_layout.h"
#include "arrow/arrow_values.h"
#include "base/error.h"

namespace walbrook {

ArrowRows::ArrowRows(const std::vector<ArrowColumn>& columns, const ArrowArray& array, const ValueLimits& limits,
                     std::uint64_t rows_before)
    : columns_(columns), array_(array), limits_(limits), rows_before_(rows_before) {
  check_arrow_batch(columns, array);
}

void ArrowRows::append(std::size_t column, std::size_t begin, std::size_t end, Column& into) const {
  const auto& of = columns_[column];
  const auto first = array_.offset + static_cast<std::int64_t>(begin);
  const auto last = array_.offset + static_cast<std::int64_t>(end);
  const auto& values = *array_.children[column];
  ArrowValues reader(limits_, rows_before_ + begin + 1);
  if (is_nested(of.type.layout) || of.reading == ArrowReading::dictionary) {
    for (auto at = first; at < last; ++at) reader.append_in_row(of, values, at, into);
  } else {
    reader.append(of, values, first, last, into);
  }
}

}  // namespace walbrook
