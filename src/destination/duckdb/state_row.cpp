#include "destination/duckdb/state_row.h"

#include <charconv>

#include "base/error.h"

namespace walbrook::destination::duckdb {

std::string text(const Row& row, std::size_t column) {
  return row.at(column).value_or("");
}

std::int64_t number(const Row& row, std::size_t column) {
  const auto digits = text(row, column);
  std::int64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

std::string boolean_text(std::optional<bool> value) {
  return value ? (*value ? "true" : "false") : "";
}

std::optional<bool> boolean(const Row& row, std::size_t column) {
  const auto written = text(row, column);
  return written.empty() ? std::nullopt : std::optional(written == "true");
}

std::string lsn_text(Lsn lsn) {
  return lsn.is_set() ? lsn.to_string() : "";
}

Lsn lsn(const Row& row, std::size_t column) {
  const auto written = text(row, column);
  if (written.empty()) return {};
  if (const auto parsed = Lsn::parse(written)) return *parsed;
  throw Error(ErrorKind::destination, "the state in the destination holds \"" + written + "\" in the place of an LSN",
              remedy("It was changed by hand. Copy the tables again: {}", RemedyAction::reset));
}

}  // namespace walbrook::destination::duckdb
