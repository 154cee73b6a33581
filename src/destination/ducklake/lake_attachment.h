// Attaches a lake to a DuckDB database in memory, in which destination/duckdb then works as in a file.
//
// What differs from a file: the state of each pipeline is in a schema of its own, because DuckLake refuses the second
// of two overlapping transactions where both changed one table; every commit carries the pipeline and its LSN, for time
// travel; a failure may be a conflict, or a catalog that went away.
#pragma once

#include <string>
#include <string_view>

#include "destination/duckdb/connection.h"
#include "destination/ducklake/lake_url.h"
#include "destination/open_destination.h"

namespace walbrook::destination::ducklake {

inline constexpr const char* lake_catalog = "lake";  // DuckDB's name for the attached lake
// DuckLake's name for the database that the lake's catalog is in.
inline constexpr const char* catalog_database = "__ducklake_metadata_lake";

// Returns how DuckDB opens the lake: as it is now or, with DestinationOptions::at, as it was.
[[nodiscard]] duckdb::DatabaseOptions lake_options(const LakeUrl& lake, const DestinationOptions& options);

// Returns DuckDB's name for a table of the attached catalog, quoted as needed.
[[nodiscard]] std::string catalog_table(std::string_view name);
// Returns the data path that the catalog names, with a slash at the end.
[[nodiscard]] std::string data_path_of(duckdb::Connection& connection);

// Throws Error(destination) for a DuckDB of a version ("v1.5.1") whose lakes lose deleted rows.
void check_version(std::string_view version);

}  // namespace walbrook::destination::ducklake
