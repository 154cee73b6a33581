#include "destination/memory/memory_capabilities.h"

#include <array>

namespace walbrook::destination::memory {

const Capabilities& capabilities() {
  static constexpr std::array<ReservedSchema, 1> reserved = {{{"_walbrook", "is where walbrook keeps its own state"}}};
  static const Capabilities all{
      .rows_change = true,
      .atomic = true,
      .transactional_ddl = true,
      .keeps_prepared = true,
      .values = {},  // all values of the layouts
      .names = {.folds_ascii_case = false, .state_schema = "_walbrook", .reserved_schemas = reserved},
  };
  return all;
}

}  // namespace walbrook::destination::memory
