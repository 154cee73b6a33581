#include "replication/core/target_names.h"

#include "base/check.h"

namespace walbrook::replication {

std::string TargetNames::key_of(const destination::TargetName& name) const {
  ++steps_;
  return rules_->folded(name.schema + '\0' + name.table);
}

void TargetNames::add(const destination::TargetName& name) {
  ++tables_[key_of(name)];
}

void TargetNames::remove(const destination::TargetName& name) {
  const auto found = tables_.find(key_of(name));
  WALBROOK_CHECK(found != tables_.end(), "no table has target name {}.{}", name.schema, name.table);
  if (--found->second == 0) tables_.erase(found);
}

bool TargetNames::contains(const destination::TargetName& name) const {
  return tables_.contains(key_of(name));
}

}  // namespace walbrook::replication
