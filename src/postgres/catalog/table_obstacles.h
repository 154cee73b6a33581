// What stands in the way of one table: rights that the role lacks, row security, and what a publication does not send
// whole. Read from the catalog at the start and with every catalog poll, so that a table comes back by itself.
//
// None of it concerns another table. A table that is streaming needs none of the rights: the walsender asks for no
// SELECT. Its copy does.
#pragma once

#include <string>
#include <vector>

#include "postgres/catalog/catalog.h"

namespace walbrook::postgres {

// Sets `unreadable` of each table, and `unfit` where nothing else has set it. REQUIRES: published_columns are those
// that will be copied.
void read_obstacles(Connection& catalog, std::vector<SourceTable>& tables, const std::string& publication,
                    bool via_partition_root);

}  // namespace walbrook::postgres
