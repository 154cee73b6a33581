#include "model/reshaped_rows.h"

#include <utility>

namespace walbrook {

bool is_widened(const PhysicalType& narrow, const PhysicalType& wide) {
  if (narrow == wide) return true;
  if (narrow.layout != Layout::decimal || wide.layout != Layout::decimal || narrow.native != wide.native) return false;
  return wide.scale >= narrow.scale && wide.precision - wide.scale >= narrow.precision - narrow.scale;
}

Column widened(const Column& values, const PhysicalType& wide) {
  if (values.type() == wide) return values;
  Int128 factor = 1;
  for (int digit = values.type().scale; digit < wide.scale; ++digit) factor *= 10;
  Column out(wide);
  for (std::size_t row = 0; row < values.size(); ++row) {
    if (const auto* text = values.overflow_at(row)) {
      out.append_overflow(*text);
    } else if (values.is_null(row)) {
      out.append_null();
    } else {
      out.append(values.value<Int128>(row) * factor);
    }
  }
  return out;
}

RowBatch reshaped_rows(const RowBatch& rows, TableSchemaRef schema, std::span<const ColumnOrigin> origins) {
  RowBatch out(std::move(schema));
  for (std::size_t c = 0; c < origins.size(); ++c) {
    const auto& [column, value] = origins[c];
    const auto& type = out.schema->columns[c].type;
    if (column) {
      out.columns[c] = widened(rows.columns[*column], type);
      continue;
    }
    const auto filler = value == nullptr ? Column(type) : widened(*value, type);
    for (std::size_t row = 0; row < rows.rows(); ++row) {
      value == nullptr ? out.columns[c].append_null() : out.columns[c].append_from(filler, 0);
    }
  }
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    for (std::size_t c = 0; rows.has_unchanged() && c < origins.size(); ++c) {
      if (origins[c].column && rows.unchanged(row, *origins[c].column)) out.mark_unchanged(row, c);
    }
    out.finish_row(rows.ops[row], rows.transaction[row], rows.sequence[row]);
  }
  return out;
}

}  // namespace walbrook
