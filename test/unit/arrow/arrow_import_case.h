// What the tests of the import do: a column that is handed over alone, shown as text, or refused.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "arrow/arrow_import.h"
#include "base/error.h"
#include "test/unit/arrow/handmade_arrow.h"

namespace walbrook {

inline constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();
inline constexpr ValueLimits import_limits{.min_timestamp = -1'000'000'000'000'000,
                                           .max_timestamp = 1'000'000'000'000'000};

struct Imported {
  PhysicalType type;
  std::vector<std::string> values;  // as text, "NULL" for NULL
};

// The only column of a batch of that one child; its first row is number 101 of the stream.
[[nodiscard]] Imported import_column(HandmadeArrow& of);

void expect_imported(HandmadeArrow& of, const std::string& type, const std::vector<std::string>& values);
// The import throws an Error of that kind, whose cause has `part` in it and which names the column.
void expect_refused(HandmadeArrow& of, ErrorKind kind, const std::string& part);

}  // namespace walbrook
