// Names in a query of a file that has a schema called as the file: shop.duckdb with a schema shop.
//
// DuckDB calls the catalog of a file as the file, and refuses `shop.orders` then: "Ambiguous reference to catalog or
// schema". It has no setting for that, and a catalog under another name would take `shop.shop.orders` away, which works
// in every other program. So the schema's name is given its catalog in the query's own text, at the places that
// DuckDB's parser names (query_location, in bytes: tried with 1.5.5); all else of the text stays as it is.
#pragma once

#include <string>

#include "destination/duckdb/connection.h"

namespace walbrook::destination::duckdb {

// `sql`, in which `schema.name` reads `catalog.schema.name` wherever the schema is called as the file's catalog. As it
// is where no schema of the file is called so, or DuckDB's parser does not tell where.
[[nodiscard]] std::string with_catalog(Connection& connection, const std::string& sql);

}  // namespace walbrook::destination::duckdb
