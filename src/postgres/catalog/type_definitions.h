// The definitions of enums, domains and composites. https://www.postgresql.org/docs/current/catalog-pg-type.html
#pragma once

#include <vector>

#include "model/type_definition.h"
#include "postgres/catalog/catalog.h"
#include "postgres/connection/connection.h"

namespace walbrook::postgres {

// Returns the definitions of the types that the published columns of `tables` have, and of the types that these consist
// of. A type comes after its parts. Throws Error.
[[nodiscard]] std::vector<TypeDefinition> read_type_definitions(Connection& catalog,
                                                                const std::vector<SourceTable>& tables);

}  // namespace walbrook::postgres
