#include "postgres/slot/default_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace walbrook::postgres {
namespace {

constexpr std::string_view name_prefix = "walbrook_";
constexpr std::size_t longest_name = 63;  // NAMEDATALEN - 1
constexpr std::size_t suffix_bytes = 7;   // _ and six digits

// FNV-1a, folded to 24 bits.
std::uint32_t name_hash(std::string_view text) {
  std::uint32_t hash = 0x811c9dc5U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x01000193U;
  return (hash >> 24U) ^ (hash & 0xffffffU);
}

char slot_name_character(char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<char>(c - 'A' + 'a');
  const bool allowed = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  return allowed ? c : '_';
}

}  // namespace

std::string default_name(std::string_view database) {
  std::string name(name_prefix);
  std::ranges::transform(database, std::back_inserter(name), slot_name_character);
  const bool same = std::string_view(name).substr(name_prefix.size()) == database;
  if (same && name.size() <= longest_name) return name;
  name.resize(std::min(name.size(), longest_name - suffix_bytes));
  return fmt::format("{}_{:06x}", name, name_hash(database));
}

}  // namespace walbrook::postgres
