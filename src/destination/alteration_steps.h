// The steps by which a target table in a database follows an alteration, one statement each. What differs between
// databases is their SQL alone.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "destination/target.h"
#include "destination/transaction.h"

namespace walbrook::destination {

// Names are those of the target's columns. The pointers point into the alteration.
struct DropColumn {
  std::string name;
};
struct RenameColumn {
  std::string from;
  std::string to;
};
struct WidenColumn {
  std::string name;
  const ColumnSchema* column;
};
struct AddColumn {
  std::string name;
  const ColumnSchema* column;
  const Column* value;  // that of existing rows; nullptr: they are NULL
};
using AlterationStep = std::variant<DropColumn, RenameColumn, WidenColumn, AddColumn>;

// Makes `target` what it is after the alteration, except for overflow columns that the alteration adds, and returns the
// steps, in their order. Columns that the target has already are not added, and those that it lacks are passed over.
[[nodiscard]] std::vector<AlterationStep> alteration_steps(const NameRules& rules, Target& target,
                                                           const Alteration& alteration, Naming naming);

}  // namespace walbrook::destination
