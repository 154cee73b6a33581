#include "base/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <utility>

#include "base/error.h"
#include "base/text.h"

namespace walbrook {
namespace {

constexpr std::size_t max_name_bytes = 63;  // NAMEDATALEN - 1

[[noreturn]] void refuse(std::string_view flag, std::string_view text, std::string_view why, std::string hint) {
  throw Error(ErrorKind::configuration, fmt::format("{} \"{}\" {}", flag, printable(text), why), std::move(hint));
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Splits "64 MB" into 64 and "MB". Without a number, or with one that is too large, the first is the maximum.
std::pair<std::uint64_t, std::string_view> split_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (status != std::errc{}) return {std::numeric_limits<std::uint64_t>::max(), {}};
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (text.starts_with(' ')) text.remove_prefix(1);
  return {number, text};
}

// Returns the number of edits (insert, delete, replace, swap of neighbors) that turn one word into the other.
std::size_t edit_distance(std::string_view from, std::string_view to) {
  std::vector<std::vector<std::size_t>> cost(from.size() + 1, std::vector<std::size_t>(to.size() + 1));
  for (std::size_t i = 0; i <= from.size(); ++i) cost[i][0] = i;
  for (std::size_t j = 0; j <= to.size(); ++j) cost[0][j] = j;
  for (std::size_t i = 1; i <= from.size(); ++i) {
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const std::size_t replace = cost[i - 1][j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
      cost[i][j] = std::min({replace, cost[i - 1][j] + 1, cost[i][j - 1] + 1});
      if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[from.size()][to.size()];
}

}  // namespace

void check_slot_name(std::string_view flag, std::string_view name) {
  const bool allowed = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || is_digit(c) || c == '_';
  });
  if (!allowed) {
    refuse(flag, name, "is not a name that PostgreSQL allows for a slot",
           "Use lower-case letters, digits and underscores.");
  }
  if (name.size() > max_name_bytes) refuse(flag, name, "is longer than 63 bytes", "Choose a shorter name.");
}

void check_name(std::string_view flag, std::string_view name) {
  if (name.empty()) refuse(flag, name, "is empty", "Give a name, or leave the flag out.");
  if (name.size() > max_name_bytes)
    refuse(flag, name, "is longer than PostgreSQL's 63 bytes", "Choose a shorter name.");
}

Lsn parse_lsn(std::string_view flag, std::string_view text) {
  const auto lsn = Lsn::parse(text);
  if (!lsn || !lsn->is_set())
    refuse(flag, text, "is not an LSN", "Form: 16/B374D848, as pg_current_wal_lsn() prints it.");
  return *lsn;
}

std::uint64_t parse_count(std::string_view flag, std::string_view text, std::uint64_t least, std::uint64_t most) {
  const auto [number, rest] = split_number(text);
  if (text.empty() || !is_digit(text[0]) || !is_digit(text.back()) || !rest.empty() || number < least ||
      number > most) {
    refuse(flag, text, fmt::format("is not a whole number from {} to {}", least, most), {});
  }
  return number;
}

std::uint64_t parse_size(std::string_view flag, std::string_view text, std::uint64_t least) {
  static constexpr std::array<std::pair<std::string_view, unsigned>, 6> units = {
      {{"", 0}, {"B", 0}, {"kB", 10}, {"KB", 10}, {"MB", 20}, {"GB", 30}}};
  const auto [number, rest] = split_number(text);
  const auto unit = std::find_if(units.begin(), units.end(),
                                 [unit_text = rest](const auto& known) { return known.first == unit_text; });
  const bool fits =
      unit != units.end() && number <= (std::uint64_t{std::numeric_limits<std::int64_t>::max()} >> unit->second);
  if (text.empty() || !is_digit(text[0]) || !fits)
    refuse(flag, text, "is not a size", "Form: 65536, 512kB, 64MB or 1GB.");
  const std::uint64_t bytes = number << unit->second;
  if (bytes < least) refuse(flag, text, fmt::format("is less than {} bytes", with_thousands(least)), {});
  return bytes;
}

void check_postgres_memory(std::string_view flag, std::string_view text) {
  const auto [number, unit] = split_number(text);
  const bool known = unit.empty() || unit == "kB" || unit == "MB" || unit == "GB" || unit == "TB";
  if (text.empty() || !is_digit(text[0]) || !known || number == 0 ||
      number > std::numeric_limits<std::int32_t>::max()) {
    refuse(flag, text, "is not a memory size as PostgreSQL writes it", "Form: 256MB or 1GB; at least 64kB.");
  }
}

void check_duckdb_memory(std::string_view flag, std::string_view text) {
  static constexpr std::array<std::string_view, 11> units = {"B",   "KB",  "MB",  "GB", "TB",   "KiB",
                                                             "MiB", "GiB", "TiB", "%",  "bytes"};
  const auto digits = std::min(text.find_first_not_of("0123456789."), text.size());
  auto unit = text.substr(digits);
  if (unit.starts_with(' ')) unit.remove_prefix(1);
  const bool number = digits > 0 && is_digit(text[0]) && std::count(text.begin(), text.end(), '.') <= 1;
  if (!number || std::find(units.begin(), units.end(), unit) == units.end()) {
    refuse(flag, text, "is not a memory limit as DuckDB writes it", "Form: 512MB, 2GB or 80%.");
  }
}

std::string nearest(std::string_view word, const std::vector<std::string>& known) {
  constexpr std::size_t longest_word = 200;  // the distance costs the product of both lengths
  if (word.size() > longest_word) return {};
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const auto& candidate : known) {
    std::size_t distance = edit_distance(word, candidate);
    if (word.size() > 3 && candidate.starts_with(word)) distance = 1;  // "--dest" is --destination, abbreviated
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace walbrook
