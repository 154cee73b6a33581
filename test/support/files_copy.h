// Reads a destination of files as a user would, by a plain DuckDB and views.sql, and puts what it sees into a DuckDB
// file in the form in which the oracle compares it.
#pragma once

#include <filesystem>

namespace walbrook::test {

// Replaces `file` by a DuckDB file with the tables that the views of `lake` show, and with the state of its pipelines
// as far as the oracle reads it. Throws std::runtime_error if a view cannot be read.
void copy_files(const std::filesystem::path& lake, const std::filesystem::path& file);

}  // namespace walbrook::test
