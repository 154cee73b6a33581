// The obstacles of a single table: privileges that the role lacks, row security, and what a publication does not send
// completely. They are read from the catalog at the start and with every catalog poll, so that a table recovers by
// itself.
//
// No obstacle concerns another table. A table that is streaming needs none of the privileges, because the walsender
// does not require SELECT. Its copy does.
#pragma once

#include <string>
#include <vector>

#include "postgres/catalog/catalog.h"

namespace walbrook::postgres {

// Sets `unreadable` of each table, and `unfit` if it is not set already. `publications` is a list
// (base/publication_list.h).
// REQUIRES: published_columns are the columns that will be copied.
void read_obstacles(Connection& catalog, std::vector<SourceTable>& tables, const std::string& publications);

}  // namespace walbrook::postgres
