// DuckDB's extensions, which are files of their own: EXTDIR/v1.5.5/linux_amd64/NAME.duckdb_extension.
//
// walbrook loads the extensions that a destination needs, by name. DuckDB itself loads and installs none, whatever a
// statement names (common_settings in open_file.h).
#pragma once

#include <string>
#include <string_view>

#include "destination/duckdb/connection.h"

namespace walbrook::destination::duckdb {

// Loads the extension into the connection's database. If its file is not in `folder` ("": DuckDB's own,
// ~/.duckdb/extensions), DuckDB installs it there from the network. `purpose` says in messages what needs it: "s3://".
// Throws Error(destination), which names the file and where it belongs. REQUIRES: the database may use the file system
// (it is not one that open_file opened).
void load_extension(Connection& connection, std::string_view name, std::string_view purpose, const std::string& folder);

}  // namespace walbrook::destination::duckdb
