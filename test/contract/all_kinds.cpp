#include "test/contract/attached_kind.h"
#include "test/contract/destinations.h"
#include "test/contract/lake_kinds.h"
#include "test/contract/postgres_kind.h"

namespace walbrook::contract {

const std::vector<DestinationKind>& kinds() {
  static const auto all = [] {
    auto kinds = local_kinds();
    kinds.push_back(postgres_kind());
    kinds.push_back(attached_kind());
    for (auto& kind : lake_kinds()) kinds.push_back(std::move(kind));
    return kinds;
  }();
  return all;
}

}  // namespace walbrook::contract
