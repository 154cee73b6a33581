#include "destination/duckdb/duckdb_message.h"

#include "destination/duckdb/open_file.h"

namespace walbrook::destination::duckdb {
namespace {

// Returns the kind that begins the line: "Constraint Error".
std::string_view kind_in(std::string_view line) {
  const auto end = line.find(": ");
  return end == std::string_view::npos ? "an error" : line.substr(0, end);
}

// Removes the key's value from the line. In … key "v: a@b.c" … the column's name is kept; at COMMIT (… duplicate key
// "a@b.c") there is none. A value may contain quotes, and a line break, with which the line ends.
std::string without_key(std::string_view line, std::size_t key) {
  const auto last = line.rfind('"');
  const bool is_closed = last > key;
  const auto content = line.substr(key + 1, is_closed ? last - key - 1 : std::string_view::npos);
  const bool is_named = line.find(" constraint violation: ") == std::string_view::npos;
  const auto column = is_named ? content.find(": ") : std::string_view::npos;
  std::string out(line.substr(0, key + 1));
  if (column != std::string_view::npos) out.append(content.substr(0, column + 2));
  out += "…";
  if (is_closed) out.append(line.substr(last));
  return out;
}

}  // namespace

std::string without_values(duckdb_error_type type, std::string_view message) {
  auto whole = first_line(message);
  const std::string_view line = whole;
  switch (type) {
    case DUCKDB_ERROR_CONVERSION:
    case DUCKDB_ERROR_DECIMAL:
    case DUCKDB_ERROR_OUT_OF_RANGE:
      return std::string(kind_in(line)) + ": a value does not fit";
    case DUCKDB_ERROR_CONSTRAINT:
    case DUCKDB_ERROR_TRANSACTION:
      break;
    default:
      return whole;
  }
  constexpr std::string_view key = "key \"";
  if (const auto at = line.find(key); at != std::string_view::npos) return without_key(line, at + key.size() - 1);
  if (type == DUCKDB_ERROR_TRANSACTION) return whole;
  if (line.find("NOT NULL constraint failed") != std::string_view::npos) return whole;
  if (line.find("CHECK constraint failed") != std::string_view::npos) return whole.substr(0, line.find(" (Error: "));
  return std::string(kind_in(line)) + ": a constraint refuses a row";
}

}  // namespace walbrook::destination::duckdb
