// A query's result as a table for people, as CSV and as JSON.
#pragma once

#include <string>

#include "serve/local_server.h"
#include "serve/wire_json.h"

namespace walbrook::cli {

// Aligned columns, numbers to the right, NULL as NULL; without the line that counts the rows.
[[nodiscard]] std::string as_table(const destination::QueryResult& result);
// "(2 rows)  as of LSN 0/1A2B3C8"
[[nodiscard]] std::string footer(const serve::SqlAnswer& answer);
// RFC 4180 but for its line ends, which are \n as everywhere on this system. NULL is an empty field, the empty text "".
[[nodiscard]] std::string as_csv(const destination::QueryResult& result);
// {"lsn": "0/1A2B3C8", "rows": [{"column": value}]}; numbers bare, NaN and the infinities as strings, lists,
// structures and maps as they are where the query asked for them (NestedCells). A column name
// that occurs twice gets _2, _3 …: an object could not hold both.
[[nodiscard]] std::string as_json(const serve::SqlAnswer& answer);

}  // namespace walbrook::cli
