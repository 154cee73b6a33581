// The option of pgoutput that names the publications of a stream.
#pragma once

#include <string>

#include "postgres/connection/connection.h"

namespace walbrook::postgres {

// Returns a list (base/publication_list.h) as pgoutput reads it: quoted identifiers with commas between them. The
// caller makes a literal of it.
[[nodiscard]] std::string publication_names(const Connection& connection, const std::string& list);

}  // namespace walbrook::postgres
