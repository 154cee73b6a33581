// The part of the preflight that checks each table.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "postgres/preflight/findings.h"
#include "postgres/publication/publication.h"

namespace walbrook::postgres {

// Checks privileges, row security, replica identity, columns and partitions of the published tables. If
// `request.tables` is not empty, only those are checked. `leaving_out`: the publication of walbrook's own, existing or
// to be created, that leaves out a table whose UPDATE and DELETE the source would refuse; it has the OIDs of the
// tables. Of other tables, the statements fail.
void check_tables(Connection& catalog, std::vector<SourceTable> tables, const PreflightRequest& request,
                  const std::map<Oid, std::string>& leaving_out, Findings& found);

}  // namespace walbrook::postgres
