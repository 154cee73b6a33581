// The steps by which the columns of a target table get the names that their source's columns have now.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "destination/target.h"
#include "destination/transaction.h"

namespace walbrook::destination {

struct TargetRenaming {
  // The target's columns that are left of dropped ones with such a name. They are dropped first.
  std::vector<std::string> dropped;
  struct Step {
    std::string from;
    std::string to;
  };
  // ALTER TABLE … RENAME COLUMN, one after the other. Columns that exchange their names get there by a third name.
  std::vector<Step> steps;
};

// Gives the target's columns, and their overflow columns, the names that follow from `renamed`. Returns the steps by
// which the table gets there. Columns that the target lacks are passed over.
[[nodiscard]] TargetRenaming rename_columns(const NameRules& rules, Target& target,
                                            std::span<const Alteration::RenamedColumn> renamed, Naming naming);

}  // namespace walbrook::destination
