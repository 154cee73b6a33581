// The names of target tables that are taken, distinguished as the destination distinguishes them.
#pragma once

#include <string>
#include <unordered_map>

#include "destination/capabilities.h"
#include "destination/state.h"

namespace walbrook::replication {

class TargetNames {
 public:
  // Borrows `rules` for its lifetime.
  explicit TargetNames(const destination::NameRules& rules) : rules_(&rules) {}

  void add(const destination::TargetName& name);
  // REQUIRES: it was added.
  void remove(const destination::TargetName& name);
  [[nodiscard]] bool contains(const destination::TargetName& name) const;
  // How often a name was looked up, added or removed.
  [[nodiscard]] std::size_t steps() const { return steps_; }

 private:
  [[nodiscard]] std::string key_of(const destination::TargetName& name) const;

  const destination::NameRules* rules_;
  std::unordered_map<std::string, int> tables_;  // by name, how many targets have it
  mutable std::size_t steps_ = 0;
};

}  // namespace walbrook::replication
