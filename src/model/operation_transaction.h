// The transaction of an operation.
#pragma once

#include <cstdint>
#include <type_traits>
#include <variant>

#include "model/batch.h"

namespace walbrook {

// Returns the index into the batch's transactions that an operation has as a whole. nullptr: its rows have one each, or
// it stands for parts that have left.
template <class AnOperation>
[[nodiscard]] auto transaction_of(AnOperation& operation) {
  using Index = std::conditional_t<std::is_const_v<AnOperation>, const std::uint32_t, std::uint32_t>;
  if (auto* truncate = std::get_if<Truncate>(&operation)) return static_cast<Index*>(&truncate->transaction);
  if (auto* altered = std::get_if<AlteredTable>(&operation)) return static_cast<Index*>(&altered->transaction);
  return static_cast<Index*>(nullptr);
}

}  // namespace walbrook
