// Helpers for the batches that tests expect.
#pragma once

#include <optional>
#include <utility>

#include "model/batch.h"

namespace walbrook::replication {

// Returns nullopt if there is no batch, or if it is of another kind.
template <class Kind>
[[nodiscard]] std::optional<Kind> only(std::optional<Batch>&& batch) {
  auto* found = batch ? std::get_if<Kind>(&*batch) : nullptr;
  return found == nullptr ? std::nullopt : std::optional<Kind>(std::move(*found));
}

}  // namespace walbrook::replication
