// A position in PostgreSQL's write-ahead log. https://www.postgresql.org/docs/current/datatype-pg-lsn.html
//
// Three positions belong to a transaction and must not be confused:
//   commit_lsn  where its commit record starts (Begin's final_lsn): it orders transactions, and the seam compares it
//   end_lsn     where its commit record ends: streaming starts there once the transaction is durable (the checkpoint)
//   the LSN of a frame, which is neither
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace walbrook {

struct Lsn {
  std::uint64_t value = 0;  // bytes since the beginning of the log; 0 = not set

  friend constexpr auto operator<=>(Lsn, Lsn) = default;
  [[nodiscard]] constexpr bool is_set() const { return value != 0; }

  // "16/B374D848": two hexadecimal halves of at most 8 digits each.
  [[nodiscard]] static std::optional<Lsn> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;
};

}  // namespace walbrook
