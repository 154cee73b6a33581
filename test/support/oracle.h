// The source as the oracle: compares every published table, value by value, with its copy in a destination.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "test/support/copy_reader.h"

namespace walbrook::test {

struct Comparison {
  std::string conninfo;                  // of the source, as a user who may read everything
  std::string publication = "walbrook";  // or several, with commas between them
  std::filesystem::path file;            // the DuckDB file; no process may have it open for writing
  bool file_has_enums = false;           // columns of enums are ENUM in it, and not VARCHAR
  std::string copy_conninfo;             // of a PostgreSQL destination, instead of the file; "": there is none
  std::filesystem::path lake;            // the folder of a destination of files, instead of the file; "": there is none
  std::string ducklake;                  // a lake, as ATTACH takes it, instead of the file; "": there is none
  std::string bucket_secret;        // the statement that gives a reader the credentials of its bucket, if it has one
  std::vector<std::string> tables;  // "schema.name" in the source; empty: all published tables
  std::string dataset;              // the schema of all target tables; "": each has its source's schema
  // Columns that the source has dropped and the target table keeps: "schema.name" → names.
  std::map<std::string, std::set<std::string>> gone_columns;
};

// Opens the copy that the comparison names. REQUIRES: it is there.
[[nodiscard]] std::unique_ptr<CopyReader> open_copy(const Comparison& comparison);

// Returns "" if both sides are equal, otherwise one line per difference. The first differences of each table show key
// and values.
//
// Both sides are equal if every table has a target table of its own name, in state streaming, with the source's columns
// and their types, no other columns except overflow columns, and the same rows, and if the file has no table that the
// state does not list.
[[nodiscard]] std::string differences(const Comparison& comparison);

}  // namespace walbrook::test
