#include "destination/duckdb/duckdb_message.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "destination/duckdb/open_file.h"

namespace walbrook::destination::duckdb {
namespace {

constexpr std::string_view commit_failed = "Failed to commit: ";
constexpr std::string_view hidden_reason = "a reason that may contain values of rows; the debug log shows it";

// Errors of these types name objects, types, settings and files, but no values of rows. Every other type is taken to
// contain values: an expression of an index, say, fails with whatever its function says about its argument.
bool names_no_values(duckdb_error_type type) {
  switch (type) {
    case DUCKDB_ERROR_CATALOG:
    case DUCKDB_ERROR_BINDER:
    case DUCKDB_ERROR_PARSER:
    case DUCKDB_ERROR_SYNTAX:
    case DUCKDB_ERROR_PLANNER:
    case DUCKDB_ERROR_PARAMETER_NOT_ALLOWED:
    case DUCKDB_ERROR_DEPENDENCY:
    case DUCKDB_ERROR_INVALID_TYPE:
    case DUCKDB_ERROR_SETTINGS:
    case DUCKDB_INVALID_CONFIGURATION:
    case DUCKDB_ERROR_PERMISSION:
    case DUCKDB_ERROR_CONNECTION:
    case DUCKDB_ERROR_IO:
    case DUCKDB_ERROR_HTTP:
    case DUCKDB_ERROR_OUT_OF_MEMORY:
    case DUCKDB_ERROR_INTERRUPT:
      return true;
    default:
      return false;
  }
}

// Returns the line without the reason that follows `lead`, unless the reason is about a file. Such a reason contains
// names of files and numbers alone.
std::string without_reason(std::string_view line, std::string_view lead) {
  constexpr auto about_files = std::to_array<std::string_view>(
      {"IO Error: ", "Could not read ", "Could not write ", "Could not seek ", "Could not truncate ", "Cannot open "});
  const auto at = line.find(lead);
  if (at == std::string_view::npos) return std::string(line);
  const auto reason = line.substr(at + lead.size());
  if (std::ranges::any_of(about_files, [reason](auto begin) { return reason.starts_with(begin); })) {
    return std::string(line);
  }
  return std::string(line.substr(0, at + lead.size())).append(hidden_reason);
}

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
  if (names_no_values(type)) return whole;
  const std::string_view line = whole;
  switch (type) {
    case DUCKDB_ERROR_CONVERSION:
    case DUCKDB_ERROR_DECIMAL:
    case DUCKDB_ERROR_OUT_OF_RANGE:
      return std::string(kind_in(line)) + ": a value does not fit";
    case DUCKDB_ERROR_FATAL:
      return without_reason(line, " because of error: ");
    case DUCKDB_ERROR_CONSTRAINT:
    case DUCKDB_ERROR_TRANSACTION:
      break;
    default:
      return fmt::format("{}: {}", kind_in(line), hidden_reason);
  }
  constexpr std::string_view key = "key \"";
  if (const auto at = line.find(key); at != std::string_view::npos) return without_key(line, at + key.size() - 1);
  if (type == DUCKDB_ERROR_TRANSACTION) return without_reason(line, commit_failed);
  if (line.find("NOT NULL constraint failed") != std::string_view::npos) return whole;
  if (line.find("CHECK constraint failed") != std::string_view::npos) return whole.substr(0, line.find(" (Error: "));
  return std::string(kind_in(line)) + ": a constraint refuses a row";
}

duckdb_error_type type_of_prepare_error(std::string_view message, duckdb_error_type of_statement) {
  constexpr auto types = std::to_array<std::pair<std::string_view, duckdb_error_type>>(
      {{"FATAL Error: ", DUCKDB_ERROR_FATAL},
       {"INTERNAL Error: ", DUCKDB_ERROR_INTERNAL},
       {"INTERRUPT Error: ", DUCKDB_ERROR_INTERRUPT},
       {"IO Error: ", DUCKDB_ERROR_IO},
       {"HTTP Error: ", DUCKDB_ERROR_HTTP},
       {"Connection Error: ", DUCKDB_ERROR_CONNECTION},
       {"Out of Memory Error: ", DUCKDB_ERROR_OUT_OF_MEMORY}});
  const auto* const found =
      std::ranges::find_if(types, [message](const auto& each) { return message.starts_with(each.first); });
  return found == types.end() ? of_statement : found->second;
}

bool is_durable_commit(std::string_view message) {
  constexpr std::string_view after_kind = ": ";
  const auto kind = message.find(after_kind);
  if (kind == std::string_view::npos) return false;
  message.remove_prefix(kind + after_kind.size());
  if (message.starts_with(commit_failed)) message.remove_prefix(commit_failed.size());
  return message.starts_with("Transaction COMMIT succeeded and is durable");
}

}  // namespace walbrook::destination::duckdb
