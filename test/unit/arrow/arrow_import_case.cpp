#include "test/unit/arrow/arrow_import_case.h"

#include <gtest/gtest.h>

namespace walbrook {
namespace {

std::string number_text(Int128 value) {
  std::string digits;
  for (auto rest = value < 0 ? -value : value; rest != 0 || digits.empty(); rest /= 10) {
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(rest % 10)));
  }
  return (value < 0 ? "-" : "") + digits;
}

std::string shown(const Column& column, std::size_t row) {
  if (column.is_null(row)) return "NULL";
  const auto& offsets = column.offsets();
  std::string out;
  switch (column.type().layout) {
    case Layout::boolean:
      return column.value<char>(row) != 0 ? "t" : "f";
    case Layout::int16:
      return std::to_string(column.value<std::int16_t>(row));
    case Layout::int32:
    case Layout::date:
      return std::to_string(column.value<std::int32_t>(row));
    case Layout::uint32:
      return std::to_string(column.value<std::uint32_t>(row));
    case Layout::uint64:
      return std::to_string(column.value<std::uint64_t>(row));
    case Layout::float32:
      return std::to_string(column.value<float>(row));
    case Layout::float64:
      return std::to_string(column.value<double>(row));
    case Layout::decimal:
      return number_text(column.value<Int128>(row));
    case Layout::interval: {
      const auto value = column.value<Interval>(row);
      return std::to_string(value.months) + "/" + std::to_string(value.days) + "/" + std::to_string(value.microseconds);
    }
    case Layout::list:
    case Layout::map:
      for (auto at = offsets[row]; at < offsets[row + 1]; ++at) {
        out += out.empty() ? "" : ",";
        for (const auto& child : column.children()) out += shown(child, static_cast<std::size_t>(at)) + " ";
      }
      return "[" + out + "]";
    case Layout::structure:
      for (const auto& child : column.children()) out += shown(child, row) + " ";
      return "(" + out + ")";
    case Layout::utf8:
    case Layout::json:
    case Layout::binary:
    case Layout::uuid:
      return std::string(column.bytes_at(row));
    default:
      return std::to_string(column.value<std::int64_t>(row));
  }
}

Error import_error(HandmadeArrow& of) {
  try {
    static_cast<void>(import_column(of));
  } catch (const Error& error) {
    return error;
  }
  return {ErrorKind::internal, "nothing was refused"};
}

}  // namespace

Imported import_column(HandmadeArrow& of) {
  HandmadeArrow batch("+s", of.array.length);
  batch.missing_buffer().child(of);
  batch.finish();
  const auto columns = read_arrow_schema(batch.schema);
  const ArrowRows rows(columns, batch.array, import_limits, 100);
  Column column(columns.at(0).type);
  const auto half = rows.size() / 2;
  rows.append(0, 0, half, column);
  rows.append(0, half, rows.size(), column);
  Imported out{.type = columns.at(0).type, .values = {}};
  for (std::size_t row = 0; row < column.size(); ++row) out.values.push_back(shown(column, row));
  return out;
}

void expect_imported(HandmadeArrow& of, const std::string& type, const std::vector<std::string>& values) {
  const auto imported = import_column(of);
  EXPECT_EQ(to_string(imported.type), type);
  EXPECT_EQ(imported.values, values);
}

void expect_refused(HandmadeArrow& of, ErrorKind kind, const std::string& part) {
  const auto error = import_error(of);
  EXPECT_EQ(error.kind(), kind) << error.what();
  EXPECT_NE(error.cause().find(part), std::string::npos) << error.what();
  EXPECT_EQ(error.facts().column.substr(0, 1), "c") << error.what();
}

}  // namespace walbrook
