// Qualifies names in queries of a file that has a schema with the file's own name: shop.duckdb with a schema shop.
//
// DuckDB names the catalog of a file after the file, and then refuses `shop.orders`: "Ambiguous reference to catalog or
// schema". It has no setting for that, and another name for the catalog would break `shop.shop.orders`, which works in
// every other program. So the catalog is added before the schema's name in the text of the query, at the places that
// DuckDB's parser reports (query_location, in bytes: tried with 1.5.5). The rest of the text is not changed.
#pragma once

#include <string>

#include "destination/duckdb/connection.h"

namespace walbrook::destination::duckdb {

// Returns `sql` with each `schema.name` written as `catalog.schema.name` if the schema has the name of the file's
// catalog. Returns it unchanged if the file has no such schema, or if DuckDB's parser does not report the places.
[[nodiscard]] std::string with_catalog(Connection& connection, const std::string& sql);

}  // namespace walbrook::destination::duckdb
