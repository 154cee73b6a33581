#include "pipeline/table_groups.h"

#include <utility>

namespace walbrook::pipeline {

void TableGroups::set(std::unordered_map<Oid, Oid> groups) {
  const std::lock_guard lock(mutex_);
  groups_ = std::move(groups);
}

Oid TableGroups::group(Oid relation) const {
  const std::lock_guard lock(mutex_);
  const auto found = groups_.find(relation);
  return found == groups_.end() ? relation : found->second;
}

}  // namespace walbrook::pipeline
