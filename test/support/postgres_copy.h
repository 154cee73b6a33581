// Reads a PostgreSQL destination, and compares it with the source (oracle.h). Nothing of walbrook's code is used.
#pragma once

#include <string>

#include "test/support/oracle.h"
#include "test/support/sql.h"

namespace walbrook::test {

// Returns what differences() returns, for a comparison whose copy is a database. A column has the source's own type, or
// is text, and its values print as the source's do.
[[nodiscard]] std::string postgres_differences(const Comparison& comparison);

}  // namespace walbrook::test
