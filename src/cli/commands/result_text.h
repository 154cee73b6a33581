// Formats a query's result as a table for people, as CSV and as JSON.
#pragma once

#include <string>

#include "serve/local_server.h"
#include "serve/wire_json.h"

namespace walbrook::cli {

// Aligns columns, with numbers to the right, and prints NULL as NULL. Does not include the line that counts the rows.
[[nodiscard]] std::string as_table(const destination::QueryResult& result);
// "(2 rows)  as of LSN 0/1A2B3C8"
[[nodiscard]] std::string footer(const serve::SqlAnswer& answer);
// RFC 4180 except for line ends, which are \n as elsewhere on Linux. NULL is an empty field, the empty string is "".
[[nodiscard]] std::string as_csv(const destination::QueryResult& result);
// {"lsn": "0/1A2B3C8", "rows": [{"column": value}]}. Numbers are bare; NaN and the infinities are strings; lists,
// structures and maps are JSON if the query asked for that (NestedCells). Repeated column names get _2, _3 …, because
// an object cannot hold a key twice.
[[nodiscard]] std::string as_json(const serve::SqlAnswer& answer);

}  // namespace walbrook::cli
