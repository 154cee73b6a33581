// What a destination can do, as data: so that deciding needs no destination at hand.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/physical_type.h"

namespace walbrook::destination {

// A schema that no target table can be in.
struct ReservedSchema {
  std::string_view name;
  std::string_view why;  // as the end of a sentence: "is where walbrook keeps its own state"
};

struct NameRules {
  std::size_t max_bytes = 0;                            // of a name; 0 = no limit
  bool folds_ascii_case = false;                        // names that differ by the case of ASCII letters alone are one
  std::string_view state_schema = {};                   // in which the destination keeps walbrook's state
  std::span<const std::string_view> state_tables = {};  // names that are taken in it
  std::span<const ReservedSchema> reserved_schemas = {};

  [[nodiscard]] bool same(std::string_view a, std::string_view b) const;  // the destination cannot tell them apart
};

struct Capabilities {
  bool rows_change = true;         // remove and complete work; false: append only
  bool atomic = true;              // all tables and the state become visible together; false: idempotent by attempt
  bool transactional_ddl = false;  // alter may come after row operations; false: before them, see Transaction::alter
  bool keeps_prepared = true;      // prepared transactions can wait there
  ValueLimits values{};            // what each layout holds natively
  NameRules names{};
};

// Throws Error(configuration) where no target table can be in schema `name`. `label` is how the message calls the
// setting that the name came from.
void check_dataset_name(const NameRules& rules, std::string_view name, std::string_view label);

}  // namespace walbrook::destination
