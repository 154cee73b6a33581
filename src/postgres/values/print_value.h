// Prints values of columns in the text form that PostgreSQL reads as the same value.
#pragma once

#include <string>
#include <string_view>

#include "model/column.h"

namespace walbrook::postgres {

// Appends the value in row `row`. A list is an array's text, a structure that of a row, a map that of an hstore.
// REQUIRES: the value is not NULL and has no overflow text.
void print_value(std::string& out, const Column& column, std::size_t row);

// Prints [-]HH:MM:SS[.ffffff]. An interval may have more than 99 hours.
[[nodiscard]] std::string time_text(std::int64_t microseconds);

}  // namespace walbrook::postgres
