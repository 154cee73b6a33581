#include "replication/core/catalog_wait.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace walbrook::replication {
namespace {

constexpr std::chrono::seconds longest_catalog_wait{15};

}  // namespace

void CatalogWait::seen(Lsn complete_to) {
  is_asked_ = false;
  complete_to_ = std::max(complete_to_, complete_to);
}

std::optional<SteadyTime> CatalogWait::until(Lsn described, CatalogReadings& catalog, Now now) {
  if (!described.is_set() || described < complete_to_ || described <= not_waited_for_ || !catalog.is_answered()) {
    waited_to_.reset();
    return std::nullopt;
  }
  if (!waited_to_) waited_to_ = now.steady + longest_catalog_wait;
  if (now.steady >= *waited_to_) {
    // The next poll that succeeds compares the tables, and resyncs those that these rows do not fit.
    not_waited_for_ = described;
    waited_to_.reset();
    spdlog::warn(
        "the source's catalog has not been read for {} s: changes are applied, and tables are compared with it later",
        longest_catalog_wait.count());
    return std::nullopt;
  }
  // A poll that was under way may have begun before the commit of `described`.
  if (!std::exchange(is_asked_, true)) catalog.ask();
  return waited_to_;
}

}  // namespace walbrook::replication
