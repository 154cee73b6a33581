// The sanitizer checks what fills and reads DuckDB's vectors: no server is needed for that.
#include "test/contract/destinations.h"

namespace walbrook::contract {

const std::vector<DestinationKind>& kinds() {
  return local_kinds();
}

}  // namespace walbrook::contract
