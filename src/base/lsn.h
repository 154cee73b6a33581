// A position in PostgreSQL's write-ahead log. https://www.postgresql.org/docs/current/datatype-pg-lsn.html
//
// Three positions belong to one transaction and must not be mixed up:
//   commit_lsn  where its commit record starts (Begin's final_lsn): what orders transactions, what the seam compares
//   end_lsn     where its commit record ends: where streaming starts when it is durable (the checkpoint)
//   the LSN of a frame, which is neither
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace walbrook {

struct Lsn {
  std::uint64_t value = 0;  // bytes since the beginning of the log; 0 = none

  friend constexpr auto operator<=>(Lsn, Lsn) = default;
  [[nodiscard]] constexpr bool is_set() const { return value != 0; }

  // "16/B374D848": two hexadecimal halves of at most 8 digits each.
  [[nodiscard]] static std::optional<Lsn> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;
};

}  // namespace walbrook
