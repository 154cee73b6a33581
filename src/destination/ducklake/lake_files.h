// The files of a lake that its catalog names, and that are not there.
//
// DuckLake (1.5.5) removes the files that a transaction wrote if its COMMIT fails, also if the commit is durable in the
// catalog and only the answer was lost. The names of files are unique (they contain a UUID).
#pragma once

#include <set>
#include <string>
#include <utility>

#include "destination/duckdb/connection.h"

namespace walbrook::destination::ducklake {

// Returns the schemas and names of the tables of the newest snapshot of which a file is missing in the data path. Lists
// the data path once.
[[nodiscard]] std::set<std::pair<std::string, std::string>> tables_with_missing_files(duckdb::Connection& connection);

}  // namespace walbrook::destination::ducklake
