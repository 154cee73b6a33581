// Whether publications were altered after a transaction, or created after a slot's position.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "postgres/connection/connection.h"

namespace walbrook::postgres {

// Returns whether a catalog row of one of the publications (base/publication_list.h) was written by a transaction newer
// than `xid`, or one of them is gone. A table that left a publication leaves no row, so this does not notice it.
[[nodiscard]] bool publication_altered_since(Connection& catalog, const std::string& list, std::uint32_t xid);

// Returns those of the publications that are younger than the slot's position, as far as that can be found out.
//
// pgoutput looks publications up in the catalog as of each change. Before PostgreSQL 18, a change from before one of
// them was created ends the stream with an error; 18 only leaves its tables out until then. A publication whose catalog
// row is older than what the slot retains (catalog_xmin) is not younger. For any other one, the slot's first changes
// are decoded with it, which moves nothing. If that takes too long, or if somebody reads the slot, the publication does
// not count as younger. Throws Error if the connection fails.
[[nodiscard]] std::vector<std::string> publications_younger_than_slot(Connection& catalog,
                                                                      const std::vector<std::string>& names,
                                                                      const std::string& slot);

}  // namespace walbrook::postgres
