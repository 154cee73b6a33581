// The part of preflight that looks at each table.
#pragma once

#include <vector>

#include "postgres/preflight/findings.h"
#include "postgres/publication/publication.h"

namespace walbrook::postgres {

// Whose publication it is decides what becomes of a table whose UPDATE and DELETE the source would refuse.
enum class PublicationOwner {
  walbrook,  // made by walbrook, or to be made: it leaves the table out
  user,      // the statements fail
};

// Rights, row security, replica identity and partitions of tables that are published; of `request.tables` alone, where
// some are asked for.
void check_tables(Connection& catalog, std::vector<SourceTable> tables, const PublishedOperations& operations,
                  const PreflightRequest& request, PublicationOwner owner, Findings& found);

}  // namespace walbrook::postgres
