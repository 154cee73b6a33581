// Helpers for tests of the import: one column is imported and shown as text, or refused.
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

// Imports a batch whose only column is this child. Its first row is number 101 of the stream.
[[nodiscard]] Imported import_column(HandmadeArrow& of);

void expect_imported(HandmadeArrow& of, const std::string& type, const std::vector<std::string>& values);
// Expects an Error of that kind whose cause contains `part` and names the column.
void expect_refused(HandmadeArrow& of, ErrorKind kind, const std::string& part);

}  // namespace walbrook
