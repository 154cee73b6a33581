// The part of the preflight that compares the types of columns with those of a destination that has PostgreSQL's types.
#pragma once

#include <vector>

#include "postgres/preflight/findings.h"
#include "postgres/publication/publication.h"

namespace walbrook::postgres {

// Finds the columns whose type belongs to an extension that the destination lacks. Their values are text there.
// REQUIRES: request.destination_types is set.
void check_extension_types(Connection& catalog, const std::vector<SourceTable>& tables, const PreflightRequest& request,
                           Findings& found);

}  // namespace walbrook::postgres
