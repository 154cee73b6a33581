#include "replication/core/table_groups.h"

#include <utility>

namespace walbrook::replication {

void TableGroups::set(std::unordered_map<Oid, Oid> groups, RowIdentities identities) {
  const std::lock_guard lock(mutex_);
  groups_ = std::move(groups);
  if (identities_ == identities) return;
  identities_ = std::move(identities);
  ++identities_version_;
}

Oid TableGroups::group(Oid relation) const {
  const std::lock_guard lock(mutex_);
  const auto found = groups_.find(relation);
  return found == groups_.end() ? relation : found->second;
}

postgres::RowIdentity TableGroups::identity(Oid table) const {
  const std::lock_guard lock(mutex_);
  const auto found = identities_.find(table);
  return found == identities_.end() ? postgres::RowIdentity{} : found->second;
}

}  // namespace walbrook::replication
