// A user who opens a destination's file with DuckDB itself while no run is at work.
#pragma once

#include <initializer_list>
#include <string>

namespace walbrook::contract {

// Runs the statements one by one. A statement that fails is a failure of the test. REQUIRES: the file is not open.
void run_in_duckdb(const std::string& file, std::initializer_list<const char*> statements);

}  // namespace walbrook::contract
