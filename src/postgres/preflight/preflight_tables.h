// The part of the preflight that checks each table.
#pragma once

#include <vector>

#include "postgres/preflight/findings.h"
#include "postgres/publication/publication.h"

namespace walbrook::postgres {

// The owner of a publication decides what happens to a table whose UPDATE and DELETE the source would refuse.
enum class PublicationOwner {
  walbrook,  // created by walbrook, or to be created by it: the table is left out
  user,      // the statements fail
};

// Checks privileges, row security, replica identity and partitions of the published tables. If `request.tables` is not
// empty, only those are checked.
void check_tables(Connection& catalog, std::vector<SourceTable> tables, const PublishedOperations& operations,
                  const PreflightRequest& request, PublicationOwner owner, Findings& found);

}  // namespace walbrook::postgres
