// The part of the preflight that checks the publication.
#pragma once

#include "postgres/preflight/findings.h"
#include "postgres/publication/publication.h"

namespace walbrook::postgres {

// Checks the publication, or what is needed to create it, and the tables in it.
void check_publication(Connection& catalog, const PreflightRequest& request, bool slot_exists, Findings& found);

}  // namespace walbrook::postgres
