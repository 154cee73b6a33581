// Whether a publication was altered after a transaction.
#pragma once

#include <cstdint>
#include <string>

#include "postgres/connection/connection.h"

namespace walbrook::postgres {

// Returns whether a catalog row of the publication was written by a transaction newer than `xid`, or the publication is
// gone. A table that left the publication leaves no row, so this does not notice it.
[[nodiscard]] bool publication_altered_since(Connection& catalog, const std::string& publication, std::uint32_t xid);

}  // namespace walbrook::postgres
