// Packages as tests expect them.
#pragma once

#include <optional>
#include <utility>

#include "model/load_package.h"

namespace walbrook::replication {

// nullopt: there is none, or it is of another kind.
template <class Kind>
[[nodiscard]] std::optional<Kind> only(std::optional<LoadPackage>&& package) {
  auto* found = package ? std::get_if<Kind>(&*package) : nullptr;
  return found == nullptr ? std::nullopt : std::optional<Kind>(std::move(*found));
}

}  // namespace walbrook::replication
