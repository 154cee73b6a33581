// Whether a publication was altered since a transaction.
#pragma once

#include <cstdint>
#include <string>

#include "postgres/connection/connection.h"

namespace walbrook::postgres {

// A row of the publication in the catalog was written by a transaction that is newer than `xid`, or the publication is
// gone. A table that left leaves no row behind, so this does not see it.
[[nodiscard]] bool publication_altered_since(Connection& catalog, const std::string& publication, std::uint32_t xid);

}  // namespace walbrook::postgres
