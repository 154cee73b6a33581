// What the state tables of destinations with SQL have in common: schema _walbrook.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "destination/state.h"
#include "destination/target.h"

namespace walbrook::destination {

inline constexpr std::array<std::string_view, 8> state_table_names = {
    "format", "checkpoint", "tables", "outputs", "targets", "loads", "schema_versions", "prepared"};
inline constexpr std::int64_t kept_loads = 10'000;

// A row of _walbrook.targets.
struct TargetRecord {
  enum class Kind { live, unfinished_copy, finished_copy } kind = Kind::live;
  OutputId output;
  bool has_source = true;  // OutputRecord::has_source
  Target target;
};

// Reads a list of transaction numbers, in whatever brackets: "[812, 815]", "{812,815}".
[[nodiscard]] std::vector<std::uint32_t> parse_xids(std::string_view list);

}  // namespace walbrook::destination
